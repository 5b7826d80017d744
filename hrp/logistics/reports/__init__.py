"""Reports of materials: each is one query over moves, balances and documents, shown with how it is made."""
