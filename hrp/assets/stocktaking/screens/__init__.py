"""Declared screens of stocktaking."""
