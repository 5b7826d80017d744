"""Declared screens of fixed assets."""
