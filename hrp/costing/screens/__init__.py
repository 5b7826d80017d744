"""Screens of costing, declared: documents, registers and the menu of the reports."""
