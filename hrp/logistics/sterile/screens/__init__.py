"""Screens of sterile supply and reagents."""
