"""The page where one chooses what to label, and how many."""
