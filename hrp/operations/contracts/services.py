"""Verbs of the contract: register it, give it years, versions and people, and sign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from hrp.operations.contracts import selectors
from hrp.operations.contracts.models import (
    AnnualContract,
    Contract,
    ContractVersion,
    Interpretation,
    PartyMember,
    PartyRole,
    Side,
)
from hrp.operations.contracts.rules import canonical, check_paging, digest, read_terms
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.notify.selectors import transports
from hrp.platform.org.models import Hospital

_SIGNATURE_FIELDS = {
    Side.HOSPITAL.value: ("hospital_signer", "hospital_signed_at"),
    Side.SUPPLIER.value: ("supplier_signer", "supplier_signed_at"),
}


@transaction.atomic
def register_contract(
    *,
    actor: User,
    number: str,
    name: str,
    hospital: Hospital,
    supplier_name: str,
    hotline: str,
    starts_on: dt.date,
    ends_on: dt.date,
) -> Contract:
    """Register a contract and its service period."""
    scope.require(actor, "operations.contract.edit")
    if ends_on < starts_on:
        raise Invalid("服务期的截止日早于起始日", way_out="请核对合同上的服务期。")
    contract = Contract.objects.create(
        number=number,
        name=name,
        hospital=hospital,
        supplier_name=supplier_name,
        hotline=hotline,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    audit.record(
        actor=actor, act="register", target=f"operations.contract:{contract.pk}", summary=str(contract)
    )
    return contract


@transaction.atomic
def add_year(
    *,
    actor: User,
    contract: Contract,
    number: str,
    starts_on: dt.date,
    ends_on: dt.date,
    signed_on: dt.date | None,
) -> AnnualContract:
    """Add an annual contract inside the service period; years must not overlap."""
    scope.require(actor, "operations.contract.edit")
    Contract.objects.select_for_update().get(pk=contract.pk)
    if not contract.starts_on <= starts_on <= ends_on <= contract.ends_on:
        raise Invalid("年度合同超出服务期", way_out=f"应在 {contract.starts_on} 至 {contract.ends_on} 之内。")
    overlapping = AnnualContract.objects.filter(
        contract=contract, starts_on__lte=ends_on, ends_on__gte=starts_on
    ).first()
    if overlapping is not None:
        raise Conflict(f"与年度合同 {overlapping} 的日期重叠", way_out="请核对起止日。")
    year = AnnualContract.objects.create(
        contract=contract, number=number, starts_on=starts_on, ends_on=ends_on, signed_on=signed_on
    )
    audit.record(actor=actor, act="add_year", target=f"operations.contract:{contract.pk}", summary=number)
    return year


@transaction.atomic
def draft_version(
    *, actor: User, contract: Contract, body: Mapping[str, Any], valid_from: dt.datetime, note: str = ""
) -> ContractVersion:
    """Lay down the figures of a new version with its interpretations, unsigned. Raises Invalid for bad figures, or for a
    paging chain that could leave a call unanswered.

    A later version may not be valid earlier than one both parties have signed: that would re-judge tickets.
    """
    scope.require(actor, "operations.contract.edit")
    Contract.objects.select_for_update().get(pk=contract.pk)
    terms = read_terms(body)
    check_paging(body, transports())
    latest = ContractVersion.objects.filter(contract=contract).order_by("-number").first()
    in_force = selectors.signed_versions().filter(contract=contract).order_by("-valid_from").first()
    if in_force is not None and valid_from <= in_force.valid_from:
        raise Conflict(
            f"生效时间不晚于已签署的{in_force}",
            way_out=f"请写晚于 {clock.local(in_force.valid_from):%Y-%m-%d %H:%M} 的时间。",
        )
    text = canonical(body)
    version = ContractVersion.objects.create(
        contract=contract,
        number=latest.number + 1 if latest else 1,
        valid_from=valid_from,
        body=text,
        sha256=digest(text),
        note=note,
    )
    Interpretation.objects.bulk_create(
        Interpretation(
            version=version, code=row.id, question=row.question, reading=row.reading, reason=row.why
        )
        for row in terms.interpretations
    )
    audit.record(
        actor=actor,
        act="draft_version",
        target=f"operations.contract_version:{version.pk}",
        summary=f"{version}",
        data={"sha256": version.sha256},
    )
    return version


@transaction.atomic
def sign_version(*, actor: User, version: ContractVersion, at: dt.datetime | None = None) -> ContractVersion:
    """Sign the version and all its interpretations for the actor's side. Each side signs once."""
    scope.require(actor, "operations.contract.sign")
    side = selectors.side_of(actor)
    if side not in _SIGNATURE_FIELDS:
        raise Forbidden("您不是合同任何一方的人员", way_out="请先由合同管理员登记您所属的一方。")
    signer_field, at_field = _SIGNATURE_FIELDS[side]
    held = ContractVersion.objects.select_for_update().get(pk=version.pk)
    if getattr(held, at_field) is not None:
        raise Conflict(f"{held}已由{Side(side).label}签署", way_out="无需重复签署。")
    moment = at or clock.now()
    values = {signer_field: actor, at_field: moment}
    ContractVersion.objects.filter(pk=held.pk).update(**values)
    Interpretation.objects.filter(version=held).update(**values)
    audit.record(
        actor=actor,
        act="sign",
        target=f"operations.contract_version:{held.pk}",
        summary=f"{Side(side).label}签署{held}",
        data={"sha256": held.sha256},
    )
    held.refresh_from_db()
    return held


@transaction.atomic
def add_member(*, actor: User, user: User, side: Side, titles: Sequence[str]) -> PartyMember:
    """Put a user on one side and give the role titles of the contract. Raises Conflict for a change of side."""
    scope.require(actor, "operations.contract.edit")
    member, _ = PartyMember.objects.select_for_update().get_or_create(user=user, defaults={"side": side})
    if member.side != side:
        raise Conflict(
            f"{user} 已属{member.get_side_display()}", way_out="同一人不能同时代表双方，请另建账号。"
        )
    PartyRole.objects.bulk_create(
        [PartyRole(member=member, title=title) for title in titles], ignore_conflicts=True
    )
    audit.record(
        actor=actor,
        act="add_member",
        target=f"operations.party_member:{member.pk}",
        summary=f"{user} {Side(side).label} {'、'.join(titles)}",
    )
    return member
