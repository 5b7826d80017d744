"""Registers of bins, and where goods lie."""
