"""Doors of high-value goods: parse, call one service, render."""
