"""Declared screens of equipment."""
