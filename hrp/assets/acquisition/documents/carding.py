"""入账: what was accepted becomes draft cards, one a serial number, paid for as planned; what is too small becomes none.

Cards are made by the floor's own service, as the machine user of this room: whoever may do 终验 need not be one who may type
cards. The accountant finds them among 待入账卡片.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from hrp.assets.acquisition.documents import flows, stages
from hrp.assets.acquisition.documents.people import person
from hrp.assets.acquisition.models import LargeLicence
from hrp.assets.acquisition.rules.composing import Composed, Piece, Treatment, by_source, compose
from hrp.assets.acquisition.rules.milestones import months_later
from hrp.assets.documents import checks
from hrp.assets.models import Asset, FundingSource
from hrp.assets.models.cards import Status, ValueKind, Way
from hrp.assets.rules.recognition import recognise
from hrp.assets.services import cards
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict
from hrp.platform.org.models.units import valid_on

if TYPE_CHECKING:
    from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance


class Outcome(models.TextChoices):
    CARD = "card", "建卡"
    JOINED = "joined", "并入主机"
    EXPENSE = "expense", "费用化"


class AcceptedPiece(AppendOnlyModel):
    """What an accepted piece became; the card, where there is one, names the same position in its origin."""

    acceptance = models.ForeignKey(
        "acquisition.AcquisitionAcceptance", models.PROTECT, related_name="pieces", verbose_name="设备验收单"
    )
    position = models.PositiveSmallIntegerField("行号")
    contract_line = models.ForeignKey(
        "acquisition.AcquisitionContractLine", models.PROTECT, related_name="+", verbose_name="合同设备"
    )
    serial_number = models.CharField("出厂编号", max_length=60, blank=True)
    quantity = models.PositiveIntegerField("数量")
    amount = MoneyField("金额")
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices)
    text = models.CharField("说明", max_length=200, blank=True)
    by = person("终验人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "验收结果"
        db_table = "assets_acquisition_piece"
        ordering = ("acceptance", "position")
        constraints = [
            models.UniqueConstraint(fields=["acceptance", "position"], name="assets_acquisition_piece_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, quantity__gt=0) & is_number("amount"), name="assets_acquisition_piece_value"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.position} {self.get_outcome_display()}"


def maker() -> User:
    return system_actor("acquisition", title="系统任务·设备购置")


def make(acceptance: AcquisitionAcceptance, lines: Sequence[Any], *, on: dt.date) -> None:
    """Draft cards and the outcome of each piece."""
    by_position = {line.position: line for line in lines}
    composed = compose(
        [Piece(line.position, line.amount, Treatment(line.treatment), line.main) for line in lines]
    )
    planned = flows.sources([line.contract_line.request_line_id for line in lines])
    sources = {row.pk: row for row in FundingSource.objects.all()}
    licences = _licences(acceptance, on)
    made: dict[int, Asset] = {}
    outcomes: dict[int, tuple[Outcome, str]] = {}
    actor = maker()
    for card in sorted(composed, key=lambda one: one.parent is not None):
        line = by_position[card.position]
        outcome, words = _judged(line, card, on)
        outcomes[card.position] = (outcome, words)
        with_it = Outcome.JOINED if outcome == Outcome.CARD else Outcome.EXPENSE
        outcomes |= dict.fromkeys(card.joined, (with_it, f"并入第 {card.position} 行"))
        if outcome == Outcome.CARD:
            asset = cards.save(
                actor=actor, pk=None,
                values=_values(acceptance, line, [by_position[part] for part in card.joined], licences, on)
                | {"parent": made.get(card.parent) if card.parent else None},
            )  # fmt: skip
            _pay(actor, asset, card, planned[line.contract_line.request_line_id], sources)
            made[card.position] = asset
    AcceptedPiece.objects.bulk_create(
        AcceptedPiece(
            acceptance=acceptance, position=line.position, contract_line=line.contract_line, serial_number=line.serial_number,
            quantity=line.quantity, amount=line.amount, outcome=outcomes[line.position][0], text=outcomes[line.position][1],
            by_id=_final_signer(acceptance), at=clock.now(),
        )
        for line in lines
    )  # fmt: skip


def _final_signer(acceptance: AcquisitionAcceptance) -> int:
    return stages.passed(acceptance)[stages.Stage.FINAL].by_id


def _judged(line: Any, card: Composed, on: dt.date) -> tuple[Outcome, str]:
    """Asset or expense, by the value of one piece (:func:`hrp.assets.rules.recognition.recognise`)."""
    kind = line.contract_line.asset_class
    limit, each = checks.threshold(kind, on), card.amount / line.quantity
    if recognise(each, threshold=limit, bulk=kind.bulk).capitalised:
        return Outcome.CARD, ""
    return Outcome.EXPENSE, f"单位价值 {each:,.2f} 元低于标准 {limit:,.2f} 元，购入时计入费用"


def _values(
    acceptance: AcquisitionAcceptance,
    line: Any,
    joined: Sequence[Any],
    licences: Mapping[str, str],
    on: dt.date,
) -> dict[str, Any]:
    contract, of = acceptance.contract, line.contract_line
    large = of.request_line.large_class if of.request_line else None
    technical = [f"附件：{part.contract_line} {part.serial_number}".strip() for part in joined]
    if large is not None and large.code in licences:
        technical.append(f"大型医用设备配置许可证：{licences[large.code]}")
    return {
        "name": of.name, "asset_class": of.asset_class, "model": of.model, "manufacturer": of.manufacturer,
        "registration_number": of.registration_number, "serial_number": line.serial_number, "quantity": line.quantity,
        "unit": of.request_line.unit if of.request_line else "台", "way": Way.PURCHASE,
        "value_kind": ValueKind.COST if acceptance.invoice_number else ValueKind.ESTIMATE,
        "supplier": contract.supplier, "contract_number": contract.contract_number, "invoice_number": acceptance.invoice_number,
        "origin": f"{acceptance.source}/{line.position}", "produced_on": line.produced_on, "accepted_on": on,
        "campus": acceptance.campus, "org_unit": acceptance.org_unit, "location": line.location,
        "warranty_from": on if contract.warranty_months else None,
        "warranty_to": months_later(on, contract.warranty_months) - dt.timedelta(days=1) if contract.warranty_months else None,
        "technical": "\n".join(technical),
    }  # fmt: skip


def _licences(acceptance: AcquisitionAcceptance, on: dt.date) -> dict[str, str]:
    """Numbers of the licences in force by code of the catalogue, for the cards."""
    rows = LargeLicence.objects.filter(valid_on(on), hospital=acceptance.campus.hospital_id)
    found: dict[str, str] = {}
    for row in rows.select_related("large_class").order_by("number"):
        code = row.large_class.code
        found[code] = f"{found[code]}、{row.number}" if code in found else row.number
    return found


def _pay(
    actor: User, asset: Asset, card: Composed, planned: Mapping[tuple[int, str], Decimal], sources: Mapping[int, FundingSource]
) -> None:  # fmt: skip
    keys = {f"{source}/{project}": (source, project) for source, project in planned}
    shares = by_source(card.amount, {key: planned[pair] for key, pair in keys.items()})
    for key, amount in shares.items():
        source, project = keys[key]
        cards.pay(actor=actor, asset=asset, source=sources[source], project=project, cost=amount)


def unmake(acceptance: AcquisitionAcceptance) -> None:
    """Discard the drafts; refuses once one of them is booked or named by a booking."""
    rows = list(Asset.objects.filter(origin__startswith=f"{acceptance.source}/").order_by("-pk"))
    booked = [card for card in rows if card.status != Status.DRAFT]
    if booked:
        raise Conflict(
            f"{booked[0]} 由这张验收单生成，已入账", code="card_booked", way_out="请先红冲资产入账单，再红冲验收单。"
        )  # fmt: skip
    actor = maker()
    for card in rows:
        cards.discard(actor=actor, asset=card)
