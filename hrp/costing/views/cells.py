"""Behind one amount: the documents of its own cost, the hops that brought the rest, and where that rest began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.costing.models import Item7
from hrp.costing.selectors import drill, runs
from hrp.costing.selectors.ranges import RANGES
from hrp.costing.views import asked
from hrp.costing.views.asked import cell_url
from hrp.platform.base.money import from_cents
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents import registry
from hrp.platform.ledger.turnover import JournalLine
from hrp.platform.org.models import UnitCategory
from hrp.platform.ui import formats
from hrp.platform.ui.actors import actor_of


@require_GET
def cell(request: HttpRequest, run_id: int) -> HttpResponse:
    """Three clicks at most from a report to a stock issue: cell, origin, document."""
    actor, run, key = asked.cell(request, run_id)
    asked.stay_in_menu(request)
    opened = drill.drill(run, key)
    visible = runs.rows_of(actor)
    item = Item7(key.item7).label if key.item7 else _("合计")

    def link(unit_id: int, anchor: str = "") -> str:
        return (
            cell_url(run.pk, unit_id, key.item7, key.range, anchor)
            if visible is None or unit_id in visible
            else ""
        )

    context: dict[str, Any] = {
        "page_title": f"{opened.department.name} · {item}",
        "run": run,
        "run_url": registry.url_for(run.source),
        "key": key,
        "cell": opened,
        "item": item,
        "category": UnitCategory(opened.department.category).label,
        "ranges": RANGES.values(),
        "items": [("", _("合计")), *Item7.choices],
        "lines": _lines(opened.lines),
        "hops": [{"hop": hop, "url": link(hop.source_id)} for hop in opened.hops],
        "origins": [
            {
                "origin": origin, "category": UnitCategory(origin.category).label,
                "own": origin.unit_id == key.unit_id, "url": link(origin.unit_id, "#documents"),
                "share": formats.percent(origin.amount / opened.full if opened.full else None),
            }
            for origin in opened.origins
        ],
    }  # fmt: skip
    return render(request, "costing/cell.html", context)


@require_GET
def certificate(request: HttpRequest, run_id: int) -> HttpResponse:
    """The conservation certificate of a run: seven items by four funds before and after, and what was promised."""
    actor = actor_of(request)
    run = runs.get(actor, run_id)
    asked.stay_in_menu(request)
    held = runs.certificate_for(actor, run)
    if held is None:
        raise NotFound(_("没有找到守恒证书"), way_out=_("证书汇总全院金额，请财务科查阅。"))
    context = {
        "page_title": _("守恒证书 {number}").format(number=run.number),
        "run": run,
        "run_url": registry.url_for(run.source),
        "certificate": held,
        "sums": {
            "collected": from_cents(held.collected_fen),
            "excluded": from_cents(held.excluded_fen),
            "before": from_cents(held.before_fen),
            "after": from_cents(held.after_fen),
            "held": from_cents(held.held_fen),
        },
        "matrix": _matrix(held.matrix),
        "funds": sorted({row["fund"] for row in held.matrix}),
    }
    return render(request, "costing/certificate.html", context)


def _lines(lines: Sequence[JournalLine]) -> list[dict[str, Any]]:
    """Each line with its document's title and address; a document is loaded once, however many lines it left."""
    titles = {source: str(registry.load(source) or source) for source in {line.source for line in lines}}
    return [
        {"line": line, "url": registry.url_for(line.source), "title": titles[line.source]} for line in lines
    ]


def _matrix(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for item in Item7:
        cells = [row for row in rows if row["item7"] == item.value]
        found.append(
            {
                "title": item.label,
                "cells": [(from_cents(c["before_fen"]), from_cents(c["after_fen"])) for c in cells],
            }
        )
    return found
