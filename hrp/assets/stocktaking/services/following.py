"""What follows from an approved stocktake: drafts of transfers and of write-offs, and cards for what had none."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.db import transaction

from hrp.assets.documents.asset_transfer import AssetTransfer
from hrp.assets.documents.write_off import Way as WriteOffWay
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.models import Asset, AssetClass, FundingSource
from hrp.assets.models.cards import HELD, ValueKind, Way
from hrp.assets.services import cards
from hrp.assets.stocktaking.models import Finding, FoundCard, Outcome, Result, StocktakePlan
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services.concluding import differing
from hrp.assets.stocktaking.services.planning import lock, log
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import registry
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import Document, State

NOMINAL = Decimal(1)


def _approved(plan: StocktakePlan) -> StocktakePlan:
    fresh = lock(plan)
    if fresh.state != StocktakePlan.State.APPROVED:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}", code="not_approved", way_out="请先审批盘点结果。"
        )
    return fresh


def _open(results: list[Result]) -> list[Result]:
    """Results nothing was drafted for yet, or whose draft came to nothing; of assets still held."""
    drafted: dict[int, list[str]] = defaultdict(list)
    for result_id, source in Outcome.objects.filter(result__in=results).values_list("result_id", "source"):
        drafted[result_id].append(source)
    return [
        one for one in results
        if one.line.asset.status in HELD and not any(_stands(source) for source in drafted[one.pk])
    ]  # fmt: skip


def _stands(source: str) -> bool:
    document = registry.load(source)
    return document.state not in (State.VOID, State.REVERSED)


@transaction.atomic
def draft_transfers(plan: StocktakePlan, *, actor: User) -> list[Document]:
    """A draft transfer per department that gives up what was found elsewhere."""
    fresh = _approved(plan)
    by_unit: dict[int, list[Result]] = defaultdict(list)
    for result in _open(differing(fresh, [Kind.OTHER_UNIT])):
        by_unit[result.line.task.org_unit_id].append(result)
    made: list[Document] = []
    for unit, results in sorted(by_unit.items()):
        lines = [
            {
                "asset": one.line.asset_id, "to_unit": one.finding.task.org_unit_id, "ratio": 100,
                "location": one.finding.location_id,
            }
            for one in results if one.finding is not None
        ]  # fmt: skip
        header = _header(fresh, unit) | {"reason": f"盘点发现在其他科室（{fresh}）"}
        document = documents.save_draft(AssetTransfer, actor=actor, header=header, lines=lines)
        _remember(results, Outcome.Way.TRANSFER, document, actor)
        made.append(document)
    return _some(made, fresh, "transfers", actor)


@transaction.atomic
def draft_losses(plan: StocktakePlan, *, actor: User) -> list[Document]:
    """A draft write-off of what was not found; its net value waits on 1902 until it is decided upon."""
    fresh = _approved(plan)
    results = _open(differing(fresh, [Kind.NOT_FOUND]))
    made: list[Document] = []
    if results:
        header = _header(fresh, fresh.org_unit_id) | {
            "way": WriteOffWay.LOSS, "reason": f"盘点未找到（{fresh}）", "approval_number": "",
        }  # fmt: skip
        lines = [{"asset": one.line.asset_id} for one in results]
        document = documents.save_draft(WriteOff, actor=actor, header=header, lines=lines)
        _remember(results, Outcome.Way.LOSS, document, actor)
        made.append(document)
    return _some(made, fresh, "losses", actor)


def _header(plan: StocktakePlan, unit: int) -> dict[str, object]:
    return {"campus": plan.campus_id, "org_unit": unit, "business_date": clock.today()}


def _remember(results: list[Result], way: str, document: Document, actor: User) -> None:
    now = clock.now()
    Outcome.objects.bulk_create(
        Outcome(result=one, way=way, source=document.source, by=actor, at=now) for one in results
    )


def _some(made: list[Document], plan: StocktakePlan, act: str, actor: User) -> list[Document]:
    if not made:
        raise Conflict(f"{plan} 没有需要拟单的差异", code="nothing_open", way_out="已拟的单据请看处理记录。")
    log(plan, act, actor, {"drafts": [document.source for document in made]})
    return made


@transaction.atomic
def value_found(
    finding: Finding, *, actor: User, asset_class: AssetClass, source: FundingSource, basis: str, papers: str, value: Decimal | None,
    life_months: int | None = None,
) -> Asset:  # fmt: skip
    """盘盈估值: a draft card for what had none, valued by a price that is named; booked by 资产入账单 as 盘盈."""
    _approved(finding.task.plan)
    fresh = Finding.objects.select_related("task__plan", "task__org_unit").get(pk=finding.pk)
    if fresh.kind != Kind.EXTRA:
        raise Invalid("只有账外资产需要估值", code="has_card")
    if FoundCard.objects.filter(finding=fresh).exists():
        raise Conflict(f"{fresh.name} 已估值", code="valued", way_out="请在待入账卡片中查看。")
    nominal = basis == FoundCard.Basis.NOMINAL
    worth = NOMINAL if nominal else (value or Decimal(0))
    problems = [] if worth > 0 else [Problem("请填写入账价值", field="value")]
    if basis not in FoundCard.Basis.values:
        problems.append(Problem("请选择计价依据", field="basis"))
    if not papers.strip():
        problems.append(Problem("请写明依据，例如同类资产编号、评估报告文号", field="papers"))
    if problems:
        raise Invalid("盘盈估值不完整", problems=problems, way_out="请按标红处补全。")
    asset = cards.save(
        actor=actor, pk=None,
        values={
            "name": fresh.name, "model": fresh.model, "serial_number": fresh.serial_number, "asset_class": asset_class,
            "way": Way.FOUND, "value_kind": ValueKind.NOMINAL if nominal else ValueKind.COST, "campus": fresh.task.plan.campus,
            "org_unit": fresh.task.org_unit, "location": fresh.location, "life_months": life_months,
            "origin": f"assets.stocktake:{fresh.task.plan_id}", "note": papers.strip()[:300],
        },
    )  # fmt: skip
    cards.pay(actor=actor, asset=asset, source=source, project="", cost=worth)
    FoundCard.objects.create(
        finding=fresh,
        asset=asset,
        basis=basis,
        papers=papers.strip()[:200],
        value=worth,
        by=actor,
        at=clock.now(),
    )
    asset.refresh_from_db()
    return asset
