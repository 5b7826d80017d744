"""Cost allocation as pure arithmetic: no ORM, no clock, no user.

``base.largest_remainder`` is the one primitive. ``three_level_fen`` is the engine of the posted run; ``three_level`` and
``step_down`` are the same method in exact fractions, as textbooks and foreign filings print it.
"""
