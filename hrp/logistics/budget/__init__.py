"""Budgets of materials (预算): what a department may spend on a class of goods, and what of it is promised or spent.

A register of budget lines and an append-only ledger of reserved, committed and actual money. Requisitions and plans
reserve, orders commit, issues (or receipts, for purchase budgets) spend; what was held for the same goods is let go.
"""
