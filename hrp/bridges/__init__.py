"""One file per pair of siblings: the only place that may know two of them."""
