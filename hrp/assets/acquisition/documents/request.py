"""设备申购单 (acquisition_request): what a department asks for, why, and what it is expected to earn.

Statements, votes and opinions (:mod:`hrp.assets.acquisition.documents.opinions`) are facts beside the submitted request; which
are due follows from its value (申购决策权限). Posting asks for all of them and for a licence where one is needed; it books
nothing. What is posted may be planned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets.acquisition import parameters as mine
from hrp.assets.acquisition.documents import flows, limits, opinions
from hrp.assets.acquisition.models import LargeClass
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.rules.forecast import Expected, Forecast, expect
from hrp.assets.models import AssetClass
from hrp.platform.base.fields import MoneyField, is_number, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft
from hrp.platform.org import parameters

ZERO = Decimal(0)


class Purpose(models.TextChoices):
    NEW = "new", "新增"
    MORE = "more", "增配"
    REPLACE = "replace", "更新"


def _years(title: str) -> models.DecimalField[Any, Any]:
    return models.DecimalField(title, max_digits=9, decimal_places=2, null=True, blank=True)


class AcquisitionRequest(Document):
    """Header of a request: the argument for it, and what follows from its figures."""

    spec = DocumentSpec(
        kind="assets.acquisition_request", title="设备申购单", prefix="ZG",
        header_fields=(
            "purpose", "need", "staff", "room", "charge_items", "life_years", "volume", "price", "variable", "staff_cost", "upkeep",
        ),
        line_fields=("name", "asset_class", "requirement", "unit", "quantity", "price", "imported", "large_class"),
    )  # fmt: skip

    purpose = models.CharField("申购类别", max_length=10, choices=Purpose.choices, default=Purpose.NEW)
    need = models.TextField("必要性", max_length=1000)
    staff = models.CharField("人员与资质", max_length=300, blank=True)
    room = models.CharField("场地与水电气条件", max_length=300, blank=True)
    charge_items = models.CharField("收费项目", max_length=300, blank=True)
    life_years = models.PositiveSmallIntegerField("论证年限", default=6)
    volume = models.PositiveIntegerField("年预计例数", default=0)
    price = MoneyField("每例收费", default=0)
    variable = MoneyField("每例耗材", default=0)
    staff_cost = MoneyField("年人员成本", default=0)
    upkeep = MoneyField("年维保与能耗", default=0)
    revenue = MoneyField("年收入", default=0)
    surplus = MoneyField("年结余", default=0)
    margin = _years("收益率（%）")
    payback = _years("静态回收期（年）")
    dynamic_payback = _years("动态回收期（年）")
    break_even = models.PositiveIntegerField("保本例数", null=True, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "设备申购单"
        db_table = "assets_acquisition_request"
        constraints = [
            *(
                not_negative(name, name=f"assets_acquisition_request_{name}")
                for name in ("price", "variable", "staff_cost", "upkeep")
            ),
            models.CheckConstraint(
                condition=Q(life_years__gt=0, life_years__lte=50), name="assets_acquisition_request_life"
            ),
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        for line in lines:
            line.unit = (line.unit or "").strip() or "台"
            line.amount = (line.price or ZERO) * (line.quantity or 0)
        self.total = sum((line.amount for line in lines), ZERO)
        found = self.expected()
        self.revenue = found.revenue if found else ZERO
        self.surplus = found.benefit.surplus if found else ZERO
        self.margin = found.benefit.margin if found else None
        self.payback = found.benefit.static_payback_years if found else None
        self.dynamic_payback = found.dynamic_years if found else None
        self.break_even = found.break_even if found else None

    def expected(self) -> Expected | None:
        """效益 by the kernels of 单机效益; None for what earns nothing by itself."""
        if not self.volume or not self.life_years or self.total <= 0:
            return None
        rate = Decimal(parameters.value(mine.RATE, self.business_date))
        return expect(
            Forecast(
                self.total, self.life_years, self.volume, self.price or ZERO, self.variable or ZERO, self.staff_cost or ZERO,
                self.upkeep or ZERO, rate,
            )
        )  # fmt: skip

    def validate(self, lines: Sequence[Any]) -> None:
        problems = [] if (self.need or "").strip() else [Problem("请填写必要性", field="need")]
        problems += self._argument(lines)
        for place, line in enumerate(lines):
            problems += _line_problems(line, place, limits.large_by_price(self.business_date))
        if problems:
            raise Invalid(
                f"申购单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _argument(self, lines: Sequence[Any]) -> list[Problem]:
        """What 论证 needs beyond the office: staff, room, and a price that leaves something over."""
        problems = []
        if self.volume and (self.price or ZERO) <= (self.variable or ZERO):
            problems.append(
                Problem(
                    f"每例收费 {self.price or ZERO:,.2f} 元不高于每例耗材 {self.variable or ZERO:,.2f} 元，没有保本点", field="price",
                    way_out="请核对收费价格与单位耗材；不收费的设备例数填 0。",
                )
            )  # fmt: skip
        if self.volume and not self.charge_items.strip():
            problems.append(Problem("填了例数，请写明收费项目", field="charge_items"))
        due = limits.steps(self, lines)
        if Step.EXPERTS in due or Step.COMMITTEE in due:
            problems += [
                Problem(f"合计 {self.total:,.2f} 元须论证，请填写{title}", field=field)
                for field, title, given in (
                    ("staff", "人员与资质", self.staff),
                    ("room", "场地条件", self.room),
                )
                if not given.strip()
            ]
        return problems

    def apply(self, ctx: PostingContext) -> None:
        lines = list(self.lines.select_related("large_class").order_by("position"))
        limits.lock_licences()
        problems = opinions.missing(self, lines)
        problems += limits.licence_problems(
            [(line, line.large_class, line.quantity) for line in lines if line.large_class is not None],
            hospital=self.campus.hospital_id, on=ctx.on, but=self.pk,
        )  # fmt: skip
        if problems:
            raise Conflict(
                f"{self} 还不能批准", code="not_complete", problems=problems, way_out="请补齐声明、论证与决议后再过账。"
            )  # fmt: skip

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        planned = flows.planned([line.pk for line in self.lines.all()], states=flows.LIVE)
        if planned:
            raise Conflict(
                f"{self} 已列入购置计划 {sum(planned.values(), ZERO):,.2f} 元，不能红冲", code="planned",
                way_out="请先红冲或作废购置年度计划。",
            )  # fmt: skip

    def digest(self) -> str:
        """What a statement of interest stands for: the things asked for and their prices."""
        rows = [
            [line.name, line.requirement, line.quantity, str(line.price), line.imported]
            for line in self.lines.order_by("position")
        ]
        return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _line_problems(line: Any, place: int, by_price: Sequence[LargeClass]) -> list[Problem]:
    problems = []
    if not (line.name or "").strip():
        problems.append(Problem("请填写设备名称", field="name", line=place))
    if not line.price or line.price <= 0:
        problems.append(Problem("请填写估算单价", field="price", line=place))
    if not line.quantity:
        problems.append(Problem("数量应大于 0", field="quantity", line=place))
    if line.large_class_id is None and line.price:
        reached = [one for one in by_price if one.price_from is not None and line.price >= one.price_from]
        if reached:
            dear = max(reached, key=lambda one: one.price_from or ZERO)
            problems.append(
                Problem(
                    f"单价 {line.price:,.2f} 元达到 {dear.price_from:,.2f} 元，属于{dear.get_category_display()}“{dear.name}”，请选择大型设备类别",
                    field="large_class", line=place, way_out=f"依据：{dear.source}",
                )
            )  # fmt: skip
    return problems


class AcquisitionRequestLine(DocumentLine):
    """One thing that is asked for; the plan, purchase and contract name it."""

    document = models.ForeignKey(
        AcquisitionRequest, models.CASCADE, related_name="lines", verbose_name="设备申购单"
    )
    name = models.CharField("设备名称", max_length=100)
    asset_class = models.ForeignKey(AssetClass, models.PROTECT, related_name="+", verbose_name="资产分类")
    requirement = models.CharField("规格与技术要求", max_length=300, blank=True)
    unit = models.CharField("单位", max_length=10, default="台", blank=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    price = MoneyField("估算单价")
    amount = MoneyField("金额", default=0)
    imported = models.BooleanField("进口产品", default=False)
    large_class = models.ForeignKey(
        LargeClass, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="大型设备类别"
    )

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "申购明细"
        db_table = "assets_acquisition_request_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_acquisition_request_line_position"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0) & Q(price__gt=0) & is_number("price"),
                name="assets_acquisition_request_line_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.quantity}{self.unit}（{self.document.display_number}）"
