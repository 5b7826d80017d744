"""Pages of major incidents."""
