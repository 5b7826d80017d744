"""Projects kept, delivered as estimated cards, and settled by their final account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.assets.construction import subledger as gathering
from hrp.assets.construction.models import Project, ProjectCard
from hrp.assets.documents.revision import Counter, Kind, Revision
from hrp.assets.models import Asset, AssetClass, DepartmentShare, FundingLine
from hrp.assets.models.cards import HELD, Status, ValueKind, Way
from hrp.assets.services import reference
from hrp.assets.services.filling import fill, refuse
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, to_cents
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.rules.pinyin import pinyin_key

EDIT = "assets.project.edit"


@transaction.atomic
def save(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> Project:
    """Make a project or change it; its budget never below what it cost, its parts never in a circle."""
    project = Project.objects.select_for_update().get(pk=pk) if pk is not None else Project()
    wrong = fill(project, values)
    scope.require(actor, EDIT, project.org_unit_id)
    refuse("在建工程", project, wrong)
    above = project.parent
    while pk is not None and above is not None:
        if above.pk == pk:
            raise Invalid(
                "上级项目不能是自己的子项目", problems=[Problem("请改选", field="parent")], way_out="请改选。"
            )
        above = above.parent
    spent = gathering.spent(pk) if pk is not None else Decimal(0)
    if project.budget and project.budget < spent:
        raise Invalid(
            f"概算 {project.budget:,.2f} 元低于已支出 {spent:,.2f} 元",
            problems=[Problem("概算低于已支出", field="budget")], way_out="请核对概算。",
        )  # fmt: skip
    project.save()
    _log(actor, project, "修改" if pk else "登记")
    return project


@transaction.atomic
def deliver(
    *, actor: User, project: Project, name: str, asset_class: AssetClass, unit: OrgUnit, amount: Decimal | None = None
) -> Asset:  # fmt: skip
    """交付转固: a draft card at what was gathered, or a part of it, to be completed and booked as an estimate.

    Each source pays as it paid for the project. Refuses more than is left, with the figures.
    """
    row = _open(actor, project)
    scope.require(actor, EDIT, unit.pk)
    have = {source: left for (_, source), left in gathering.left([row.pk]).items() if left > 0}
    waiting = _waiting(row)
    whole = sum(have.values(), Decimal(0)) - waiting
    wanted = whole if amount is None else amount
    if not 0 < wanted <= whole:
        raise Conflict(
            f"{row} 归集 {whole + waiting:,.2f} 元，待入账卡片 {waiting:,.2f} 元，可转固 {whole:,.2f} 元，不能转固 {wanted:,.2f} 元",
            code="more_than_gathered", way_out="请先用工程支出单归集成本，未结算的记应付账款-暂估；子项目请在子项目上转固。",
        )  # fmt: skip
    today = clock.today()
    asset = Asset.objects.create(
        name=name.strip() or row.name, pinyin=pinyin_key(name.strip() or row.name), asset_class=asset_class, way=Way.BUILT,
        value_kind=ValueKind.ESTIMATE, cost=wanted, life_months=reference.usual_months(asset_class, today), campus=row.campus,
        org_unit=unit, accepted_on=today, origin=f"assets.project:{row.pk}", supplier=row.contractor,
    )  # fmt: skip
    parts = largest_remainder(
        to_cents(wanted), {str(source): to_cents(left) for source, left in have.items()}
    )
    FundingLine.objects.bulk_create(
        FundingLine(asset=asset, source_id=int(source), cost=from_cents(part))
        for source, part in parts.items()
        if part
    )
    DepartmentShare.objects.create(asset=asset, org_unit=unit, ratio=Decimal(100), valid_from=today)
    ProjectCard.objects.create(project=row, asset=asset)
    _log(actor, row, f"交付转固 {asset.name} {wanted:,.2f} 元")
    return asset


def _waiting(project: Project) -> Decimal:
    """What cards that are not booked yet will take."""
    rows = FundingLine.objects.filter(
        asset__project_card__project=project, asset__status=Status.DRAFT
    ).values_list("cost", flat=True)
    return sum(rows, Decimal(0))


@transaction.atomic
def settle(*, actor: User, project: Project, final: Decimal, on: dt.date, approval: str) -> Revision:
    """竣工决算: a draft of the revision that takes the project's estimated cards to their final cost.

    The difference is spread over cards and sources by what they cost; finance may set it right line by line before posting.
    """
    row = _open(actor, project)
    cards = list(
        Asset.objects.filter(project_card__project=row, status__in=HELD, value_kind=ValueKind.ESTIMATE)
    )
    left = sum(gathering.left([row.pk]).values(), Decimal(0))
    if not cards:
        raise Conflict(f"{row} 没有暂估入账的卡片", code="nothing_delivered", way_out="请先交付转固并入账。")
    if left:
        raise Conflict(
            f"{row} 在建工程还有余额 {left:,.2f} 元", code="left_over", way_out="请先交付转固，或用资产变动单（对方科目在建工程）转入卡片。"
        )  # fmt: skip
    lines = list(FundingLine.objects.filter(asset__in=cards).exclude(cost=0).order_by("asset", "pk"))
    estimate = sum((line.cost for line in lines), Decimal(0))
    parts = largest_remainder(
        to_cents(final - estimate), {f"{line.pk:012d}": to_cents(line.cost) for line in lines}
    )
    draft = documents.save_draft(
        Revision, actor=actor,
        header={
            "campus": row.campus_id, "org_unit": row.org_unit_id, "business_date": on, "kind": Kind.SETTLEMENT,
            "counter": Counter.PRIOR_YEARS,
            "reason": f"{row} 竣工决算 {final:,.2f} 元，暂估 {estimate:,.2f} 元，批复 {approval}"[:200],
        },
        lines=[
            {
                "asset": line.asset_id, "source": line.source_id, "project": line.project,
                "amount": from_cents(parts[f"{line.pk:012d}"]),
            }
            for line in lines
        ],
    )  # fmt: skip
    _log(actor, row, f"竣工决算 {final:,.2f} 元")
    return draft


def _open(actor: User, project: Project) -> Project:
    row = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    scope.require(actor, EDIT, row.org_unit_id)
    if row.state == Project.State.SETTLED:
        raise Conflict(f"{row} 已决算", code="settled", way_out="请刷新。")
    return row


def _log(actor: User, project: Project, words: str) -> None:
    audit.record(
        actor=actor, act=EDIT, target=f"assets.project:{project.pk}", summary=f"{project} {words}", unit_id=project.org_unit_id
    )  # fmt: skip
