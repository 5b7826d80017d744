"""Reads of the contract: which version and year govern an instant, and who stands where."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from functools import lru_cache

from django.db.models import QuerySet

from hrp.operations.contracts.models import (
    AnnualContract,
    Contract,
    ContractVersion,
    Interpretation,
    PartyMember,
    PartyRole,
    Side,
)
from hrp.operations.contracts.rules import Terms, read_terms
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict


def current_contract() -> Contract | None:
    """The contract whose service period began last."""
    return Contract.objects.select_related("hospital").order_by("-starts_on", "-pk").first()


def signed_versions() -> QuerySet[ContractVersion]:
    return ContractVersion.objects.filter(hospital_signed_at__isnull=False, supplier_signed_at__isnull=False)


def version_in_force(at: dt.datetime) -> ContractVersion | None:
    """The latest version signed by both parties and valid from ``at`` or before; None when there is none."""
    return signed_versions().filter(valid_from__lte=at).order_by("-valid_from", "-number").first()


def require_version(at: dt.datetime) -> ContractVersion:
    """As :func:`version_in_force`. Raises Conflict (``no_contract_version``) when no version governs ``at``."""
    version = version_in_force(at)
    if version is None:
        raise Conflict(
            f"{clock.local(at):%Y-%m-%d %H:%M} 没有双方签署的合同版本",
            way_out="请先在「运维合同」中登记条款数据，并由甲乙双方签署。",
            code="no_contract_version",
        )
    return version


@lru_cache(maxsize=64)
def _terms(sha256: str, body: str) -> Terms:
    return read_terms(json.loads(body))


def terms_of(version: ContractVersion) -> Terms:
    """The figures of a version; read once per process for each hash."""
    return _terms(version.sha256, version.body)


def terms_of_many(versions: Iterable[int]) -> dict[int, Terms]:
    """The figures of several versions by key."""
    return {pk: terms_of(row) for pk, row in ContractVersion.objects.in_bulk(versions).items()}


def annual_contract_at(at: dt.datetime) -> AnnualContract | None:
    """The signed year that covers the hospital's date of ``at``; None in a gap (its tickets are shadow)."""
    day = clock.local(at).date()
    return (
        AnnualContract.objects.filter(starts_on__lte=day, ends_on__gte=day, signed_on__isnull=False)
        .order_by("-starts_on")
        .first()
    )


def version_shown(number: int | None) -> ContractVersion | None:
    """The version of the current contract with this number, or its latest one."""
    found = ContractVersion.objects.filter(contract=current_contract()).select_related(
        "contract__hospital", "hospital_signer", "supplier_signer"
    )
    return (found.filter(number=number).first() if number else None) or found.order_by("-number").first()


def versions(contract: Contract) -> list[ContractVersion]:
    return list(ContractVersion.objects.filter(contract=contract).order_by("-number"))


def years(contract: Contract) -> QuerySet[AnnualContract]:
    return AnnualContract.objects.filter(contract=contract).order_by("starts_on")


def interpretations(version: ContractVersion) -> QuerySet[Interpretation]:
    return Interpretation.objects.filter(version=version).select_related("hospital_signer", "supplier_signer")


def side_of(user: User) -> str:
    """``hospital``, ``supplier`` or, for somebody the contract does not know, an empty string."""
    return PartyMember.objects.filter(user_id=user.pk).values_list("side", flat=True).first() or ""


def members(side: Side | None = None) -> QuerySet[PartyMember]:
    found = PartyMember.objects.select_related("user").prefetch_related("roles").order_by("side", "user_id")
    return found.filter(side=side) if side else found


def users_with(titles: Iterable[str]) -> list[User]:
    """The active users who fill any of the role titles, each once."""
    held = PartyRole.objects.filter(title__in=list(titles)).values("member__user_id")
    return list(User.objects.filter(pk__in=held, is_active=True).order_by("pk"))


def unfilled(titles: Iterable[str]) -> list[str]:
    """Role titles of the contract that nobody fills: their notices would reach nobody."""
    wanted = list(dict.fromkeys(titles))
    filled = set(
        PartyRole.objects.filter(title__in=wanted, member__user__is_active=True).values_list(
            "title", flat=True
        )
    )
    return [title for title in wanted if title not in filled]


def people_by_title(titles: Iterable[str]) -> dict[str, list[str]]:
    """Role title -> names of the active users who fill it; a title nobody fills is missing."""
    found: dict[str, list[str]] = {}
    rows = PartyRole.objects.filter(title__in=list(titles), member__user__is_active=True)
    for title, name in rows.order_by("title", "pk").values_list("title", "member__user__display_name"):
        found.setdefault(title, []).append(name)
    return found
