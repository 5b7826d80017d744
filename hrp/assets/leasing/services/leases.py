"""What is leased, rented or placed with us: kept, paid for, and ended by return or by becoming ours."""

from __future__ import annotations

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from hrp.assets.documents.revision import Counter, Revision
from hrp.assets.documents.revision import Kind as RevisionKind
from hrp.assets.documents.write_off import Way as WriteOffWay
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.leasing.models import Lease, LeaseCard, LeasePayment
from hrp.assets.leasing.rules import due_days, longest_life, term_months
from hrp.assets.models import Asset, DepartmentShare
from hrp.assets.models.cards import HELD, Status, ValueKind, Way
from hrp.assets.services import reference
from hrp.assets.services.filling import fill, refuse
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services as documents

EDIT = "assets.lease.edit"
WAYS = {Lease.Kind.FINANCE: Way.LEASED, Lease.Kind.OPERATING: Way.RENTED, Lease.Kind.PLACED: Way.PLACED}
KEPT = {
    "id", "token", "number", "origin", "status", "booked_on", "disposed_on", "cost", "way", "value_kind", "life_months", "accepted_on",
}  # fmt: skip
"""What the card of a thing that becomes ours does not take from its memo card."""


def limit(lease: Lease, asset: Asset, on: dt.date) -> int | None:
    """The longest life a leased card may have, in months."""
    term = term_months(lease.starts_on, lease.ends_on)
    return longest_life(term, reference.usual_months(asset.asset_class, on), passes=lease.passes_ownership)


@transaction.atomic
def save(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> Lease:
    """Make a lease or change it while it runs; term and kind stand once a card of it is booked."""
    lease = Lease.objects.select_for_update().get(pk=pk) if pk is not None else Lease()
    if lease.ended_on is not None:
        raise Conflict(f"{lease} 已于 {lease.ended_on} 结束", code="ended", way_out="请另行登记新合同。")
    stood = copy.copy(lease)
    wrong = fill(lease, values)
    if not wrong and pk is not None and lease.cards.exclude(asset__status=Status.DRAFT).exists():
        _require_term(stood, lease)
    scope.require(actor, EDIT, lease.org_unit_id)
    refuse("租入合同", lease, wrong)
    lease.save()
    audit.record(
        actor=actor, act=EDIT, target=f"assets.lease:{lease.pk}", summary=f"{'修改' if pk else '登记'} {lease}",
        unit_id=lease.org_unit_id,
    )  # fmt: skip
    return lease


def _require_term(stood: Lease, lease: Lease) -> None:
    """Term and kind of a lease whose cards are booked stand as they stood."""
    fixed = ("kind", "starts_on", "ends_on", "passes_ownership")
    changed = [name for name in fixed if getattr(lease, name) != getattr(stood, name)]
    if changed:
        titles = "、".join(str(field.verbose_name) for field in Lease._meta.fields if field.name in changed)
        raise Conflict(
            f"{stood} 的资产已入账，{titles}不能修改", code="booked", way_out="续租请在结束后登记新合同。"
        )


@transaction.atomic
def include(*, actor: User, lease: Lease, asset: Asset) -> LeaseCard:
    """Put a card under a lease; a draft takes its way, its kind of value and its longest life from it."""
    row = _running(actor, lease)
    card = Asset.objects.select_for_update(of=("self",)).get(pk=asset.pk)
    scope.require(actor, EDIT, card.org_unit_id)
    other = LeaseCard.objects.filter(asset=card).select_related("lease").first()
    if other is not None:
        raise Conflict(f"{card} 已列入 {other.lease}", code="included", way_out="一张卡片只属于一份合同。")
    way = WAYS[Lease.Kind(row.kind)]
    if card.status == Status.DRAFT:
        if way != Way.LEASED and card.funding.exists():
            raise Conflict(
                f"{card} 已登记资金来源，{row.get_kind_display()}的资产没有价值", code="has_value", way_out="请先取消资金来源。"
            )  # fmt: skip
        card.way = way
        if way == Way.LEASED:
            card.life_months = limit(row, card, row.starts_on)
        else:
            card.value_kind, card.cost = ValueKind.MEMO, Decimal(0)
        card.save(update_fields=["way", "value_kind", "cost", "life_months"])
    elif card.status not in HELD or card.way != way:
        raise Conflict(
            f"{card} {card.get_status_display()}，取得方式为{card.get_way_display()}，不能列入{row.get_kind_display()}合同",
            code="not_leased", way_out="请核对卡片。",
        )  # fmt: skip
    made = LeaseCard.objects.create(lease=row, asset=card)
    audit.record(
        actor=actor, act=EDIT, target=f"assets.lease:{row.pk}", summary=f"{row} 列入 {card}", unit_id=row.org_unit_id
    )  # fmt: skip
    return made


def _running(actor: User, lease: Lease) -> Lease:
    row = Lease.objects.select_for_update().get(pk=lease.pk)
    scope.require(actor, EDIT, row.org_unit_id)
    if row.ended_on is not None:
        raise Conflict(f"{row} 已于 {row.ended_on} 结束", code="ended", way_out="请另行登记新合同。")
    return row


def paid(lease: Lease) -> dict[dt.date, Decimal]:
    rows = LeasePayment.objects.filter(lease=lease).values_list("due_on").annotate(Sum("amount"))
    return dict(rows.order_by())


def dues(lease: Lease) -> list[dt.date]:
    if not lease.rent:
        return []
    last = min(lease.ends_on, lease.ended_on) if lease.ended_on else lease.ends_on
    return due_days(lease.starts_on, last, lease.every_months)


@transaction.atomic
def pay(
    *, actor: User, lease: Lease, due_on: dt.date, paid_on: dt.date, amount: Decimal, voucher: str = ""
) -> LeasePayment:  # fmt: skip
    """Write down what was paid of an instalment. Refuses more than is due, with the figures."""
    row = Lease.objects.select_for_update().get(pk=lease.pk)
    scope.require(actor, EDIT, row.org_unit_id)
    before = paid(row).get(due_on, Decimal(0))
    problems = []
    if due_on not in dues(row):
        problems.append(Problem(f"{due_on} 不是应付日", field="due_on"))
    if paid_on > clock.today():
        problems.append(Problem("付款日期在今天之后", field="paid_on"))
    if not amount or not 0 <= before + amount <= row.rent:
        words = f"一期租金 {row.rent:,.2f} 元，已付 {before:,.2f} 元，不能再付 {amount:,.2f} 元"
        problems.append(Problem(words, field="amount"))
    if problems:
        raise Invalid(
            "租金支付没有登记", problems=problems, way_out="请核对应付日与金额；登记错的用负数冲回。"
        )
    made = LeasePayment.objects.create(
        lease=row, due_on=due_on, paid_on=paid_on, amount=amount, voucher=voucher.strip()[:60], actor=actor, at=clock.now()
    )  # fmt: skip
    audit.record(
        actor=actor, act=EDIT, target=f"assets.lease:{row.pk}", summary=f"{row} 支付 {due_on} 租金 {amount:,.2f} 元",
        unit_id=row.org_unit_id,
    )  # fmt: skip
    return made


@transaction.atomic
def end(*, actor: User, lease: Lease, how: str, on: dt.date) -> list[Any]:
    """End a lease. What follows for its cards is drafted for finance: write-offs of what goes back, the life of what is ours now.

    A rented or placed thing that becomes ours gets a draft card of its own beside the write-off of the memo card.
    """
    row = _running(actor, lease)
    if not row.starts_on <= on <= clock.today():
        raise Invalid(
            f"结束日期应在 {row.starts_on} 与今天之间", problems=[Problem("日期不对", field="on")], way_out="请改正日期。"
        )  # fmt: skip
    row.ended_on, row.ended_how = on, how
    row.save(update_fields=["ended_on", "ended_how"])
    held = [
        card.asset for card in row.cards.select_related("asset__asset_class") if card.asset.status in HELD
    ]
    drafts: list[Any] = []
    if how == Lease.End.RETURN or row.kind != Lease.Kind.FINANCE:
        drafts += _given_back(actor, row, held, on, ours=how == Lease.End.OWNERSHIP)
    else:
        drafts += _longer(actor, row, held, on)
    audit.record(
        actor=actor, act=EDIT, target=f"assets.lease:{row.pk}", summary=f"{row} {row.get_ended_how_display()}",
        unit_id=row.org_unit_id,
    )  # fmt: skip
    return drafts


def _by_campus(assets: Sequence[Asset]) -> list[tuple[int, list[Asset]]]:
    found: dict[int, list[Asset]] = defaultdict(list)
    for asset in assets:
        found[asset.campus_id].append(asset)
    return sorted(found.items())


def _given_back(actor: User, lease: Lease, assets: Sequence[Asset], on: dt.date, *, ours: bool) -> list[Any]:
    """A write-off of the cards; where the things stay, a draft of each to be booked at what it is worth."""
    reason = f"{lease} {'取得所有权，备查卡片注销' if ours else '退还'}"
    drafts = [
        documents.save_draft(
            WriteOff, actor=actor, lines=[{"asset": asset.pk} for asset in some],
            header={
                "campus": campus, "org_unit": lease.org_unit_id, "business_date": on, "way": WriteOffWay.RETURN, "reason": reason,
            },
        )
        for campus, some in _by_campus(assets)
    ]  # fmt: skip
    for asset in assets if ours else ():
        fields = {
            f.attname: getattr(asset, f.attname) for f in Asset._meta.concrete_fields if f.name not in KEPT
        }
        made = Asset.objects.create(
            **fields, way=Way.PURCHASE, origin="", accepted_on=on, life_months=reference.usual_months(asset.asset_class, on)
        )  # fmt: skip
        DepartmentShare.objects.create(
            asset=made, org_unit_id=asset.org_unit_id, ratio=Decimal(100), valid_from=on
        )
    return drafts


def _longer(actor: User, lease: Lease, assets: Sequence[Asset], on: dt.date) -> list[Any]:
    """A financed thing that is ours now is depreciated over what is left of its useful life."""
    drafts = []
    for campus, some in _by_campus(assets):
        lives = {asset.pk: reference.usual_months(asset.asset_class, on) for asset in some}
        lines = [
            {"asset": asset.pk, "life_months": lives[asset.pk]}
            for asset in some
            if (lives[asset.pk] or 0) > (asset.life_months or 0)
        ]
        if lines:
            header = {
                "campus": campus, "org_unit": lease.org_unit_id, "business_date": on, "kind": RevisionKind.LIFE,
                "counter": Counter.CONSTRUCTION, "reason": f"{lease} 期满取得所有权",
            }  # fmt: skip
            drafts.append(documents.save_draft(Revision, actor=actor, header=header, lines=lines))
    return drafts
