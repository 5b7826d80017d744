"""Several keepers at one order: what comes in is never more than was ordered, and nobody meets a deadlock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from hrp.logistics.purchasing.selectors import progress
from hrp.logistics.purchasing.tests.world import NOON, Market
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services

KEEPERS, DELIVERIES, ORDERED = 6, 18, 10


def test_exactly_what_was_ordered_comes_in(committed_db: Any) -> None:
    with clock.pinned(NOON):
        market = Market()
        first = market.sent(market.line(market.gauze, ORDERED), market.line(market.syringe, 100))
        second = market.sent(market.line(market.gauze, 100))
        one, two = first.lines.get(position=1).pk, second.lines.get().pk
        waiting = []
        for n in range(DELIVERIES):
            lines = [market.line(market.gauze, 1, order_line=key) for key in ((one, two), (two, one))[n % 2]]
            waiting.append(services.submit(market.direct(*lines, post=False), actor=market.keeper))

    def post(document: Any) -> str:
        try:
            with clock.pinned(NOON):
                return str(posting.post(document, actor=market.keeper).state)
        except Conflict as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(KEEPERS) as keepers:
        outcomes = list(keepers.map(post, waiting))
    assert outcomes.count("posted") == ORDERED
    assert outcomes.count("not_as_ordered") == DELIVERIES - ORDERED
    assert [line.received for line in progress.lines_of(first.pk)] == [ORDERED, 0]
    assert [o for o in health.run() if o.state != "ok"] == []
