"""The verbs of requesting that are not "post a document"."""
