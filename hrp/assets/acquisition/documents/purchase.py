"""设备采购单 (acquisition_purchase): how planned things are bought, who offered, and who was awarded.

Bids and the award are facts beside the submitted purchase. Posting is the award (中标) standing: the way of buying is held
against the limits in force, against being cut small, and the price against the plan. It books nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets.acquisition.documents import flows, limits
from hrp.assets.acquisition.documents.people import person
from hrp.assets.acquisition.documents.request import AcquisitionRequestLine
from hrp.assets.acquisition.models.limits import METHOD_TITLES, METHODS
from hrp.assets.acquisition.rules.methods import Method, MethodLimit, allowed, choices, split
from hrp.assets.documents import checks
from hrp.platform.base import sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Attachment, Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft

ZERO = Decimal(0)
# what other purchases of the hospital bought of a class in a span, by ways whose limit ends somewhere
EARLIER_SQL = """
SELECT r.asset_class_id, d.method, sum(l.budget) FROM assets_acquisition_purchase_line l
JOIN assets_acquisition_request_line r ON r.id = l.request_line_id
JOIN assets_acquisition_purchase d ON d.id = l.document_id AND d.state = 'posted' AND d.id <> %s
JOIN org_campus c ON c.id = d.campus_id AND c.hospital_id = %s
WHERE d.business_date BETWEEN %s AND %s AND d.method <> 'open' AND d.method_approval = '' AND r.asset_class_id = ANY(%s)
GROUP BY 1, 2
"""
# ways in which a paper with the terms goes out to suppliers
WITH_PAPERS = (Method.OPEN, Method.INVITED, Method.NEGOTIATION, Method.CONSULTATION)


class AcquisitionPurchase(Document):
    """Header of a purchase; the award is a fact beside it."""

    spec = DocumentSpec(
        kind="assets.acquisition_purchase", title="设备采购单", prefix="ZQ",
        header_fields=("method", "reason", "method_approval", "publicity", "import_approval", "tender_number", "agency"),
        line_fields=("request_line",),
    )  # fmt: skip

    method = models.CharField("采购方式", max_length=12, choices=METHODS, default=Method.OPEN.value)
    reason = models.CharField("采用理由", max_length=300, blank=True)
    method_approval = models.CharField("变更采购方式批复文号", max_length=60, blank=True)
    publicity = models.CharField("单一来源公示编号", max_length=60, blank=True)
    import_approval = models.CharField("进口产品核准文号", max_length=60, blank=True)
    tender_number = models.CharField("采购文件或框架协议编号", max_length=60, blank=True)
    agency = models.CharField("采购代理机构", max_length=100, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "设备采购单"
        db_table = "assets_acquisition_purchase"

    def compute(self, lines: Sequence[Any]) -> None:
        planned = flows.planned([line.request_line_id for line in lines if line.request_line_id])
        for line in lines:
            line.budget = planned.get(line.request_line_id, ZERO)
        self.total = sum((line.budget for line in lines), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        ids = [line.request_line_id for line in lines]
        wanted = AcquisitionRequestLine.objects.select_related("document__campus").in_bulk(ids)
        named = [(place, wanted[pk].document.org_unit_id) for place, pk in enumerate(ids)]
        checks.require_in_reach(self, named, field="request_line", words="没有这个计划项目")
        bought = flows.bought(ids, but=self.pk or 0)
        problems = []
        for place, line in enumerate(lines):
            of = wanted[line.request_line_id]
            if of.document.campus.hospital_id != self.campus.hospital_id:
                problems.append(Problem("没有这个计划项目", field="request_line", line=place))
            elif not line.budget:
                problems.append(
                    Problem(f"{of} 没有列入已过账的购置计划", field="request_line", line=place, way_out="请先编制购置年度计划。")
                )  # fmt: skip
            elif line.request_line_id in bought:
                said = f"{of} 已在采购单 {bought[line.request_line_id]} 中"
                problems.append(Problem(said, field="request_line", line=place))
            elif ids.index(line.request_line_id) != place:
                problems.append(Problem("同一项目重复", field="request_line", line=place))
        problems += self._papers()
        if problems:
            raise Invalid(
                f"采购单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _papers(self) -> list[Problem]:
        problems = []
        if self.method != Method.OPEN and not self.reason.strip():
            problems.append(Problem(f"采用{METHOD_TITLES[self.method]}，请填写理由", field="reason"))
        if self.method == Method.SINGLE and not self.publicity.strip():
            problems.append(Problem("单一来源采购须公示，请填写公示编号", field="publicity"))
        if self.method == Method.FRAMEWORK and not self.tender_number.strip():
            problems.append(Problem("请填写框架协议编号", field="tender_number"))
        return problems

    def apply(self, ctx: PostingContext) -> None:
        limits.lock_purchases()
        lines = list(self.lines.select_related("request_line__asset_class").order_by("position"))
        sql.rows(
            "SELECT id FROM assets_acquisition_plan WHERE id IN (SELECT document_id FROM assets_acquisition_plan_line"
            " WHERE request_line_id = ANY(%s)) ORDER BY id FOR UPDATE",
            [[line.request_line_id for line in lines]],
        )
        self._require_planned(lines)
        problems = self._method_problems(lines, ctx) + self._import_problems(lines)
        problems += self._paper_problems() + self._award_problems(ctx)
        if problems:
            raise Conflict(
                f"{self} 还不能确认中标", code="not_complete", problems=problems, way_out="请按提示补齐后再过账。"
            )  # fmt: skip

    def _require_planned(self, lines: Sequence[Any]) -> None:
        """Plans may have been reversed or added since this was submitted."""
        planned = flows.planned([line.request_line_id for line in lines])
        changed = [line for line in lines if planned.get(line.request_line_id, ZERO) != line.budget]
        if changed:
            one = changed[0]
            now = planned.get(one.request_line_id, ZERO)
            raise Conflict(
                f"{one.request_line.name} 的计划金额已由 {one.budget:,.2f} 元变为 {now:,.2f} 元", code="plan_changed",
                way_out="请驳回采购单，重新保存后提交。",
            )  # fmt: skip

    def _method_problems(self, lines: Sequence[Any], ctx: PostingContext) -> list[Problem]:
        rows = limits.method_limits(ctx.on)
        if not rows or self.method_approval.strip():
            return []
        method = Method(self.method)
        limit = allowed(rows, method, self.total)
        if limit is None:
            return [_not_allowed(rows, method, self.total)]
        return self._split_problems(lines, rows, ctx)

    def _split_problems(
        self, lines: Sequence[Any], rows: Sequence[MethodLimit], ctx: PostingContext
    ) -> list[Problem]:
        """Of each class of assets, what other purchases of the span bought without a public tender counts too."""
        now: dict[int, Decimal] = defaultdict(Decimal)
        names = {}
        for line in lines:
            now[line.request_line.asset_class_id] += line.budget
            names[line.request_line.asset_class_id] = line.request_line.asset_class.name
        first, last = limits.span(ctx.on)
        found = sql.rows(EARLIER_SQL, [self.pk, self.campus.hospital_id, first, last, list(now)])
        before: dict[int, list[Decimal]] = defaultdict(list)
        for kind, _, amount in found:
            before[kind].append(amount)
        problems = []
        for kind, amount in now.items():
            cut = split(rows, Method(self.method), before[kind], amount)
            if cut is not None:
                problems.append(
                    Problem(
                        f"{names[kind]} {first} 至 {last} 已以非公开招标方式采购 {cut.before:,.2f} 元，本次 {cut.now:,.2f} 元，"
                        f"合计 {cut.together:,.2f} 元，达到 {cut.edge:,.2f} 元，不得拆分规避公开招标",
                        field="method", way_out=f"请改为公开招标，或取得变更采购方式批复。依据：{cut.source}",
                    )
                )  # fmt: skip
        return problems

    def _import_problems(self, lines: Sequence[Any]) -> list[Problem]:
        imported = [line.request_line.name for line in lines if line.request_line.imported]
        if not imported or self.import_approval.strip():
            return []
        return [
            Problem(
                f"{'、'.join(imported)} 为进口产品，没有核准文号", field="import_approval",
                way_out="请先取得主管部门与财政部门的进口产品采购核准。",
            )
        ]  # fmt: skip

    def _paper_problems(self) -> list[Problem]:
        if self.method not in WITH_PAPERS:
            return []
        problems = (
            [] if self.tender_number.strip() else [Problem("请填写采购文件编号", field="tender_number")]
        )
        if not Attachment.objects.filter(kind=self.spec.kind, document_id=self.pk).exists():
            problems.append(Problem("请上传采购文件"))
        return problems

    def _award_problems(self, ctx: PostingContext) -> list[Problem]:
        award = award_of(self)
        if award is None:
            return [Problem("还没有定标")]
        problems = []
        if award.bid.price > self.total:
            problems.append(
                Problem(
                    f"中标价 {award.bid.price:,.2f} 元超出计划预算 {self.total:,.2f} 元 {award.bid.price - self.total:,.2f} 元",
                    way_out="请重新采购，或追加购置计划后重新提交。",
                )
            )  # fmt: skip
        limit = allowed(limits.method_limits(ctx.on), Method(self.method), self.total)
        least = limit.least_bids if limit else 1
        valid = Bid.objects.filter(purchase=self, qualified=True).count()
        if valid < least and not self.method_approval.strip():
            said = f"{METHOD_TITLES[self.method]}有效投标 {valid} 家，少于 {least} 家"
            problems.append(Problem(said, way_out="请重新采购，或取得变更采购方式批复。"))
        return problems

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        made = flows.contract_of(self.pk)
        if made:
            raise Conflict(
                f"{self} 已签订合同 {made}，不能红冲", code="contracted", way_out="请先红冲或作废合同。"
            )


def _not_allowed(rows: Sequence[MethodLimit], method: Method, amount: Decimal) -> Problem:
    """Which edge an amount is beyond, and what it may be bought by."""
    mine = [row for row in rows if row.method == method]
    ways = "、".join(METHOD_TITLES[one] for one in choices(rows, amount)) or "公开招标"
    if not mine:
        return Problem(f"没有维护{METHOD_TITLES[method]}的限额", field="method", way_out=f"可用：{ways}。")
    edge = max((row.high for row in mine if row.high is not None and row.high <= amount), default=None)
    words = f"达到 {edge:,.2f} 元" if edge is not None else f"低于 {min(row.low for row in mine):,.2f} 元"
    return Problem(
        f"采购预算 {amount:,.2f} 元{words}，不能采用{METHOD_TITLES[method]}", field="method",
        way_out=f"可用：{ways}；确需采用的须填写变更采购方式批复文号。依据：{mine[0].source}",
    )  # fmt: skip


class AcquisitionPurchaseLine(DocumentLine):
    """One planned thing, whole; ``budget`` is what its plans give it."""

    document = models.ForeignKey(
        AcquisitionPurchase, models.CASCADE, related_name="lines", verbose_name="设备采购单"
    )
    request_line = models.ForeignKey(
        AcquisitionRequestLine, models.PROTECT, related_name="+", verbose_name="计划项目"
    )
    budget = MoneyField("计划预算", default=0)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "采购明细"
        db_table = "assets_acquisition_purchase_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_acquisition_purchase_line_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.request_line}"


class Bid(AppendOnlyModel):
    """What one supplier offered, with the scores of the evaluation."""

    purchase = models.ForeignKey(
        AcquisitionPurchase, models.PROTECT, related_name="bids", verbose_name="设备采购单"
    )
    supplier = models.CharField("供应商", max_length=100)
    product = models.CharField("品牌型号", max_length=200, blank=True)
    price = MoneyField("报价")
    technical = models.DecimalField("技术分", max_digits=5, decimal_places=2, default=0)
    business = models.DecimalField("商务分", max_digits=5, decimal_places=2, default=0)
    price_score = models.DecimalField("价格分", max_digits=5, decimal_places=2, default=0)
    score = models.DecimalField("总分", max_digits=5, decimal_places=2, default=0)
    qualified = models.BooleanField("有效", default=True)
    remark = models.CharField("评审说明", max_length=200, blank=True)
    by = person("登记人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "投标"
        db_table = "assets_acquisition_bid"
        ordering = ("-score", "id")
        constraints = [
            models.UniqueConstraint(fields=["purchase", "supplier"], name="assets_acquisition_bid_once"),
            models.CheckConstraint(
                condition=Q(price__gt=0, score__gte=0, score__lte=100)
                & is_number("price", "technical", "business", "price_score"),
                name="assets_acquisition_bid_value",
            ),
            models.CheckConstraint(
                condition=Q(qualified=True) | ~Q(remark=""), name="assets_acquisition_bid_why_not"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.price:,.2f} 元"


class Award(AppendOnlyModel):
    """定标: the bid that won; the last one said counts. Who won without the highest score is explained."""

    purchase = models.ForeignKey(
        AcquisitionPurchase, models.PROTECT, related_name="awards", verbose_name="设备采购单"
    )
    bid = models.ForeignKey(Bid, models.PROTECT, related_name="+", verbose_name="中标")
    notice = models.CharField("中标通知书编号", max_length=60)
    reason = models.CharField("定标说明", max_length=300, blank=True)
    by = person("定标人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "定标"
        db_table = "assets_acquisition_award"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.bid}"


def award_of(purchase: AcquisitionPurchase | int) -> Award | None:
    """The award that stands."""
    rows = Award.objects.filter(purchase=purchase).select_related("bid").order_by("-pk")
    return rows.first()
