"""Declared screens of 在建工程."""
