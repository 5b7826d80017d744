"""Pages of stocktaking beside its declared screens."""
