"""Doors of purchasing."""
