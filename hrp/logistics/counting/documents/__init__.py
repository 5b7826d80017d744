"""The documents of counting, one noun each."""
