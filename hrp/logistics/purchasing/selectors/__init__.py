"""Every read of purchasing that has a name."""
