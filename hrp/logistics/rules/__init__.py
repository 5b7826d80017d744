"""Materials as pure arithmetic: no ORM, no clock, no user. One noun a file.

An amount moves with its goods and is the truth; a unit price is shown, never multiplied back (``valuation``).
Legal and house figures (tolerances, days, shares, levels) are parameters, never constants of these files.
"""
