"""Whether a measured value lies within its limits."""

from __future__ import annotations

from decimal import Decimal


def within(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    """Limits themselves are good; a limit that is not given does not bind."""
    return (low is None or value >= low) and (high is None or value <= high)


def described(low: Decimal | None, high: Decimal | None, unit: str = "") -> str:
    """Limits in words."""
    shown = [f"{bound.normalize():f}" if bound is not None else "" for bound in (low, high)]
    if not any(shown):
        return ""
    words = f"{shown[0]}～{shown[1]}" if all(shown) else (f"≥ {shown[0]}" if shown[0] else f"≤ {shown[1]}")
    return f"{words} {unit}".strip()
