"""Reads of settlement that have a name."""
