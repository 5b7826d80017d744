"""The documents of the module, one file each."""
