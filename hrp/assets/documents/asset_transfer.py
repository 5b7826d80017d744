"""资产调拨单 (asset transfer): whose an asset is from a day on, one department or several by ratio.

No entry: value stays in 1601, the depreciation of the month goes by the hospital's policy (:mod:`hrp.assets.parameters`).
Lines of one asset add up to 100 %; the first of them becomes the department that keeps it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets import gates, subledger
from hrp.assets.documents import checks, months
from hrp.assets.models import Asset, DepartmentShare, Location
from hrp.assets.models.cards import HELD, Status
from hrp.assets.rules import sharing
from hrp.assets.rules.months import Month
from hrp.platform.base.fields import is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.models.units import valid_on

ZERO = Decimal(0)


class AssetTransfer(Document):
    """Header of a transfer; effective from the business date."""

    spec = DocumentSpec(
        kind="assets.asset_transfer", title="资产调拨单", prefix="ZD", header_fields=("reason",),
        line_fields=("asset", "to_unit", "ratio", "location", "keeper"),
    )  # fmt: skip

    reason = models.CharField("调拨原因", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "资产调拨单"
        db_table = "assets_transfer"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((a.cost for a in {line.asset for line in lines if line.asset_id}), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = []
        ratios: dict[int, dict[str, Decimal]] = defaultdict(dict)
        for place, line in enumerate(lines):
            if line.asset_id is None or line.to_unit_id is None:
                problems.append(Problem("请选择资产与调入科室", field="asset", line=place))
                continue
            if line.asset.status not in HELD:
                problems.append(
                    Problem(f"{line.asset} {line.asset.get_status_display()}，不能调拨", field="asset", line=place)
                )  # fmt: skip
            if line.asset.booked_on and self.business_date < line.asset.booked_on:
                problems.append(
                    Problem(f"{line.asset} 于 {line.asset.booked_on} 入账", field="asset", line=place)
                )
            if str(line.to_unit_id) in ratios[line.asset_id]:
                problems.append(Problem("同一资产的同一科室重复", field="to_unit", line=place))
            ratios[line.asset_id][str(line.to_unit_id)] = line.ratio
        for asset_id, parts in ratios.items():
            place = next(k for k, line in enumerate(lines) if line.asset_id == asset_id)
            try:
                sharing.require_whole(parts, of=str(lines[place].asset))
            except Invalid as refused:
                problems.append(Problem(refused.reason, field="ratio", line=place, way_out=refused.way_out))
        problems += self._elsewhere(lines)
        problems += gates.problems(gates.Moment.TRANSFER, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"调拨单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _elsewhere(self, lines: Sequence[Any]) -> list[Problem]:
        """Departments of another hospital: an asset goes there by a write-off here and a booking there."""
        hospital = self.campus.hospital_id
        return [
            Problem(f"{line.to_unit} 不属于本医院", field="to_unit", line=place, way_out="医院之间请用处置核销（无偿划转）与资产入账。")
            for place, line in enumerate(lines)
            if line.to_unit_id and line.to_unit.campus.hospital_id != hospital
        ]  # fmt: skip

    def apply(self, ctx: PostingContext) -> None:
        months.require_not_run(self.campus.hospital_id, Month.holding(ctx.on))
        wanted: dict[int, list[Any]] = defaultdict(list)
        for line in self.lines.order_by("position").select_related("to_unit__campus"):
            wanted[line.asset_id].append(line)
        cards = subledger.lock(list(wanted), month=Month.holding(ctx.on))
        gone = [card.asset for card in cards.values() if card.asset.status not in HELD]
        if gone:
            raise Conflict(
                f"{gone[0]} {gone[0].get_status_display()}，不能调拨", code="not_held", way_out="请刷新。"
            )
        subledger.require_in_order(list(wanted), ctx.on, kinds=("booked",))
        events = []
        for pk, lines in wanted.items():
            asset = cards[pk].asset
            before = self._whose(asset, ctx.on)
            self._share(asset, {line.to_unit_id: line.ratio for line in lines}, ctx.on)
            first = lines[0]
            asset.org_unit, asset.campus = first.to_unit, first.to_unit.campus
            asset.location = first.location or asset.location
            asset.keeper = first.keeper
            if asset.status == Status.IN_STORE:
                asset.status = Status.IN_USE
            asset.save(update_fields=["org_unit", "campus", "location", "keeper", "status"])
            to = "、".join(f"{line.to_unit} {line.ratio.normalize():f}%" for line in lines)
            events.append(
                subledger.Said(pk, "transferred", f"调拨至 {to}", before, self._whose(asset, ctx.on))
            )
        subledger.write_events(events, on=ctx.on, ctx=ctx)
        gates.applied(gates.Moment.TRANSFER, self, ctx)

    @staticmethod
    def _whose(asset: Asset, on: dt.date) -> dict[str, Any]:
        shares = DepartmentShare.objects.filter(valid_on(on), asset=asset)
        return {
            "org_unit": asset.org_unit_id, "campus": asset.campus_id, "location": asset.location_id, "keeper": asset.keeper_id,
            "status": asset.status, "shares": {str(s.org_unit_id): str(s.ratio) for s in shares},
        }  # fmt: skip

    @staticmethod
    def _share(asset: Asset, ratios: Mapping[int, Decimal], on: dt.date) -> None:
        """From ``on`` the asset is borne by these; what began on that very day is replaced."""
        later = DepartmentShare.objects.filter(asset=asset, valid_from__gt=on)
        if later.exists():
            raise Conflict(
                f"{asset} 在 {on} 之后已有调拨", code="later_transfer", way_out="请按日期先后办理，或先红冲其后的调拨单。"
            )  # fmt: skip
        DepartmentShare.objects.filter(asset=asset, valid_from=on).delete()
        current = DepartmentShare.objects.filter(valid_on(on), asset=asset)
        current.update(valid_to=on - dt.timedelta(days=1))
        DepartmentShare.objects.bulk_create(
            DepartmentShare(asset=asset, org_unit_id=unit, ratio=ratio, valid_from=on)
            for unit, ratio in ratios.items()
        )

    def mirror(self, ctx: PostingContext) -> None:
        ids = sorted(set(self.lines.values_list("asset_id", flat=True)))
        months.require_not_run(self.campus.hospital_id, Month.holding(self.business_date))
        cards = subledger.lock(ids, month=Month.holding(ctx.on))
        subledger.require_last(ids, self.source, kinds=("transferred", *subledger.GONE))
        gates.mirrored(gates.Moment.TRANSFER, self, ctx)
        events = []
        for pk, before in subledger.before(self.source, "transferred").items():
            asset = cards[pk].asset
            ratios = {int(unit): Decimal(ratio) for unit, ratio in before["shares"].items()}
            self._share(asset, ratios, self.business_date)
            asset.org_unit_id, asset.location_id = before["org_unit"], before["location"]
            asset.keeper_id, asset.status = before["keeper"], before["status"]
            asset.campus_id = before["campus"]
            asset.save(update_fields=["org_unit", "campus", "location", "keeper", "status"])
            events.append(subledger.Said(pk, "un-transferred", "红冲调拨"))
        subledger.write_events(events, on=ctx.on, ctx=ctx)


class AssetTransferLine(DocumentLine):
    """One department that gets one asset, with its share of it."""

    document = models.ForeignKey(
        AssetTransfer, models.CASCADE, related_name="lines", verbose_name="资产调拨单"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    to_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="调入科室")
    ratio = models.DecimalField("比例（%）", max_digits=7, decimal_places=4, default=100)
    location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="存放地点"
    )
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="保管人"
    )  # fmt: skip

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "调拨明细"
        db_table = "assets_transfer_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_transfer_line_position"),
            models.CheckConstraint(
                condition=is_number("ratio") & Q(ratio__gt=0, ratio__lte=100),
                name="assets_transfer_line_ratio",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
