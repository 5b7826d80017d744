"""Doors of the desk: parse, call one service, render."""
