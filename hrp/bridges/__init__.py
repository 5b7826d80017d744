"""One file per pair of siblings: the only place that may know two of them. Empty until two siblings meet outside the journal."""
