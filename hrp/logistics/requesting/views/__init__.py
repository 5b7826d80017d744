"""Doors of requesting: parse, call one service, render."""
