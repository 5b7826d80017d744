"""资产移交单 (relocation): many cards get another place or keeper in one document; departments and money stay.

What goes to another department goes by 资产调拨单. Who takes the things over scans their labels
(:class:`hrp.assets.changes.models.Handover`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models

from hrp.assets import subledger
from hrp.assets.documents import checks
from hrp.assets.models import Asset, Location
from hrp.assets.models.cards import HELD
from hrp.assets.rules.months import Month
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext

APPLY_SQL = """
UPDATE assets_asset a SET location_id = u.location, keeper_id = u.keeper, status = u.status
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) AS u(id, location, keeper, status) WHERE a.id = u.id
"""
KINDS = ("relocated", "transferred", *subledger.GONE)
"""After these a card has another place or keeper, or none."""


class Relocation(Document):
    """Header: where to and whose, unless a line says otherwise."""

    spec = DocumentSpec(
        kind="assets.relocation", title="资产移交单", prefix="ZY", header_fields=("location", "keeper", "reason"),
        line_fields=("asset", "to_location", "to_keeper"),
    )  # fmt: skip

    location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="新存放地点"
    )
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="新保管人"
    )  # fmt: skip
    reason = models.CharField("移交原因", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "资产移交单"
        db_table = "assets_relocation"

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = []
        ids = [line.asset_id for line in lines]
        for place, line in enumerate(lines):
            if line.asset_id is None:
                problems.append(Problem("请选择资产", field="asset", line=place))
                continue
            location = line.to_location or self.location
            if line.asset.status not in HELD:
                words = f"{line.asset} {line.asset.get_status_display()}，不能移交"
                problems.append(Problem(words, field="asset", line=place))
            if line.asset_id in ids[:place]:
                problems.append(Problem("同一资产重复", field="asset", line=place))
            if location is None and line.to_keeper_id is None and self.keeper_id is None:
                problems.append(Problem("请填写新的地点或保管人", field="to_location", line=place))
            if location is not None and location.campus_id != line.asset.campus_id:
                words = f"{location} 在另一院区"
                problems.append(
                    Problem(words, field="to_location", line=place, way_out="换院区请用资产调拨单。")
                )
        if problems:
            raise Invalid(
                f"移交单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        lines = list(self.lines.order_by("position").select_related("to_location", "to_keeper"))
        cards = subledger.lock([line.asset_id for line in lines], month=Month.holding(ctx.on))
        gone = [card.asset for card in cards.values() if card.asset.status not in HELD]
        if gone:
            raise Conflict(
                f"{gone[0]} {gone[0].get_status_display()}，不能移交", code="not_held", way_out="请刷新。"
            )
        subledger.require_in_order(list(cards), ctx.on, kinds=("booked", *KINDS))
        rows, events = [], []
        for line in lines:
            asset = cards[line.asset_id].asset
            location = line.to_location or self.location or asset.location
            keeper = line.to_keeper or self.keeper or asset.keeper
            place = location.pk if location else None
            status = "in_use" if asset.status == "in_store" and place else asset.status
            rows.append((asset.pk, place, keeper.pk if keeper else None, status))
            before = {
                "location": asset.location_id, "keeper": asset.keeper_id, "status": asset.status,
            }  # fmt: skip
            words = [f"移至 {location}"] if place != asset.location_id else []
            words += [f"交 {keeper} 保管"] if keeper and keeper.pk != asset.keeper_id else []
            after = {"location": place, "keeper": rows[-1][2]}
            text = "，".join(words) or "地点与保管人不变"
            events.append(subledger.Said(asset.pk, "relocated", text, before, after))
        sql.run(APPLY_SQL, [list(column) for column in zip(*rows, strict=True)])
        subledger.write_events(events, on=ctx.on, ctx=ctx)

    def mirror(self, ctx: PostingContext) -> None:
        before = subledger.before(self.source, "relocated")
        ids = sorted(before)
        cards = subledger.lock(ids, month=Month.holding(ctx.on))
        subledger.require_last(ids, self.source, kinds=KINDS)
        rows = [
            (pk, before[pk]["location"], before[pk]["keeper"], _status(cards[pk].asset, before[pk]["status"]))
            for pk in ids
        ]
        sql.run(APPLY_SQL, [list(column) for column in zip(*rows, strict=True)])
        said = [subledger.Said(pk, "un-relocated", "红冲移交") for pk in ids]
        subledger.write_events(said, on=ctx.on, ctx=ctx)


def _status(asset: Asset, before: str) -> str:
    """Back to the store only what is still simply in use: a repair since then has its own say."""
    return before if asset.status == "in_use" else asset.status


class RelocationLine(DocumentLine):
    """One card; its place and keeper where they are not those of the header."""

    document = models.ForeignKey(Relocation, models.CASCADE, related_name="lines", verbose_name="资产移交单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    to_location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="新地点"
    )
    to_keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="新保管人"
    )  # fmt: skip

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "移交明细"
        db_table = "assets_relocation_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_relocation_line_position"),
            models.UniqueConstraint(fields=["document", "asset"], name="assets_relocation_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
