"""Pages of counting, declared."""
