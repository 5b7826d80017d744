"""Doors of the duty room: parse, call one service, render."""
