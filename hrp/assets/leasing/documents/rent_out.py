"""出租出借单 (rent_out): things let, lent or invested outside, with the approval that allows it.

They stay in the books and are depreciated; the card says 外借 until they are taken back. What is invested leaves the books by a
write-off when the share in the other body is recognised. Rent is due by the term and comes by 租金收入单.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.assets import subledger
from hrp.assets.documents import checks
from hrp.assets.models import Asset
from hrp.assets.models.cards import NOT_OURS, Status
from hrp.assets.rules.months import Month
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext

READY = (Status.IN_STORE, Status.IN_USE, Status.IDLE, Status.SEALED)
STATUS_SQL = """
UPDATE assets_asset a SET status = u.status FROM unnest(%s::bigint[], %s::text[]) AS u(id, status) WHERE a.id = u.id
"""


class Way(models.TextChoices):
    RENT = "rent", "出租"
    LEND = "lend", "出借"
    INVEST = "invest", "对外投资"


class RentOut(Document):
    """Header: to whom, on whose approval, until when and for how much an instalment; it begins on the business date."""

    spec = DocumentSpec(
        kind="assets.rent_out", title="出租出借单", prefix="ZL",
        header_fields=("way", "counterpart", "approver", "approval_number", "ends_on", "rent", "every_months", "reason"),
        line_fields=("asset",),
    )  # fmt: skip

    way = models.CharField("方式", max_length=6, choices=Way.choices, default=Way.RENT)
    counterpart = models.CharField("承租 / 借用 / 被投资单位", max_length=100)
    approver = models.CharField("审批机关", max_length=60)
    approval_number = models.CharField("批复文号", max_length=60)
    ends_on = models.DateField("期限止")
    rent = MoneyField("每期租金", default=0)
    every_months = models.PositiveSmallIntegerField("每几个月一期", default=1, help_text="0 为一次收清")
    reason = models.CharField("事由", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "出租出借单"
        db_table = "assets_rent_out"
        constraints = [
            not_negative("rent", name="assets_rent_out_rent"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("business_date")), name="assets_rent_out_days"),
            models.CheckConstraint(condition=~Q(way="rent") | Q(rent__gt=0), name="assets_rent_out_has_rent"),
            models.CheckConstraint(condition=Q(way="rent") | Q(rent=0), name="assets_rent_out_free"),
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.asset.cost for line in lines if line.asset_id), checks.ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = self._header_problems()
        ids = [line.asset_id for line in lines]
        for place, line in enumerate(lines):
            if line.asset_id is None:
                problems.append(Problem("请选择资产", field="asset", line=place))
            elif line.asset_id in ids[:place]:
                problems.append(Problem("同一资产重复", field="asset", line=place))
            elif (word := _wrong(line.asset)) is not None:
                problems.append(Problem(word, field="asset", line=place))
            elif line.asset.booked_on and self.business_date < line.asset.booked_on:
                problems.append(
                    Problem(f"{line.asset} 于 {line.asset.booked_on} 入账", field="asset", line=place)
                )
        if problems:
            raise Invalid(
                f"出租出借单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _header_problems(self) -> list[Problem]:
        problems = [
            Problem(f"请填写{title}", field=name)
            for name, title in (("counterpart", "对方单位"), ("approver", "审批机关"), ("approval_number", "批复文号"))
            if not getattr(self, name).strip()
        ]  # fmt: skip
        if self.ends_on < self.business_date:
            problems.append(Problem(f"期限止早于起始日 {self.business_date}", field="ends_on"))
        if self.way == Way.RENT and self.rent <= 0:
            problems.append(Problem("出租须填写每期租金", field="rent"))
        if self.way != Way.RENT and self.rent:
            problems.append(Problem(f"{self.get_way_display()}没有租金", field="rent", way_out="请清零，或改为出租。"))  # fmt: skip
        return problems

    def apply(self, ctx: PostingContext) -> None:
        ids = list(self.lines.order_by("position").values_list("asset_id", flat=True))
        cards = subledger.lock(ids, month=Month.holding(ctx.on))
        wrong = [word for card in cards.values() if (word := _wrong(card.asset)) is not None]
        if wrong:
            raise Conflict(wrong[0], code="not_ready", way_out="请刷新后核对卡片状态。")
        OutCard.objects.bulk_create(
            OutCard(document=self, asset_id=pk, status_before=cards[pk].asset.status) for pk in ids
        )
        sql.run(STATUS_SQL, [ids, [Status.LENT] * len(ids)])
        text = (
            f"{self.get_way_display()}给 {self.counterpart}，至 {self.ends_on}，批复 {self.approval_number}"
        )
        said = [
            subledger.Said(pk, "lent", text, {"status": cards[pk].asset.status}, {"status": Status.LENT})
            for pk in ids
        ]
        subledger.write_events(said, on=ctx.on, ctx=ctx)

    def mirror(self, ctx: PostingContext) -> None:
        rows = list(OutCard.objects.select_for_update().filter(document=self).order_by("asset_id"))
        ids = [row.asset_id for row in rows]
        cards = subledger.lock(ids, month=Month.holding(ctx.on))
        back = [row for row in rows if row.back_on is not None]
        if back:
            raise Conflict(
                f"{cards[back[0].asset_id].asset} 已于 {back[0].back_on} 收回，不能红冲", code="changed_since", way_out="收回的业务不必红冲。"
            )  # fmt: skip
        if self.incomes.filter(state=State.POSTED).exists():
            raise Conflict(f"{self} 已收租金，不能红冲", code="changed_since", way_out="请先红冲租金收入单。")
        moved = [card.asset for card in cards.values() if card.asset.status != Status.LENT]
        if moved:
            raise Conflict(
                f"{moved[0]} 现为“{moved[0].get_status_display()}”，不能红冲", code="changed_since", way_out="请先完成维修或取消停用，或办理收回。"
            )  # fmt: skip
        OutCard.objects.filter(document=self).delete()
        sql.run(STATUS_SQL, [ids, [row.status_before for row in rows]])
        said = [subledger.Said(pk, "un-lent", "红冲出租出借") for pk in ids]
        subledger.write_events(said, on=ctx.on, ctx=ctx)


def _wrong(asset: Asset) -> str | None:
    if asset.status not in READY:
        return f"{asset} 现为“{asset.get_status_display()}”，不能出租出借"
    if asset.way in NOT_OURS:
        return f"{asset} 是{asset.get_way_display()}，不属于本院，不能出租出借"
    return None


class RentOutLine(DocumentLine):
    """One thing that goes."""

    document = models.ForeignKey(RentOut, models.CASCADE, related_name="lines", verbose_name="出租出借单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "出租出借明细"
        db_table = "assets_rent_out_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_rent_out_line_position"),
            models.UniqueConstraint(fields=["document", "asset"], name="assets_rent_out_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"


@tracked()
class OutCard(models.Model):
    """A thing that is outside until it is back."""

    document = models.ForeignKey(RentOut, models.PROTECT, related_name="out_cards", verbose_name="出租出借单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    status_before = models.CharField("此前状态", max_length=10, choices=Status.choices)
    back_on = models.DateField("收回日期", null=True, blank=True)
    back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="收回人"
    )  # fmt: skip
    condition = models.CharField("收回时状况", max_length=200, blank=True)

    class Meta:
        verbose_name = "外借资产"
        db_table = "assets_out_card"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["asset"], condition=Q(back_on=None), name="assets_out_card_one"),
            models.CheckConstraint(
                condition=Q(back_on=None, back_by=None) | Q(back_on__isnull=False, back_by__isnull=False),
                name="assets_out_card_back_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.asset)
