"""报损单 (scrap): goods nobody may use any more leave stock after somebody else examined them (鉴定).

They leave at their own cost, to 待处理财产损溢 (1902); their destruction is recorded afterwards, before witnesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from hrp.logistics import subledger
from hrp.logistics.counting.documents import losses
from hrp.logistics.models import Batch, Item, Store
from hrp.logistics.subledger.shortages import shortage
from hrp.platform.base import sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft
from hrp.platform.ledger.models import Fund

AMOUNTS_SQL = """
UPDATE logistics_scrap_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""


class Cause(models.TextChoices):
    EXPIRED = "expired", "过期"
    BROKEN = "broken", "破损"
    RECALLED = "recalled", "召回"
    UNFIT = "unfit", "质量不合格"
    OTHER = "other", "其他"


class Scrap(Document):
    """Header of a scrapping; ``org_unit`` keeps the store."""

    spec = DocumentSpec(
        kind="logistics.scrap",
        title="报损单",
        prefix="BS",
        header_fields=("store", "fund", "cause", "description"),
        line_fields=("item", "batch", "quantity"),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    cause = models.CharField("报损原因", max_length=10, choices=Cause.choices)
    description = models.CharField("情况说明", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "报损单"
        db_table = "logistics_scrap"

    def validate(self, lines: Sequence[Any]) -> None:
        batches = Batch.objects.in_bulk({line.batch_id for line in lines})
        problems, seen = [], set()
        for place, line in enumerate(lines):
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if batches[line.batch_id].item_id != line.item_id:
                problems.append(Problem("该批号不是这种物资的", field="batch", line=place))
            elif self.cause == Cause.EXPIRED and batches[line.batch_id].expiry >= self.business_date:
                problems.append(
                    Problem(f"有效期至 {batches[line.batch_id].expiry}，尚未过期", field="batch", line=place)
                )
            if line.batch_id in seen:
                problems.append(Problem("同一批号请合为一行", field="batch", line=place))
            seen.add(line.batch_id)
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
            problems.append(Problem(f"{self.store.get_kind_display()}不能报损", field="store"))
        if self.cause == Cause.OTHER and not self.description.strip():
            problems.append(Problem("请写明情况", field="description"))
        if problems:
            raise Invalid(
                f"报损单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> losses.Booked:
        since = self.submitted_at
        if since is None or not self.appraisals.filter(at__gte=since).exists():
            raise Conflict(
                f"{self} 尚未鉴定", code="not_appraised", way_out="请由制单人以外的人填写鉴定意见。"
            )
        lines: list[Any] = list(self.lines.order_by("position"))
        wants = [subledger.Want(x.position, x.item_id, x.quantity, batch_id=x.batch_id) for x in lines]
        taken = subledger.take(wants, store_id=self.store_id, on=ctx.on, source=ctx.source, as_is=True)
        if taken.short:
            raise shortage(taken.short, store=str(self.store), verb="报损")
        subledger.write(taken.moves, store_id=self.store_id, kind="scrap", ctx=ctx, methods=taken.methods)
        sql.run(AMOUNTS_SQL, [list(taken.amounts), list(taken.amounts.values()), self.pk])
        self.total = sum(taken.amounts.values(), Decimal(0))
        found = [losses.Found(x.position, x.item_id, -x.quantity, -taken.amounts[x.position]) for x in lines]
        return losses.record(
            found,
            source=ctx.source,
            store_id=self.store_id,
            fund_id=self.fund_id,
            fund=self.fund.code,
            on=ctx.on,
        )

    def entries(self, facts: losses.Booked) -> list[EntryDraft]:
        return losses.entries(facts, on=self.business_date, text=f"报损 {self.store}")

    def mirror(self, ctx: PostingContext) -> None:
        if Destruction.objects.filter(scrap_id=self.pk).exists():
            raise Conflict(
                f"{self} 所列物资已销毁，不能红冲", code="destroyed", way_out="销毁后的更正请另制单据说明。"
            )
        subledger.lock_moved(ctx.source)
        losses.undo(source=ctx.source)
        subledger.mirror(kind="scrap_reversal", ctx=ctx)


class ScrapLine(DocumentLine):
    """One batch; ``amount`` is what it cost, known at posting."""

    document = models.ForeignKey(Scrap, models.CASCADE, related_name="lines", verbose_name="报损单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    quantity = QuantityField("数量")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "报损明细"
        db_table = "logistics_scrap_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_scrap_line_position"),
            not_negative("quantity", name="logistics_scrap_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"


class Appraisal(AppendOnlyModel):
    """鉴定: somebody other than the maker looked at the goods. Only one given since the last submission counts."""

    scrap = models.ForeignKey(Scrap, models.PROTECT, related_name="appraisals", verbose_name="报损单")
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="制单人"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="鉴定人")
    opinion = models.CharField("鉴定意见", max_length=300)
    at = models.DateTimeField("鉴定时间")

    class Meta:
        verbose_name = "报损鉴定"
        db_table = "logistics_scrap_appraisal"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("maker")), name="logistics_scrap_another_appraises"
            )
        ]

    def __str__(self) -> str:
        return self.opinion


class Destruction(AppendOnlyModel):
    """销毁记录: how, where and before whom the scrapped goods were destroyed; once."""

    scrap = models.OneToOneField(Scrap, models.PROTECT, related_name="destruction", verbose_name="报损单")
    method = models.CharField("销毁方式", max_length=50)
    place = models.CharField("地点", max_length=100)
    destroyed_on = models.DateField("销毁日期")
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="监销人"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人")
    note = models.CharField("备注", max_length=200, blank=True)
    recorded_at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = "销毁记录"
        db_table = "logistics_destruction"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(witness=models.F("by")), name="logistics_destruction_witness"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scrap} {self.destroyed_on}"
