"""The subledgers of settlement: estimates, payables, and where received goods are now."""
