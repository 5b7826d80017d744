"""Documents of what is let outside, one file per noun."""
