"""Screens of settlement, declared."""
