"""What is wrong with cards that are to be booked, with the figures that disagree."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from hrp.assets import parameters
from hrp.assets.models import Asset, AssetClass, DepartmentShare, FundingLine, LifeRule
from hrp.assets.models.cards import NOT_OURS, LifeBasis, Status, ValueKind, Way
from hrp.assets.models.classes import Group, Method
from hrp.platform.access import scope
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models.units import valid_on

ZERO = Decimal(0)
USED = (Way.OPENING, Way.TRANSFERRED, Way.DONATED, Way.FOUND, Way.LEASED)
"""Ways by which a life comes along that no table says."""


def costs(asset_ids: Sequence[int]) -> dict[int, Decimal]:
    """Σ funding lines by card, in yuan."""
    rows = FundingLine.objects.filter(asset__in=asset_ids).values_list("asset").annotate(Sum("cost"))
    return dict(rows)


def class_accounts(class_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """(asset account, accumulated depreciation account) by class."""
    rows = AssetClass.objects.filter(pk__in=class_ids)
    return {
        pk: (asset, depreciation)
        for pk, asset, depreciation in rows.values_list(
            "pk", "asset_account__code", "depreciation_account__code"
        )
    }


def least_months(asset: Asset, on: dt.date) -> int | None:
    """The shortest life the table in force allows, in months; None where no row is."""
    return least_of(asset.asset_class, on)


def least_of(asset_class: AssetClass, on: dt.date) -> int | None:
    rule = LifeRule.objects.filter(valid_on(on), code=asset_class.life_code).first()
    return None if rule is None else rule.least * 12


def booking_problems(lines: Sequence[Any], on: dt.date) -> list[Problem]:
    """At the line of each card: state, value, life, funding and departments."""
    ids = [line.asset_id for line in lines if line.asset_id]
    assets = Asset.objects.select_related("asset_class").in_bulk(ids)
    paid = costs(ids)
    # until it is booked a card's shares have no days of their own
    shares = DepartmentShare.objects.filter(asset__in=ids, valid_to=None)
    shared = dict(shares.values_list("asset").annotate(Sum("ratio")))
    openings: dict[int, list[FundingLine]] = defaultdict(list)
    for paid_by in FundingLine.objects.filter(asset__in=ids).select_related("source"):
        openings[paid_by.asset_id].append(paid_by)
    residual = parameters.residual_percent(on)
    problems = []
    for place, line in enumerate(lines):
        asset = assets.get(line.asset_id)
        if asset is None:
            continue
        words = _state(asset) + _value(asset, paid.get(asset.pk, ZERO), on) + _life(asset, on)
        ratio = shared.get(asset.pk, ZERO)
        if ratio != 100:
            words.append(f"使用科室比例合计 {ratio.normalize():f}%，不等于 100%")
        words += _openings(asset, openings[asset.pk], residual)
        problems += [Problem(f"{asset.name}：{word}", field="asset", line=place) for word in words]
    seen: set[int] = set()
    for place, line in enumerate(lines):
        if line.asset_id in seen:
            problems.append(Problem("同一张卡片重复", field="asset", line=place))
        seen.add(line.asset_id)
    return problems


def _openings(asset: Asset, lines: Sequence[FundingLine], residual: Decimal) -> list[str]:
    """What other books depreciated, where a card may bring it and how much."""
    if not any(line.opening or line.opening_months for line in lines):
        return []
    if asset.way not in (Way.OPENING, Way.TRANSFERRED):
        return ["只有期初建账和无偿调入的卡片可以带入累计折旧"]
    words = []
    if not asset.is_depreciated:
        words.append("不计提折旧的资产不能带入累计折旧")
    months = {line.opening_months for line in lines}
    if len(months) > 1:
        words.append(f"各来源的期初已提月数不一致（{'、'.join(map(str, sorted(months)))}）")
    for line in lines:
        most = line.cost - round_money(line.cost * residual / 100)
        if line.opening > most:
            words.append(f"{line.source} 期初累计折旧 {line.opening:,.2f} 元超过应提总额 {most:,.2f} 元")
    return words


def strangers(document: Any, lines: Sequence[Any]) -> list[Problem]:
    """Cards its maker may not handle, which look as if they did not exist, and cards of another hospital."""
    hospital = document.campus.hospital_id
    held = scope.units(document.maker, document.spec.permission("edit"))
    ids = {line.asset_id for line in lines if line.asset_id}
    known = {
        pk: (unit, home)
        for pk, unit, home in Asset.objects.filter(pk__in=ids).values_list(
            "pk", "org_unit", "campus__hospital"
        )
    }
    problems = []
    for place, line in enumerate(lines):
        if line.asset_id not in known:
            continue
        unit, home = known[line.asset_id]
        if held is not None and document.org_unit_id in held and unit not in held:
            problems.append(Problem("没有这张卡片", field="asset", line=place, way_out="请从参照中选择。"))
        elif home != hospital:
            problems.append(
                Problem("卡片不属于单据所在的医院", field="asset", line=place, way_out="请核对院区。")
            )
    return problems


def require_known(document: Any, lines: Sequence[Any]) -> None:
    """Refuses strangers before anything is said of the cards, their names and states included."""
    problems = strangers(document, lines)
    if problems:
        raise Invalid(
            f"{document.spec.title}有 {len(problems)} 处需要修改",
            problems=problems,
            way_out="请按标红处修改。",
        )


def require_in_reach(
    document: Any, named: Iterable[tuple[int | None, int]], *, field: str, words: str
) -> None:
    """Refuses what a document names in departments where its maker may not make one, as if it did not exist.

    ``named`` is (line, department) of each; the line is None for what the header names.
    """
    held = scope.units(document.maker, document.spec.permission("edit"))
    if held is None or document.org_unit_id not in held:
        return
    problems = [
        Problem(words, field=field, line=line, way_out="请从参照中选择。")
        for line, unit in named
        if unit not in held
    ]
    if problems:
        raise Invalid(words, problems=problems, way_out="请按标红处修改。")


def _state(asset: Asset) -> list[str]:
    return [] if asset.status == Status.DRAFT else [f"已入账，编号 {asset.number}"]


def _value(asset: Asset, paid: Decimal, on: dt.date) -> list[str]:
    if asset.way in NOT_OURS and asset.value_kind != ValueKind.MEMO:
        return [f"{asset.get_way_display()}，价值类型应为“备查（无价值）”"]
    if asset.value_kind == ValueKind.MEMO:
        return ["备查资产没有价值，不应有资金构成"] if paid else []
    if asset.cost and asset.cost != paid:
        return [f"资金构成合计 {paid:,.2f} 元与原值 {asset.cost:,.2f} 元相差 {asset.cost - paid:,.2f} 元"]
    if not paid:
        return ["没有资金构成"]
    per_piece = paid / asset.quantity
    limit = threshold(asset.asset_class, on)
    if per_piece < limit and not asset.asset_class.bulk and asset.value_kind != ValueKind.NOMINAL:
        return [f"单位价值 {per_piece:,.2f} 元低于标准 {limit:,.2f} 元，应在购入时计入费用"]
    return []


def threshold(kind: AssetClass, on: dt.date) -> Decimal:
    """From which value on a piece is an asset: the class's own standard, else the hospital's."""
    if kind.group == Group.INTANGIBLE:
        return parameters.small_intangible(on)
    return kind.threshold or parameters.capital_threshold(on)


def _life(asset: Asset, on: dt.date) -> list[str]:
    if asset.life_basis and asset.asset_class.group != Group.INTANGIBLE:
        return ["不是无形资产，不填年限依据"]
    if not asset.is_depreciated:
        return []
    if asset.asset_class.method == Method.UNITS:
        return [] if asset.total_units else ["按工作量法计提，请填写总工作量"]
    if not asset.life_months:
        return ["没有使用月数"]
    # a lease has its term, a licence its contract or law; what was used elsewhere has its rest
    least = None if asset.life_basis in (LifeBasis.LEGAL, LifeBasis.CONTRACT) else least_months(asset, on)
    if asset.way not in USED and least is not None and asset.life_months < least:
        return [f"使用 {asset.life_months} 个月，短于规定的最低 {least} 个月"]
    return []
