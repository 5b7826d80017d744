"""Labels as data and as ZPL. Pure."""
