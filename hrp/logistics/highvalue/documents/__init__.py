"""Documents of high-value goods."""
