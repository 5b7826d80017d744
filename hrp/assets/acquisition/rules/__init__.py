"""What acquisition reckons with. Pure."""
