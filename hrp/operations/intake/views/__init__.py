"""Doors of intake: parse, call one service, render."""
