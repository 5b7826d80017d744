"""货位: where in a store goods lie. A bin is zone, rack, level and place; a batch is assigned to the bins it lies in.

No quantities are kept by bin (ADR 0012): how much there is says the subledger, by batch; where to look for it say the
placements, and where nobody placed it, the bin the item has its home in.
"""
