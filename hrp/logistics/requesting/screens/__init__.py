"""Pages of requesting, declared."""
