"""租赁: what is let, lent or invested outside, and what is leased, rented or placed with us; terms, rents, reminders, ends."""
