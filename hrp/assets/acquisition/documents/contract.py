"""购置合同 (acquisition_contract): what was agreed with who was awarded.

draft → 法务审核 → 签订 → 过账（履行中） → 关闭. Legal's opinion, the signatures and the closing are facts beside it; posting
writes the milestones it pays by. Lines of parts and reagents lock their prices and are not part of the sum. It books nothing:
what is owed is booked with the cards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets.acquisition.documents import flows, limits
from hrp.assets.acquisition.documents.people import person
from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase, award_of
from hrp.assets.acquisition.documents.request import AcquisitionRequestLine
from hrp.assets.acquisition.rules.milestones import Milestone, amounts
from hrp.assets.documents import checks
from hrp.assets.models import AssetClass
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft

ZERO = Decimal(0)
KINDS = (
    (Milestone.ADVANCE.value, "签约预付"), (Milestone.ARRIVAL.value, "到货"),
    (Milestone.ACCEPTANCE.value, "验收"), (Milestone.RETENTION.value, "质保金"),
)  # fmt: skip


def _percent(title: str) -> models.DecimalField[Any, Any]:
    return models.DecimalField(title, max_digits=5, decimal_places=2, default=0)


class AcquisitionContract(Document):
    """Header of a contract: with whom, what it obliges the supplier to, and when it is paid."""

    spec = DocumentSpec(
        kind="assets.acquisition_contract", title="购置合同", prefix="ZT",
        header_fields=(
            "purchase", "contract_number", "supplier", "deliver_by", "warranty_months", "response_hours", "training", "maintenance",
            "advance", "arrival", "acceptance", "retention", "retention_months",
        ),
        line_fields=(
            "kind", "request_line", "name", "model", "manufacturer", "registration_number", "asset_class", "quantity", "price",
            "locked_until",
        ),
    )  # fmt: skip

    purchase = models.ForeignKey(
        AcquisitionPurchase, models.PROTECT, related_name="+", verbose_name="设备采购单"
    )
    contract_number = models.CharField("合同号", max_length=60)
    supplier = models.CharField("供应商", max_length=100, blank=True)
    deliver_by = models.DateField("交货期限", null=True, blank=True)
    warranty_months = models.PositiveSmallIntegerField("质保月数", default=12)
    response_hours = models.PositiveSmallIntegerField("报修响应小时", default=4)
    training = models.CharField("培训", max_length=300, blank=True)
    maintenance = models.CharField("质保期维护保养义务", max_length=300, blank=True)
    advance = _percent("签约预付（%）")
    arrival = _percent("到货款（%）")
    acceptance = _percent("验收款（%）")
    retention = _percent("质保金（%）")
    retention_months = models.PositiveSmallIntegerField("质保金期限（月）", default=12)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "购置合同"
        db_table = "assets_acquisition_contract"
        constraints = [
            models.CheckConstraint(
                condition=Q(advance__gte=0, arrival__gte=0, acceptance__gte=0, retention__gte=0)
                & Q(
                    advance=Decimal(100)
                    - models.F("arrival")
                    - models.F("acceptance")
                    - models.F("retention")
                ),
                name="assets_acquisition_contract_percents",
            ),
        ]

    @property
    def percents(self) -> dict[Milestone, Decimal]:
        return {
            Milestone.ADVANCE: self.advance,
            Milestone.ARRIVAL: self.arrival,
            Milestone.ACCEPTANCE: self.acceptance,
            Milestone.RETENTION: self.retention,
        }

    def compute(self, lines: Sequence[Any]) -> None:
        wanted = AcquisitionRequestLine.objects.in_bulk(
            {line.request_line_id for line in lines if line.request_line_id}
        )
        for line in lines:
            of = wanted.get(line.request_line_id)
            if of is not None and not line.asset_class_id:
                line.asset_class_id = of.asset_class_id
            line.amount = (line.price or ZERO) * (line.quantity or 0) if line.kind in COUNTED else ZERO
        self.total = sum((line.amount for line in lines), ZERO)
        award = award_of(self.purchase_id)
        if not self.supplier and award is not None:
            self.supplier = award.bid.supplier

    def validate(self, lines: Sequence[Any]) -> None:
        buyer = [(None, self.purchase.org_unit_id)]
        checks.require_in_reach(self, buyer, field="purchase", words="没有这张采购单")
        problems = self._header_problems(lines)
        named = set(self.purchase.lines.values_list("request_line_id", flat=True))
        for place, line in enumerate(lines):
            problems += _line_problems(line, named, place)
        problems += self._quantities(lines)
        if problems:
            raise Invalid(
                f"购置合同有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _header_problems(self, lines: Sequence[Any]) -> list[Problem]:
        problems = []
        whole = sum(self.percents.values(), ZERO)
        if whole != 100 or min(self.percents.values()) < 0:
            said = f"付款比例合计 {whole.normalize():f}%，应为 100%"
            problems.append(Problem(said, field="retention"))
        if self.retention and not self.retention_months:
            problems.append(Problem("请填写质保金期限", field="retention_months"))
        award = award_of(self.purchase_id)
        if self.purchase.campus.hospital_id != self.campus.hospital_id:
            problems.append(Problem("没有这张采购单", field="purchase"))
        elif self.purchase.state != State.POSTED or award is None:
            problems.append(Problem(f"{self.purchase} 还没有确认中标", field="purchase"))
        else:
            if award.bid.supplier != self.supplier:
                said = f"中标供应商为 {award.bid.supplier}，合同写的是 {self.supplier}"
                problems.append(Problem(said, field="supplier"))
            if award.bid.price != self.total:
                problems.append(
                    Problem(
                        f"合同金额 {self.total:,.2f} 元与中标价 {award.bid.price:,.2f} 元相差 {self.total - award.bid.price:,.2f} 元",
                        field="price", line=0, way_out="请核对单价与数量，合同不得背离中标价。",
                    )
                )  # fmt: skip
        other = flows.contract_of(self.purchase_id, but=self.pk or 0)
        if other:
            problems.append(Problem(f"{self.purchase} 已有合同 {other}", field="purchase"))
        return problems

    def _quantities(self, lines: Sequence[Any]) -> list[Problem]:
        """Every awarded thing is in the contract, in the number that was awarded."""
        problems = []
        for bought in self.purchase.lines.select_related("request_line"):
            of = bought.request_line
            pieces = sum(
                line.quantity or 0
                for line in lines
                if line.kind == ContractLineKind.MACHINE and line.request_line_id == of.pk
            )
            if pieces != of.quantity:
                said = f"{of.name} 采购 {of.quantity}{of.unit}，合同主机 {pieces}{of.unit}"
                problems.append(Problem(said, field="quantity", line=0))
        return problems

    def apply(self, ctx: PostingContext) -> None:
        limits.lock_licences()
        lines = list(
            self.lines.filter(kind=ContractLineKind.MACHINE).select_related(
                "request_line__large_class", "request_line__document"
            )
        )
        problems = self._said_problems()
        problems += self._licence_problems(lines, ctx.on)
        if problems:
            raise Conflict(
                f"{self} 还不能生效", code="not_complete", problems=problems, way_out="请补齐法务审核、签订与许可后再过账。"
            )  # fmt: skip
        self.validate(list(self.lines.all()))
        PayMilestone.objects.bulk_create(
            PayMilestone(contract=self, kind=kind.value, percent=self.percents[kind], amount=amount)
            for kind, amount in amounts(self.total, self.percents).items()
        )

    def _said_problems(self) -> list[Problem]:
        given = acts_of(self)
        legal, signed = given.get(ContractAct.Kind.LEGAL), given.get(ContractAct.Kind.SIGN)
        problems = []
        if legal is None:
            problems.append(Problem("缺少法务审核意见"))
        elif not legal.agrees:
            problems.append(Problem(f"法务不同意：{legal.text}"))
        if signed is None:
            problems.append(Problem("还没有登记双方签订"))
        return problems

    def _licence_problems(self, lines: Sequence[Any], on: dt.date) -> list[Problem]:
        """Its places are held by the requests; the certificate must still be valid on the day of signing."""
        standing = limits.licence_standing(hospital=self.campus.hospital_id, on=on)
        problems = []
        for line in lines:
            kind = line.request_line.large_class
            if kind is None:
                continue
            found = standing.get(kind.code)
            if found is None or found.left < 0:
                held = (
                    f"配置证 {'、'.join(found.numbers)} 许可 {found.quota} 台，已占用 {found.taken} 台"
                    if found
                    else "没有有效的配置许可证"
                )
                said = f"{line.name}（{kind}）：{held}"
                problems.append(Problem(said, field="request_line", way_out="请取得许可并登记后再过账。"))
        return problems

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        made = flows.followed(self.pk)
        if made:
            raise Conflict(
                f"{self} 已有验收或付款 {'、'.join(made)}，不能红冲", code="followed", way_out="请先红冲或作废这些单据。"
            )  # fmt: skip


class ContractLineKind(models.TextChoices):
    MACHINE = "machine", "主机"
    ACCESSORY = "accessory", "附件"
    PART = "part", "配件锁价"
    REAGENT = "reagent", "试剂耗材锁价"


COUNTED = (ContractLineKind.MACHINE, ContractLineKind.ACCESSORY)


def _line_problems(line: Any, named: set[int], place: int) -> list[Problem]:
    problems = []
    if not (line.name or "").strip():
        problems.append(Problem("请填写名称", field="name", line=place))
    if not line.price or line.price <= 0:
        problems.append(Problem("请填写单价", field="price", line=place))
    if line.kind in COUNTED:
        if line.request_line_id is None:
            problems.append(Problem("请选择对应的计划项目", field="request_line", line=place))
        elif line.request_line_id not in named:
            problems.append(Problem("不在这张采购单中", field="request_line", line=place))
        if not line.quantity:
            problems.append(Problem("数量应大于 0", field="quantity", line=place))
        if line.request_line_id is not None and line.asset_class_id is None:
            problems.append(Problem("请选择资产分类", field="asset_class", line=place))
    elif line.locked_until is None:
        problems.append(Problem("请填写锁价截止日期", field="locked_until", line=place))
    return problems


class AcquisitionContractLine(DocumentLine):
    """A machine or accessory that is bought, or a part or reagent whose price is locked until a day."""

    document = models.ForeignKey(
        AcquisitionContract, models.CASCADE, related_name="lines", verbose_name="购置合同"
    )
    kind = models.CharField(
        "类别", max_length=10, choices=ContractLineKind.choices, default=ContractLineKind.MACHINE
    )
    request_line = models.ForeignKey(
        AcquisitionRequestLine,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="计划项目",
    )
    name = models.CharField("名称", max_length=100)
    model = models.CharField("型号", max_length=100, blank=True)
    manufacturer = models.CharField("生产厂家", max_length=100, blank=True)
    registration_number = models.CharField("注册证号", max_length=40, blank=True)
    asset_class = models.ForeignKey(
        AssetClass, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="资产分类"
    )
    quantity = models.PositiveIntegerField("数量", default=1)
    price = MoneyField("单价")
    amount = MoneyField("金额", default=0)
    locked_until = models.DateField("锁价至", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "合同明细"
        db_table = "assets_acquisition_contract_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_acquisition_contract_line_position"
            ),
            models.CheckConstraint(
                condition=Q(price__gt=0) & is_number("price"), name="assets_acquisition_contract_line_price"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("part", "reagent"), locked_until__isnull=False)
                | Q(kind__in=("machine", "accessory"), request_line__isnull=False, asset_class__isnull=False, quantity__gt=0),
                name="assets_acquisition_contract_line_kind",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} {self.model}".strip()


class ContractAct(AppendOnlyModel):
    """What was done to a contract beside its document's own acts."""

    class Kind(models.TextChoices):
        LEGAL = "legal", "法务审核"
        SIGN = "sign", "双方签订"
        CLOSE = "close", "关闭"

    contract = models.ForeignKey(
        AcquisitionContract, models.PROTECT, related_name="acts", verbose_name="购置合同"
    )
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    agrees = models.BooleanField("同意", default=True)
    on = models.DateField("日期")
    ours = models.CharField("甲方代表", max_length=40, blank=True)
    theirs = models.CharField("乙方代表", max_length=40, blank=True)
    text = models.CharField("说明", max_length=300, blank=True)
    maker = person("合同经办人")
    by = person("经办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "合同事项"
        db_table = "assets_acquisition_contract_act"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="legal") | ~Q(by=models.F("maker")), name="assets_acquisition_contract_legal"
            ),
            models.CheckConstraint(
                condition=~Q(kind="sign") | (~Q(ours="") & ~Q(theirs="")), name="assets_acquisition_contract_signed"
            ),
            models.UniqueConstraint(
                fields=["contract"], condition=Q(kind="close"), name="assets_acquisition_contract_closed_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"


class PayMilestone(AppendOnlyModel):
    """What a contract in force pays at a milestone."""

    contract = models.ForeignKey(
        AcquisitionContract, models.PROTECT, related_name="milestones", verbose_name="购置合同"
    )
    kind = models.CharField("付款节点", max_length=10, choices=KINDS)
    percent = models.DecimalField("比例（%）", max_digits=5, decimal_places=2)
    amount = MoneyField("金额")

    class Meta:
        verbose_name = "付款节点"
        db_table = "assets_acquisition_milestone"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["contract", "kind"], name="assets_acquisition_milestone_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & is_number("amount"), name="assets_acquisition_milestone_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}款 {self.amount:,.2f} 元"


def acts_of(contract: AcquisitionContract) -> dict[str, ContractAct]:
    """The last act of each kind on what was last submitted."""
    if contract.submitted_at is None:
        return {}
    rows = ContractAct.objects.filter(contract=contract, at__gte=contract.submitted_at).order_by("pk")
    return {row.kind: row for row in rows}


def stage_of(contract: AcquisitionContract) -> str:
    """Where a contract stands, in one word."""
    if contract.state in (State.VOID, State.REVERSED, State.DRAFT, State.RETURNED):
        return str(State(contract.state).label)
    given = acts_of(contract)
    if ContractAct.Kind.CLOSE in given:
        return "已关闭"
    if contract.state == State.POSTED:
        return "履行中"
    if ContractAct.Kind.SIGN in given:
        return "已签订"
    return "已过法务" if ContractAct.Kind.LEGAL in given else "待法务审核"


def require_in_force(contract: AcquisitionContract) -> list[Problem]:
    """Why nothing can be received or paid under a contract; empty when it can."""
    if contract.state != State.POSTED or ContractAct.objects.filter(contract=contract, kind="close").exists():
        return [Problem(f"{contract} {stage_of(contract)}，不在履行中", field="contract")]
    return []
