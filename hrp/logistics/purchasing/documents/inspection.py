"""到货验收 (inspection): what arrived is looked at, line by line, before anything of it is stock.

It moves nothing: what is accepted becomes a draft 入库单, what is not is refused or goes to 不合格品. Its record is kept by
a retention class that follows the goods, and class Ⅲ, implants and cold chain need two people who sign what they saw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrderLine, require_open
from hrp.logistics.purchasing.rules import checklist, sampling
from hrp.logistics.purchasing.rules import retention as keeping
from hrp.logistics.rules.valuation import line_amount
from hrp.platform.access.models import User
from hrp.platform.base import clock, sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.models import Fund

ZERO = Decimal(0)


class Inspection(Document):
    """Header of an inspection; ``org_unit`` keeps the store the goods are for, the business date is the arrival."""

    spec = DocumentSpec(
        kind="logistics.inspection",
        title="到货验收单",
        prefix="YS",
        header_fields=(
            "supplier", "store", "delivery_note", "note_number", "fund", "invoice_number", "temperature_start",
            "temperature_way", "temperature_arrival",
        ),
        line_fields=(
            "order_line", "item", "lot", "produced", "expiry", "sterile_expiry", "quantity", "sampled", "accepted",
            "disposal", "price", "large", "scan", "reason", "checks",
        ),
    )  # fmt: skip

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="收货库房")
    delivery_note = models.ForeignKey(
        DeliveryNote, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="送货单"
    )
    note_number = models.CharField("随货单号", max_length=40, blank=True)
    invoice_number = models.CharField("发票号码", max_length=40, blank=True)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    temperature_start = models.DecimalField("启运 ℃", max_digits=5, decimal_places=1, null=True, blank=True)
    temperature_way = models.DecimalField("途中最高 ℃", max_digits=5, decimal_places=1, null=True, blank=True)
    temperature_arrival = models.DecimalField("到达 ℃", max_digits=5, decimal_places=1, null=True, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "到货验收单"
        db_table = "logistics_inspection"

    def compute(self, lines: Sequence[Any]) -> None:
        """Fill in what follows: checks that do not apply, sample size, what is accepted, verdict, retention."""
        items = Item.objects.in_bulk({line.item_id for line in lines})
        judged = _judged_before(self.pk)
        rule = terms.sampling(self.business_date)
        for line in lines:
            item = items[line.item_id]
            given = line.checks or judged.get((line.order_line_id, line.item_id, line.lot), {})
            line.checks = checklist.completed(given, terms.traits_of(item))
            whole = item.device_class == Item.DeviceClass.THREE or item.implant
            if line.quantity is not None and line.sampled is None:
                line.sampled = sampling.sample(line.quantity, rule=rule, whole=whole)
            if line.accepted is None and not checklist.failed(line.checks):
                line.accepted = line.quantity
            line.retention = keeping.retention_of(implant=item.implant, large=line.large)
            line.keep_until = keeping.keep_until(
                keeping.Retention(line.retention), arrived=self.business_date, expiry=line.expiry
            )
            line.verdict = verdict_of(line, item)
        self.total = sum(
            (
                line_amount(line.accepted, line.price)
                for line in lines
                if line.accepted is not None and line.price
            ),
            ZERO,
        )

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        ordered = PurchaseOrderLine.objects.select_related("document").in_bulk(
            {line.order_line_id for line in lines} - {None}
        )
        problems = []
        for place, line in enumerate(lines):
            problems += _line_problems(line, items[line.item_id], place)
            of = ordered.get(line.order_line_id)
            if of is not None:
                problems += _of_order(self, line, of, place)
                if of.document.maker_id == self.maker_id:
                    said = f"订单 {of.document.number} 由 {self.maker.display_name} 采购，采购人不能验收"
                    problems.append(Problem(said, field="order_line", line=place))
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT, Store.Kind.QUARANTINE):
            problems.append(Problem(f"{self.store.get_kind_display()}不能验收入库", field="store"))
        if self.delivery_note is not None and self.delivery_note.supplier_id != self.supplier_id:
            problems.append(Problem("送货单属于其他供应商", field="delivery_note"))
        if problems:
            raise Invalid(
                f"验收单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        """Everything judged, signed by as many as must, none of whom bought the goods. The poster signs by posting."""
        lines = list(self.lines.select_related("item", "order_line__document").order_by("position"))
        for order in sorted({line.order_line.document_id for line in lines if line.order_line}):
            require_open(order, act="验收")
        problems = [p for line in lines for p in unfinished(line, self)]
        if problems:
            raise Conflict(
                f"还有 {len(problems)} 处没有验完", problems=problems, code="not_judged",
                way_out="请在“逐项验收”中补全后再过账。",
            )  # fmt: skip
        sign(self, lines, ctx.actor)
        self._require_signers(lines)

    def _require_signers(self, lines: Sequence[Any]) -> None:
        if signers(self, lines) < needed_signers(self, lines):
            raise Conflict(
                f"{self} 有Ⅲ类、植入或冷链物资，须两人签字", code="second_signature",
                way_out="请另一位验收员打开本单，核对实物后点“签字”，再过账。",
            )  # fmt: skip

    def mirror(self, ctx: PostingContext) -> None:
        sql.row("SELECT id FROM logistics_inspection WHERE id = %s FOR UPDATE", [self.pk])
        made = InspectionReceipt.made_of(self.pk)
        if made:
            raise Conflict(
                f"{self} 已生成入库单 {'、'.join(made)}，不能红冲", code="received",
                way_out="请先作废或红冲入库单。",
            )  # fmt: skip

    def digest(self, lines: Sequence[Any]) -> str:
        """What a signature stands for: the very content of the record."""
        seen = [
            [line.order_line_id, line.item_id, line.lot, str(line.expiry), str(line.quantity), str(line.accepted),
             line.disposal, line.checks, line.reason]
            for line in lines
        ]  # fmt: skip
        text = json.dumps([self.supplier_id, self.store_id, str(self.business_date), seen], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class InspectionLine(DocumentLine):
    """One batch that arrived, what was looked at, and what became of it."""

    class Verdict(models.TextChoices):
        PENDING = "pending", "待验"
        PASS = "pass", "合格"
        PARTIAL = "partial", "部分合格"
        CONCESSION = "concession", "让步接收"
        FAIL = "fail", "不合格"

    class Disposal(models.TextChoices):
        REFUSE = "refuse", "拒收"
        QUARANTINE = "quarantine", "移入不合格品"

    class Retention(models.TextChoices):
        LIFE_PLUS_2 = keeping.Retention.LIFE_PLUS_2.value, "寿命+2年"
        LARGE_PLUS_5 = keeping.Retention.LARGE_PLUS_5.value, "大型+5年"
        PERMANENT = keeping.Retention.PERMANENT.value, "永久"

    document = models.ForeignKey(Inspection, models.CASCADE, related_name="lines", verbose_name="验收单")
    order_line = models.ForeignKey(
        PurchaseOrderLine, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="订单行"
    )
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    produced = models.DateField("生产日期", null=True, blank=True)
    expiry = models.DateField("有效期至", null=True, blank=True)
    sterile_expiry = models.DateField("灭菌效期", null=True, blank=True)
    quantity = QuantityField("到货数量")
    sampled = QuantityField("抽检数量", null=True, blank=True)
    accepted = QuantityField("合格数量", null=True, blank=True)
    disposal = models.CharField(
        "不合格处置", max_length=10, choices=Disposal.choices, default=Disposal.REFUSE
    )
    price = UnitPriceField("含税单价", null=True, blank=True)
    large = models.BooleanField("大型器械", default=False)
    scan = models.CharField("扫码", max_length=200, blank=True)
    reason = models.CharField("不合格或让步原因", max_length=200, blank=True)
    checks = models.JSONField("验收检查", default=dict, blank=True)
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices, default=Verdict.PENDING)
    retention = models.CharField(
        "记录保存", max_length=12, choices=Retention.choices, default=Retention.LIFE_PLUS_2
    )
    keep_until = models.DateField("保存至", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "验收明细"
        db_table = "logistics_inspection_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_inspection_line_position"
            ),
            not_negative("quantity", name="logistics_inspection_line_quantity"),
            models.CheckConstraint(
                condition=models.Q(accepted=None)
                | models.Q(accepted__gte=0, accepted__lte=models.F("quantity")),
                name="logistics_inspection_line_accepted",
            ),
            models.CheckConstraint(
                condition=models.Q(keep_until__isnull=False) | models.Q(retention="permanent"),
                name="logistics_inspection_line_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"

    @property
    def rejected(self) -> Decimal:
        return self.quantity - (self.accepted if self.accepted is not None else self.quantity)


class InspectionSignature(AppendOnlyModel):
    """One person vouches for a record as it was at that moment; changing the record leaves the signature behind."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, related_name="signatures", verbose_name="验收单"
    )
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="签字人"
    )
    digest = models.CharField("内容指纹", max_length=64)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "验收签字"
        db_table = "logistics_inspection_signature"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "signer", "digest"], name="logistics_inspection_signed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.inspection} {self.signer}"


class InspectionReceipt(AppendOnlyModel):
    """Which 入库单 was made of which inspection; ``receipt`` is its id."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="+", verbose_name="验收单")
    receipt = models.BigIntegerField("入库单", unique=True)

    class Meta:
        verbose_name = "验收入库"
        db_table = "logistics_inspection_receipt"

    def __str__(self) -> str:
        return f"{self.inspection} {self.receipt}"

    @classmethod
    def made_of(cls, inspection_id: int) -> list[str]:
        """Numbers of the receipts that live."""
        return [
            number for (number,) in sql.rows(
                "SELECT coalesce(r.number, '草稿#' || r.id) FROM logistics_inspection_receipt m"
                " JOIN logistics_receipt r ON r.id = m.receipt"
                " WHERE m.inspection_id = %s AND r.state NOT IN ('void', 'reversed') ORDER BY r.id",
                [inspection_id],
            )
        ]  # fmt: skip


# -- judging -------------------------------------------------------------------------------------------------------


def _judged_before(pk: int | None) -> dict[tuple[int | None, int, str], Any]:
    """Results that were recorded already: rewriting the lines of a draft does not lose them."""
    if pk is None:
        return {}
    found = InspectionLine.objects.filter(document_id=pk).values_list(
        "order_line_id", "item_id", "lot", "checks"
    )
    return {(order_line, item, lot): checks for order_line, item, lot, checks in found}


def verdict_of(line: Any, item: Item) -> str:
    """What the results and quantities of a line amount to."""
    if checklist.unjudged(line.checks, terms.traits_of(item)) or line.accepted is None:
        return InspectionLine.Verdict.PENDING
    if line.accepted == 0:
        return InspectionLine.Verdict.FAIL
    if line.accepted < line.quantity:
        return InspectionLine.Verdict.PARTIAL
    return InspectionLine.Verdict.CONCESSION if checklist.failed(line.checks) else InspectionLine.Verdict.PASS


def _line_problems(line: Any, item: Item, place: int) -> list[Problem]:
    problems = []
    if line.quantity <= 0:
        problems.append(Problem("到货数量必须大于零", field="quantity", line=place))
    if item.lot_required and not line.lot:
        problems.append(Problem(f"{item} 管理批号，请填写批号", field="lot", line=place))
    if item.expiry_required and line.expiry is None:
        problems.append(Problem(f"{item} 管理效期，请填写有效期", field="expiry", line=place))
    if line.produced is not None and line.expiry is not None and line.produced >= line.expiry:
        problems.append(Problem("生产日期不早于有效期", field="produced", line=place))
    if line.accepted is not None and not 0 <= line.accepted <= line.quantity:
        problems.append(Problem("合格数量应在零与到货数量之间", field="accepted", line=place))
    if line.sampled is not None and not 0 <= line.sampled <= line.quantity:
        problems.append(Problem("抽检数量应在零与到货数量之间", field="sampled", line=place))
    return problems


def _of_order(document: Inspection, line: Any, of: PurchaseOrderLine, place: int) -> list[Problem]:
    if of.document.state != State.POSTED:
        return [Problem("订单尚未生效", field="order_line", line=place)]
    if of.document.supplier_id != document.supplier_id:
        return [Problem("订单属于其他供应商", field="order_line", line=place)]
    if of.item_id != line.item_id:
        return [Problem("物资与订单行不符", field="item", line=place)]
    return []


def unfinished(line: Any, document: Inspection) -> list[Problem]:
    """What of a line must still be judged or explained before it counts."""
    place, item, problems = line.position - 1, line.item, []
    missing = checklist.unjudged(line.checks, terms.traits_of(item))
    if missing:
        said = f"{item} 未检：{'、'.join(check.title for check in missing)}"
        problems.append(Problem(said, field="checks", line=place))
    wrong = checklist.failed(line.checks)
    if line.accepted is None:
        problems.append(Problem(f"{item} 请填写合格数量", field="accepted", line=place))
        return problems
    hard = [check.title for check in wrong if not check.waivable]
    if hard and line.accepted:
        said = f"{item} {'、'.join(hard)}不合格，不能接收，合格数量应为 0"
        problems.append(Problem(said, field="accepted", line=place))
    if (wrong or line.accepted < line.quantity) and not line.reason.strip():
        problems.append(Problem(f"{item} 有不合格，请写明原因", field="reason", line=place))
    if item.cold_chain and line.accepted and document.temperature_arrival is None:
        problems.append(Problem(f"{item} 为冷链，请填写到达温度", field="temperature_arrival"))
    return problems


# -- signing -------------------------------------------------------------------------------------------------------


def needed_signers(document: Inspection, lines: Sequence[Any]) -> int:
    return 2 if any(terms.needs_two(line.item, document.business_date) for line in lines) else 1


def signers(document: Inspection, lines: Sequence[Any]) -> int:
    """How many people have signed what the record says now."""
    return InspectionSignature.objects.filter(
        inspection_id=document.pk, digest=document.digest(lines)
    ).count()


def sign(document: Inspection, lines: Sequence[Any], actor: User) -> None:
    """Put a signature under the record. Who bought the goods does not vouch for them."""
    bought = {line.order_line.document for line in lines if line.order_line}
    for order in bought:
        if order.maker_id == actor.pk:
            raise Forbidden(
                f"订单 {order.number} 由您采购，采购人不能验收。", way_out="请由未参与该订单采购的验收员验收签字。",
            )  # fmt: skip
    InspectionSignature.objects.get_or_create(
        inspection_id=document.pk, signer=actor, digest=document.digest(lines), defaults={"at": clock.now()}
    )
