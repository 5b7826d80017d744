"""Doors of fixed assets that are drawn by hand."""
