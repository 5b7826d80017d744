"""Pages of settlement that no declaration gives."""
