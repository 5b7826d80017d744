"""Verbs of 在建工程 beside its documents."""
