"""Declared screens of 租赁."""
