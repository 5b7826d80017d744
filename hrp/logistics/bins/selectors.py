"""Where goods lie: the bins of batches, and the way through a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hrp.logistics.bins.models import Bin, HomeBin, Placement
from hrp.logistics.bins.rules import natural, scanned
from hrp.logistics.models import Batch, StockBalance

LAST = (1, 0, ())
"""What has no place is picked last: somebody has to look for it."""


@dataclass(frozen=True)
class Whereabouts:
    """Bins of one batch: where it was put, else where its item is at home (``is_home``)."""

    bins: tuple[Bin, ...] = ()
    is_home: bool = False

    @property
    def words(self) -> str:
        return "、".join(one.code for one in self.bins)

    @property
    def way(self) -> tuple[int, int, tuple[tuple[int, str], ...]]:
        """Its turn on the way through the store."""
        first = min(self.bins, key=_turn, default=None)
        return (0, *_turn(first)) if first is not None else LAST


def _turn(one: Bin) -> tuple[int, tuple[tuple[int, str], ...]]:
    return one.sequence, natural(one.code)


def whereabouts(store_id: int, batch_ids: Sequence[int]) -> dict[int, Whereabouts]:
    """By batch, three queries for any number of them."""
    placed: dict[int, list[Bin]] = defaultdict(list)
    rows = Placement.objects.filter(store=store_id, batch__in=batch_ids, ended_at=None)
    for one in rows.select_related("bin"):
        placed[one.batch_id].append(one.bin)
    items = dict(Batch.objects.filter(pk__in=batch_ids).values_list("pk", "item_id"))
    homes = homes_of(store_id, sorted({items[pk] for pk in batch_ids if pk not in placed}))
    found = {}
    for pk in batch_ids:
        if pk in placed:
            found[pk] = Whereabouts(tuple(sorted(placed[pk], key=_turn)))
        else:
            home = homes.get(items[pk])
            found[pk] = Whereabouts((home,), is_home=True) if home is not None else Whereabouts()
    return found


def homes_of(store_id: int, item_ids: Sequence[int]) -> dict[int, Bin]:
    rows = HomeBin.objects.filter(store=store_id, item__in=item_ids).select_related("bin")
    return {row.item_id: row.bin for row in rows}


def suggested(store_id: int, item_id: int) -> Bin | None:
    """Where a new batch of an item goes: its home, else where its other batches lie."""
    home = homes_of(store_id, [item_id]).get(item_id)
    if home is not None:
        return home
    last = Placement.objects.filter(store=store_id, batch__item=item_id, ended_at=None, bin__is_active=True)
    found = last.select_related("bin").order_by("-pk").first()
    return found.bin if found is not None else None


def find(store_id: int, text: str) -> Bin | None:
    """The bin of a store that a scan names."""
    code = scanned(text)
    return Bin.objects.filter(store=store_id, code=code).first() if code else None


def unplaced(store_id: int) -> list[StockBalance]:
    """Batches on hand that nobody put anywhere, the latest first."""
    placed = Placement.objects.filter(store=store_id, ended_at=None).values("batch_id")
    rows = StockBalance.objects.filter(store=store_id, quantity__gt=0).exclude(batch__in=placed)
    return list(rows.select_related("item", "batch").order_by("-batch_id"))


def lying_in(one: Bin) -> list[StockBalance]:
    """What is on hand of the batches placed in a bin. A batch in several bins is told with all there is of it."""
    batches = one.placements.filter(ended_at=None).values("batch_id")
    rows = StockBalance.objects.filter(store=one.store_id, quantity__gt=0, batch__in=batches)
    return list(rows.select_related("item", "batch").order_by("item__code", "batch__expiry"))


def words_of(found: Mapping[int, Whereabouts], batch_id: int) -> str:
    """For lists: the bins, marked where they are only the item's home."""
    one = found.get(batch_id, Whereabouts())
    return f"{one.words}（默认）" if one.is_home else one.words
