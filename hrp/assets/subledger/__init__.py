"""The subledger of fixed assets: cards locked in the order of their keys, then values, plans and events written as sets."""

from hrp.assets.subledger.cards import Card, Line, lock, read
from hrp.assets.subledger.writing import (
    GONE,
    VALUED,
    Moved,
    Planned,
    Said,
    before,
    mirror_moves,
    require_in_order,
    require_last,
    restore_plans,
    write_events,
    write_moves,
    write_plans,
)

__all__ = [
    "GONE",
    "VALUED",
    "Card",
    "Line",
    "Moved",
    "Planned",
    "Said",
    "before",
    "lock",
    "mirror_moves",
    "read",
    "require_in_order",
    "require_last",
    "restore_plans",
    "write_events",
    "write_moves",
    "write_plans",
]
