"""Reads of requesting that have a name."""
