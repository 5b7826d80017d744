"""应急指挥与复盘: commanding a major incident from both sides at once, going on site, and looking back.

What happens is recorded as events of the ticket's chain; this room adds the evidence of arrivals, the reminders the
system gave, and the proof that the actions of a review were done.
"""
