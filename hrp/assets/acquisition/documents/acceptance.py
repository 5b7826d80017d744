"""设备验收单 (acquisition_acceptance): one arrival under a contract, piece by piece, from the lorry to 终验.

到货 → 开箱 → 安装调试 → 试运行 → 技术验收 → 临床验收 → 终验: each stage is a fact with its checklist, and what is not in order is a
defect until it is put right or accepted. Three different people sign the last three. Posting is 终验: it makes draft cards,
one a serial number. What is below the value of an asset becomes none and is named as an expense.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from hrp.assets.acquisition.documents import carding, flows, stages
from hrp.assets.acquisition.documents.contract import (
    COUNTED,
    AcquisitionContract,
    AcquisitionContractLine,
    ContractLineKind,
    require_in_force,
)
from hrp.assets.acquisition.rules.composing import Treatment, proposed
from hrp.assets.documents import checks
from hrp.assets.models import Asset, AssetClass, Location
from hrp.assets.services import reference
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft

ZERO = Decimal(0)
TREATMENTS = (
    (Treatment.OWN.value, "单独建卡"),
    (Treatment.JOIN.value, "并入主机"),
    (Treatment.SPLIT.value, "按寿命分拆"),
)


class AcquisitionAcceptance(Document):
    """Header of an acceptance; ``org_unit`` is the department that will use what came."""

    spec = DocumentSpec(
        kind="assets.acquisition_acceptance", title="设备验收单", prefix="ZY",
        header_fields=("contract", "note_number", "vendor_person", "invoice_number"),
        line_fields=("contract_line", "serial_number", "quantity", "treatment", "main", "location", "produced_on"),
    )  # fmt: skip

    contract = models.ForeignKey(
        AcquisitionContract, models.PROTECT, related_name="+", verbose_name="购置合同"
    )
    note_number = models.CharField("送货单号", max_length=60, blank=True)
    vendor_person = models.CharField("供应商代表", max_length=40, blank=True)
    invoice_number = models.CharField("发票号", max_length=60, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "设备验收单"
        db_table = "assets_acquisition_acceptance"

    def compute(self, lines: Sequence[Any]) -> None:
        bought = _bought(lines)
        lives: dict[int, int | None] = {}
        for line in lines:
            of = bought[line.contract_line_id]
            line.amount = of.price * (line.quantity or 0)
            if of.kind == ContractLineKind.MACHINE:
                line.treatment, line.main = Treatment.OWN.value, None
            elif not line.treatment:
                line.treatment = self._proposed(line, lines, bought, lives)
        self.total = sum((line.amount for line in lines), ZERO)

    def _proposed(
        self, line: Any, lines: Sequence[Any], bought: Mapping[int, AcquisitionContractLine], lives: dict[int, int | None]
    ) -> str:  # fmt: skip
        """Together with its machine, or a component with a life of its own; the only machine is the one it belongs to."""
        machines = [one for one in lines if bought[one.contract_line_id].kind == ContractLineKind.MACHINE]
        if line.main is None and len(machines) == 1:
            line.main = machines[0].position
        main = next((one for one in machines if one.position == line.main), None)
        if main is None:
            return Treatment.OWN.value

        def life(kind: AssetClass) -> int | None:
            if kind.pk not in lives:
                lives[kind.pk] = reference.usual_months(kind, self.business_date)
            return lives[kind.pk]

        mine, whole = (_class_of(bought[one.contract_line_id]) for one in (line, main))
        return proposed(life(mine), life(whole)).value

    def validate(self, lines: Sequence[Any]) -> None:
        buyer = [(None, self.contract.org_unit_id)]
        checks.require_in_reach(self, buyer, field="contract", words="没有这份合同")
        problems = require_in_force(self.contract)
        if self.contract.campus.hospital_id != self.campus.hospital_id:
            problems = [Problem("没有这份合同", field="contract")]
        bought = _bought(lines)
        for place, line in enumerate(lines):
            of = bought[line.contract_line_id]
            if of.document_id != self.contract_id or of.kind not in COUNTED:
                problems.append(Problem("不是这份合同的设备", field="contract_line", line=place))
                continue
            problems += _piece_problems(line, of, place)
            problems += _main_problems(line, of, lines, bought, place)
        problems += self._serials(lines) + self._beyond_contract(lines, bought)
        if problems:
            raise Invalid(
                f"验收单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _serials(self, lines: Sequence[Any]) -> list[Problem]:
        """No serial number twice: here, in another acceptance of the contract, or on a card of the same machine."""
        given = [line.serial_number.strip() for line in lines]
        rows = AcquisitionAcceptanceLine.objects.filter(
            serial_number__in=[one for one in given if one], document__contract=self.contract_id,
            document__state__in=flows.LIVE,
        ).exclude(document=self.pk)  # fmt: skip
        elsewhere = {
            (row.contract_line_id, row.serial_number): str(row.document.display_number)
            for row in rows.select_related("document")
        }
        problems = []
        seen: set[tuple[int, str]] = set()
        for place, (line, serial) in enumerate(zip(lines, given, strict=True)):
            key = (line.contract_line_id, serial)
            if serial and key in seen:
                problems.append(Problem(f"出厂编号 {serial} 重复", field="serial_number", line=place))
            elif serial and key in elsewhere:
                said = f"出厂编号 {serial} 已在验收单 {elsewhere[key]} 中"
                problems.append(Problem(said, field="serial_number", line=place))
            seen.add(key)
        return problems

    def _beyond_contract(
        self, lines: Sequence[Any], bought: Mapping[int, AcquisitionContractLine]
    ) -> list[Problem]:
        before = flows.arrived(self.contract_id, states=flows.LIVE, but=self.pk or 0)
        now: dict[int, int] = {}
        problems = []
        for place, line in enumerate(lines):
            of = bought[line.contract_line_id]
            now[of.pk] = now.get(of.pk, 0) + (line.quantity or 0)
            together = now[of.pk] + before.get(of.pk, 0)
            if together > of.quantity:
                problems.append(
                    Problem(
                        f"{of} 合同 {of.quantity} 台（件），其他验收单 {before.get(of.pk, 0)}，本次 {now[of.pk]}，多出 {together - of.quantity}",
                        field="quantity", line=place, way_out="多到的货请退回，或另签合同。",
                    )
                )  # fmt: skip
        return problems

    def apply(self, ctx: PostingContext) -> None:
        AcquisitionContract.objects.select_for_update().get(pk=self.contract_id)
        lines = list(
            self.lines.select_related(
                "contract_line__asset_class", "contract_line__request_line__large_class", "location"
            ).order_by("position")
        )
        self.validate(lines)  # what others accepted meanwhile counts
        problems = stages.unfinished(self, ctx.actor)
        if problems:
            raise Conflict(
                f"{self} 还不能终验", code="not_complete", problems=problems, way_out="请补齐验收环节、签字与缺陷处理后再终验（过账）。"
            )  # fmt: skip
        stages.sign_final(self, ctx.actor)
        carding.make(self, lines, on=ctx.on)

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        carding.unmake(self)


def _bought(lines: Sequence[Any]) -> dict[int, AcquisitionContractLine]:
    return AcquisitionContractLine.objects.select_related("asset_class", "document").in_bulk(
        {line.contract_line_id for line in lines}
    )


def _class_of(line: AcquisitionContractLine) -> AssetClass:
    assert line.asset_class is not None  # noqa: S101 - a check constraint of counted lines
    return line.asset_class


def _piece_problems(line: Any, of: AcquisitionContractLine, place: int) -> list[Problem]:
    if not line.quantity:
        return [Problem("数量应大于 0", field="quantity", line=place)]
    bulk = of.asset_class is not None and of.asset_class.bulk
    if line.quantity > 1 and not bulk:
        return [Problem(f"{of.name} 按件验收，每台一行，数量填 1", field="quantity", line=place)]
    if of.kind == ContractLineKind.MACHINE and not bulk and not line.serial_number.strip():
        return [Problem(f"请填写{of.name}的出厂编号", field="serial_number", line=place)]
    return []


def _main_problems(
    line: Any, of: AcquisitionContractLine, lines: Sequence[Any], bought: Mapping[int, AcquisitionContractLine], place: int
) -> list[Problem]:  # fmt: skip
    if line.treatment == Treatment.OWN:
        return []
    machines = {
        one.position for one in lines if bought[one.contract_line_id].kind == ContractLineKind.MACHINE
    }
    if line.main not in machines:
        numbers = "、".join(map(str, sorted(machines))) or "无"
        return [Problem(f"请填写主机所在的行号（本单主机行：{numbers}）", field="main", line=place)]
    return []


class AcquisitionAcceptanceLine(DocumentLine):
    """One piece that arrived."""

    document = models.ForeignKey(
        AcquisitionAcceptance, models.CASCADE, related_name="lines", verbose_name="设备验收单"
    )
    contract_line = models.ForeignKey(
        AcquisitionContractLine, models.PROTECT, related_name="+", verbose_name="合同设备"
    )
    serial_number = models.CharField("出厂编号", max_length=60, blank=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    amount = MoneyField("金额", default=0)
    treatment = models.CharField("建卡方式", max_length=6, choices=TREATMENTS, blank=True)
    main = models.PositiveSmallIntegerField("主机行号", null=True, blank=True)
    location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="安装地点"
    )
    produced_on = models.DateField("生产日期", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "验收明细"
        db_table = "assets_acquisition_acceptance_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_acquisition_acceptance_line_position"
            ),
            models.UniqueConstraint(
                fields=["document", "contract_line", "serial_number"], condition=~Q(serial_number=""),
                name="assets_acquisition_acceptance_serial",
            ),
            models.CheckConstraint(
                condition=Q(main=None) | ~Q(main=F("position")), name="assets_acquisition_acceptance_main"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.position} {self.contract_line} {self.serial_number}".strip()


def cards_of(acceptance: AcquisitionAcceptance) -> list[Asset]:
    """The cards an acceptance made."""
    return list(Asset.objects.filter(origin__startswith=f"{acceptance.source}/").order_by("pk"))
