"""Refusals of the start-up, before Django is there."""

from __future__ import annotations


class StartRefused(Exception):
    """Says what is wrong, where, and what to do, in Chinese; the command line prints it and exits with 2."""

    def __init__(self, reason: str, way_out: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.reason}\n  → {self.way_out}" if self.way_out else self.reason
