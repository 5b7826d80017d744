"""Doors of counting: parse, call one service, render."""
