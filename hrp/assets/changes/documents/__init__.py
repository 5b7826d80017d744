"""Documents that change cards, one file per noun."""
