"""The documents of purchasing, one file each."""
