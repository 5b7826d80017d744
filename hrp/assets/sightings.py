"""Where and when an asset was last seen: rooms register what they know, a stocktake asks for what it did not find."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class Sighting:
    """``text`` says what happened there, in a few words."""

    on: dt.date
    text: str


@dataclass(frozen=True)
class Source:
    """``last(asset ids)`` answers the last sighting of each asset that has one."""

    name: str
    title: str
    last: Callable[[Sequence[int]], Mapping[int, Sighting]]


_sources: Registry[Source] = Registry("资产踪迹")


def register(source: Source) -> Source:
    return _sources.register(source.name, source)


def hints(asset_ids: Sequence[int]) -> dict[int, list[tuple[str, Sighting]]]:
    """(title of the source, sighting) of each asset, the latest first."""
    found: dict[int, list[tuple[str, Sighting]]] = {}
    for source in _sources:
        for asset_id, sighting in source.last(asset_ids).items():
            found.setdefault(asset_id, []).append((source.title, sighting))
    for rows in found.values():
        rows.sort(key=lambda row: row[1].on, reverse=True)
    return found
