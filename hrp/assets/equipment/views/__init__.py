"""Doors of equipment that are no declared screen."""
