"""在建工程: projects and sub-projects, what they cost by fund, what was delivered as cards, and the final account."""
