"""Verbs and reads of the handheld pages."""
