"""Documents of fixed assets, one file per noun."""
