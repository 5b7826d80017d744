"""Xinglin HRP (杏林): hospital resource planning on one append-only journal."""

__version__ = "0.1.0"
