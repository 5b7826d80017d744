"""Where each instrument stands: its last good certificate and the day it runs out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from hrp.assets.equipment.models import Certificate, Instrument
from hrp.assets.models.cards import HELD


@dataclass(frozen=True)
class Standing:
    instrument: Instrument
    last: Certificate | None
    due_on: dt.date

    def state(self, on: dt.date) -> str:
        if self.last is not None and self.last.result == Certificate.Result.FAILED:
            return "不合格"
        if self.due_on < on:
            return "超期"
        return "有效" if self.last is not None else "待检"


def due_on(instrument: Instrument, certificates: Iterable[Certificate]) -> Standing:
    """``certificates`` newest first. A failed one leaves the instrument due since that day."""
    last = next(iter(certificates), None)
    if last is None:
        return Standing(instrument, None, instrument.first_due)
    return Standing(instrument, last, last.valid_to or last.tested_on)


def standing(*, on: dt.date, units: frozenset[int] | None = None) -> list[Standing]:
    """Every instrument in use, what is due first in front."""
    rows = Instrument.objects.filter(is_active=True, asset__status__in=HELD).select_related("asset__org_unit")
    if units is not None:
        rows = rows.filter(asset__org_unit_id__in=units)
    newest = {
        one.instrument_id: one
        for one in Certificate.objects.filter(tested_on__lte=on)
        .order_by("instrument_id", "-tested_on", "-id")
        .distinct("instrument_id")
    }
    found = [due_on(row, [newest[row.pk]] if row.pk in newest else []) for row in rows]
    return sorted(found, key=lambda one: (one.due_on, one.instrument.pk))
