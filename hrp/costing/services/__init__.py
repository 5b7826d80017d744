"""Verbs of costing that are not posting a document."""
