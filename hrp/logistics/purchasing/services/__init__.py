"""Verbs of purchasing that are not "post a document"."""
