"""Sixty-four wards at one shelf ask for 3,200 of 2,000 pieces: exactly 2,000 are promised, exactly 2,000 leave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connection
from django.db.models import Sum

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Reservation, StockBalance
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.services import delivering
from hrp.logistics.requesting.tests.world import Ward
from hrp.logistics.tests.waiting import free_while_waiting
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document, State
from hrp.platform.documents.testing import DAY

CLIENTS, EACH, STOCK = 64, 50, 2000


def all_at_once(documents: list[Any], ward: Ward) -> list[str]:
    """Everybody posts at the same moment; what came of each."""

    def post(document: Document) -> str:
        try:
            with clock.pinned(clock.at(DAY, 10)):
                return posting.post(document, actor=ward.keeper).state
        except Conflict as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as clients:
        return list(clients.map(post, documents))


def test_issues_give_exactly_what_is_there(committed_db: Any) -> None:
    ward = Ward()
    gauze = ward.room.gauze
    ward.receive(gauze, STOCK, "2345.67")
    header = ward.header(fund=ward.room.fund.pk)
    drafts = [
        services.submit(
            services.save_draft(
                StockIssue,
                actor=ward.keeper,
                header=header,
                lines=[{"item": gauze.pk, "quantity": str(EACH)}],
            ),
            actor=ward.keeper,
        )
        for _ in range(CLIENTS)
    ]
    outcomes = all_at_once(drafts, ward)
    assert outcomes.count(State.POSTED) == STOCK // EACH
    assert outcomes.count("no_stock") == CLIENTS - STOCK // EACH
    assert set(StockBalance.objects.values_list("quantity", "amount")) == {(Decimal(0), Decimal(0))}
    assert ward.spent() == Decimal("2345.67")
    assert [o for o in health.run() if o.state != "ok"] == []


def test_requests_are_promised_exactly_what_is_there_and_given_it(committed_db: Any) -> None:
    ward = Ward()
    gauze = ward.room.gauze
    with clock.pinned(clock.at(DAY, 9)):
        ward.receive(gauze, STOCK, "2345.67")
        requests = [ward.ask((gauze, EACH)) for _ in range(CLIENTS)]
    outcomes = all_at_once(requests, ward)
    assert outcomes.count(State.POSTED) == STOCK // EACH
    assert outcomes.count("no_stock") == CLIENTS - STOCK // EACH
    assert Reservation.objects.aggregate(sum=Sum("quantity")) == {"sum": STOCK}

    with clock.pinned(clock.at(DAY, 10)):
        promised = Requisition.objects.filter(state=State.POSTED)
        issues = [delivering.deliver(request, actor=ward.keeper) for request in promised]
        header = ward.header(fund=ward.room.fund.pk)
        line = {"item": gauze.pk, "quantity": str(EACH)}
        thieves = [
            services.submit(
                services.save_draft(StockIssue, actor=ward.keeper, header=header, lines=[line]),
                actor=ward.keeper,
            )
            for _ in range(8)
        ]
    mixed = [one for pair in zip(issues[:8], thieves, strict=True) for one in pair] + issues[8:]
    outcomes = all_at_once(mixed, ward)
    assert outcomes.count(State.POSTED) == STOCK // EACH, (
        "whoever was promised is given, whoever was not is not"
    )
    assert outcomes.count("no_stock") == len(thieves)
    assert not Reservation.objects.exists()
    assert set(StockBalance.objects.values_list("quantity", "amount")) == {(Decimal(0), Decimal(0))}
    assert [o for o in health.run() if o.state != "ok"] == []


def test_an_issue_taken_back_holds_its_request_before_it_waits_for_stock(
    committed_db: Any, owner_connection: psycopg.Connection
) -> None:
    """As at posting: who gives on a request and who takes back what was given wait for each other, never in a circle."""
    ward = Ward()
    with clock.pinned(clock.at(DAY, 9)):
        ward.receive(ward.room.gauze, 10, "20")
        issue = ward.give(ward.asked((ward.room.gauze, 4)))

    def take_back() -> None:
        with clock.pinned(clock.at(DAY, 10)):
            posting.reverse(issue, actor=ward.keeper, reason="撤销", on=DAY)

    assert free_while_waiting(owner_connection, take_back, "logistics_requisition") == (0, 1)
    ward.check()
