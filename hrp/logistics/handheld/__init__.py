"""手持终端: the pages people hold in one hand: receive, pick, check, sign, count, refill, each with one big scan box.

No tables of its own: every scan calls the service of the room below. Only counting works without a network; its entries
wait in the browser until they can be sent, and what cannot be taken comes back as a conflict.
"""
