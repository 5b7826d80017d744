"""The verbs of counting that are not "post a document"."""
