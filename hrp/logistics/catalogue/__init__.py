"""The catalogue of materials: what may be bought, from whom, under which papers and at which price, and how it is found.

Registers beside the item: identifiers, units, classes, qualifications, price agreements, volume contracts, the supply
catalogue and one-off purchases. Its gates stand before orders, receipts and settlements; its reading of a scan fills
their lines.
"""
