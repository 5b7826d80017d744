"""Doors of costing that no declaration gives: the official tables, the drill below them, the import of a month."""
