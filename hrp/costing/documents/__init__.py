"""The documents of costing, one file each."""
