"""Doors of the handheld pages: parse, call one service, render or answer in one breath."""
