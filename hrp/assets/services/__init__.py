"""Verbs of fixed assets that are not "post a document"."""
