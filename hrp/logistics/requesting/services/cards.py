"""定数卡: an empty card is scanned. Those of a department become one request, those of a store part of a purchase plan."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics import gates
from hrp.logistics.gates import EmptyCards
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import granted_lines, request_of
from hrp.logistics.requesting.models import CardScan, QuotaCard
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.documents import registry
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State
from hrp.platform.documents.spec import PostingContext
from hrp.platform.org.models import OrgUnit

SCAN = "logistics.quota_card.scan"


@transaction.atomic
def scan(code: str, *, actor: User, key: uuid.UUID) -> CardScan:
    """An empty card. A card that waits already, or the very scan sent twice, counts once (``counted`` False).

    Raises NotFound for a card that does not exist, is out of use or hangs in another department.
    """
    card = QuotaCard.objects.select_for_update().filter(code=code.strip(), is_active=True).first()
    if card is None or not scope.has(actor, SCAN, card.org_unit_id):
        scope.require(actor, SCAN)
        raise NotFound(f"没有卡号为 {code.strip()[:40]} 的定数卡", way_out="请核对卡号；已停用的卡请换新。")
    before = CardScan.objects.filter(uuid=key).select_related("card").first()
    if before is not None:
        return before
    return _emptied(card, actor=actor, key=key)


def _emptied(card: QuotaCard, *, actor: User, key: uuid.UUID) -> CardScan:
    counted = card.state == QuotaCard.State.FULL
    if counted:
        card.state = QuotaCard.State.EMPTY
        card.save(update_fields=["state"])
    return CardScan.objects.create(uuid=key, card=card, by=actor, at=clock.now(), counted=counted)


@transaction.atomic
def ask(org_unit: OrgUnit, *, actor: User) -> list[Requisition]:
    """补货: one request per store for all empty cards of the department, submitted at once."""
    scope.require(actor, SCAN, org_unit.pk)
    cards = list(
        QuotaCard.objects.select_for_update().filter(
            org_unit=org_unit, state=QuotaCard.State.EMPTY, is_active=True, kind=QuotaCard.Kind.DEPARTMENT
        ).order_by("pk")
    )  # fmt: skip
    if not cards:
        raise Conflict(f"{org_unit} 没有空卡", code="no_empty_card", way_out="请先扫描空卡。")
    by_store: dict[int, list[QuotaCard]] = defaultdict(list)
    for card in cards:
        by_store[card.store_id].append(card)
    return [_ask(org_unit, group, actor=actor) for _, group in sorted(by_store.items())]


def _ask(org_unit: OrgUnit, cards: list[QuotaCard], *, actor: User) -> Requisition:
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    for card in cards:
        wanted[card.item_id] += card.quantity
    header = {
        "campus": org_unit.campus_id, "org_unit": org_unit.pk, "business_date": clock.today(),
        "store": cards[0].store_id, "purpose": f"定数卡补货 {len(cards)} 张",
    }  # fmt: skip
    lines = [{"item": item, "quantity": quantity, "reason": "定数补货"} for item, quantity in wanted.items()]
    request = documents.save_draft(Requisition, actor=actor, header=header, lines=lines)
    request = documents.submit(request, actor=actor)
    for card in cards:
        card.state, card.request = QuotaCard.State.ASKED, request.source
    QuotaCard.objects.bulk_update(cards, ["state", "request"])
    audit.record(
        actor=actor, act="logistics.quota_card.ask", target=request.source,
        summary=f"定数卡补货 {request}", data={"cards": [card.code for card in cards]},
    )  # fmt: skip
    return request


def refilled(document: Any, ctx: PostingContext) -> None:
    """Cards whose request is served in full hang at full packs again."""
    request = request_of(document, ctx)
    if request is None:
        return
    source = f"{Requisition.spec.kind}:{request}"
    if any(line.left for line in granted_lines(request)):
        return
    for card in QuotaCard.objects.select_for_update().filter(request=source).order_by("pk"):
        card.state, card.request = QuotaCard.State.FULL, ""
        card.save(update_fields=["state", "request"])


@transaction.atomic
def put_back(card: QuotaCard, *, actor: User, reason: str) -> QuotaCard:
    """复位: a card scanned by mistake, or whose request was refused, hangs at a full pack again."""
    card = QuotaCard.objects.select_for_update().get(pk=card.pk)
    scope.check_object(actor, SCAN, card)
    if card.state == QuotaCard.State.FULL:
        raise Conflict(f"{card} 在位，无需复位", way_out="请刷新页面。")
    card.state, card.request = QuotaCard.State.FULL, ""
    card.save(update_fields=["state", "request"])
    audit.record(
        actor=actor, act="logistics.quota_card.put_back", target=f"logistics.quota_card:{card.pk}",
        summary=f"复位定数卡 {card}：{reason}",
    )  # fmt: skip
    return card


class StoreCards:
    """Cards that hang in the stores themselves, as purchasing sees them."""

    def empty(self, store_id: int) -> dict[int, EmptyCards]:
        """By item: cards scanned empty that no plan in force asks for."""
        found: dict[int, EmptyCards] = {}
        for card in _hanging(store_id):
            if card.state == QuotaCard.State.EMPTY or (
                card.state == QuotaCard.State.ASKED and _given_up(card.request)
            ):
                before = found.get(card.item_id, EmptyCards(0, Decimal(0)))
                found[card.item_id] = EmptyCards(before.count + 1, before.quantity + card.quantity)
        return found

    def scan(self, store_id: int, item_id: int, count: int, *, actor: User) -> int:
        """So many empty cards of an item were brought without being scanned one by one. Raises Conflict for too many."""
        hanging = [card for card in _locked(store_id, [item_id]) if card.state == QuotaCard.State.FULL][
            :count
        ]
        if len(hanging) < count:
            raise Conflict(
                f"在位的定数卡只有 {len(hanging)} 张，不能登记 {count} 张空卡", code="too_many_cards",
                way_out="请核对卡数；新卡请先在“定数卡”登记，补货方式选“库房采购补货”。",
            )  # fmt: skip
        for card in hanging:
            _emptied(card, actor=actor, key=uuid.uuid4())
        return count

    def ask(self, store_id: int, item_ids: Sequence[int], *, source: str) -> None:
        """A plan asks for what the empty cards of these items stand for."""
        for card in _locked(store_id, item_ids):
            if card.state == QuotaCard.State.EMPTY or (
                card.state == QuotaCard.State.ASKED and _given_up(card.request)
            ):
                card.state, card.request = QuotaCard.State.ASKED, source
                card.save(update_fields=["state", "request"])


def _hanging(store_id: int) -> Any:
    return QuotaCard.objects.filter(store=store_id, kind=QuotaCard.Kind.STORE, is_active=True).order_by("pk")


def _locked(store_id: int, item_ids: Sequence[int]) -> list[QuotaCard]:
    return list(_hanging(store_id).filter(item__in=item_ids).select_for_update())


def _given_up(source: str) -> bool:
    """Whether the document that was to refill a card never will."""
    kind, _, pk = source.rpartition(":")
    found = registry.types.get(kind)
    state = (
        found.model._default_manager.filter(pk=pk).values_list("state", flat=True).first() if found else None
    )
    return state in (None, State.VOID, State.REVERSED)


def arrived(document: Any, ctx: PostingContext) -> None:
    """Goods received fill the packs of the store's own cards again, as many as they are enough for."""
    came: dict[int, Decimal] = defaultdict(Decimal)
    for item, quantity in document.lines.values_list("item_id", "quantity"):
        came[item] += quantity
    for card in _locked(document.store_id, sorted(came)):
        if card.state == QuotaCard.State.ASKED and came[card.item_id] >= card.quantity:
            came[card.item_id] -= card.quantity
            card.state, card.request = QuotaCard.State.FULL, ""
            card.save(update_fields=["state", "request"])


def register() -> None:
    gates.know_cards(StoreCards())
    gates.register(gates.Gate("cards", gates.Moment.RECEIPT, apply=arrived))
    for moment in (gates.Moment.ISSUE, gates.Moment.TRANSFER):
        gates.register(gates.Gate("cards", moment, apply=refilled))
