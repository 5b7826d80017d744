"""Printing labels."""
