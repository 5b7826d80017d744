"""Verbs: importing a sheet (``imports``), and files waiting to be downloaded (``downloads``)."""
