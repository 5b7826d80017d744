"""Documents of 在建工程, one file per noun."""
