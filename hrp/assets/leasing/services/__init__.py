"""Verbs of 租赁 beside its documents."""
