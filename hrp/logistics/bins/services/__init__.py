"""Verbs: registering bins, and putting batches into them."""
