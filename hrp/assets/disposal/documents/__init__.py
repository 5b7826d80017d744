"""Documents of disposal: the request with its opinions, and what was received."""
