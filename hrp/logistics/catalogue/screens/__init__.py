"""Screens of the catalogue, declared: the item's sides, then one file per noun."""
