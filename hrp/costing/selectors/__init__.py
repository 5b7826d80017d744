"""Every read of costing that has a name."""
