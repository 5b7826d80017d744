"""Verbs of settlement that are not "post a document"."""
