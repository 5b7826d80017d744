"""资产编号: year, the first five characters of the class without its dots, and a sequence that is never used twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from hrp.assets.models import Asset
from hrp.platform.base import sql

DRAW_SQL = """
INSERT INTO assets_number (prefix, last) VALUES (%s, %s)
ON CONFLICT (prefix) DO UPDATE SET last = assets_number.last + excluded.last RETURNING last
"""


def prefix(asset: Asset, *, on: dt.date) -> str:
    return f"{on.year}{asset.asset_class.code.replace('.', '')[:5]}"


def draw(assets: Sequence[Asset], *, on: dt.date) -> dict[int, str]:
    """A number for each card, in the order given; the series are locked in one order until the transaction ends."""
    prefixes = {asset.pk: prefix(asset, on=on) for asset in assets}
    counts = Counter(prefixes.values())
    following = {}
    for name in sorted(counts):
        [(last,)] = sql.rows(DRAW_SQL, [name, counts[name]])
        following[name] = last - counts[name]
    numbers = {}
    for asset in assets:
        name = prefixes[asset.pk]
        following[name] += 1
        numbers[asset.pk] = f"{name}{following[name]:05d}"
    return numbers
