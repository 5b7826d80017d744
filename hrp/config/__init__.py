"""Settings, urls, command line and process supervision. Knows everyone; nobody knows it."""
