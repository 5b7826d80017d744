"""Reads of fixed assets that have a name."""
