"""Reads of equipment that have a name."""
