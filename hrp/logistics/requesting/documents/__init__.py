"""The documents of requesting and the facts that follow them, one noun each."""
