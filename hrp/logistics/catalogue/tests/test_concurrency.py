"""Where two people meet: one permission to buy, one identifier, one price."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection

from hrp.logistics.catalogue.models import ItemIdentifier, OneOffPurchase, PriceAgreement
from hrp.logistics.catalogue.services import identifiers, supply
from hrp.logistics.catalogue.tests.world import DAY, GTIN, Market
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import SINCE

PEOPLE, ALLOWED = 6, 3
LATER = dt.date(2028, 1, 1)


def together(work: Any, given: list[Any]) -> list[str]:
    """What each of them got, all at once."""

    def one(thing: Any) -> str:
        try:
            return str(work(thing))
        except Conflict as refused:
            return refused.code
        except IntegrityError:
            return "database"
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as people:
        return list(people.map(one, given))


def test_a_permission_to_buy_is_used_once_an_identifier_bound_once_a_price_agreed_once(
    committed_db: Any,
) -> None:
    market = Market()
    version = supply.draft(
        actor=market.clerk,
        values={"code": "1", "meeting": "第1次", "meeting_date": SINCE, "effective_from": SINCE},
    )
    supply.add(actor=market.clerk, version=version, items=[market.item("GZ09", "别的").pk])
    supply.publish(actor=market.head, version=version)
    values = {
        "item": market.stent, "org_unit": market.world.unit, "quantity": Decimal(ALLOWED), "reason": "急救", "valid_to": LATER,
    }  # fmt: skip
    supply.approve_one_off(actor=market.head, one_off=supply.ask_one_off(actor=market.clerk, values=values))
    waiting = [
        services.submit(market.draft(market.line(lot=f"L{n}")), actor=market.clerk) for n in range(PEOPLE)
    ]
    outcomes = together(lambda document: posting.post(document, actor=market.clerk).state, waiting)
    assert sorted(outcomes) == sorted(["posted"] * ALLOWED + ["one_off_used"] * (PEOPLE - ALLOWED))
    assert OneOffPurchase.objects.get().used == ALLOWED

    def bind(number: int) -> str:
        item = (market.stent, market.room.gauze)[number % 2]
        identifiers.bind(
            actor=market.clerk, item=item, di=GTIN, level="use", quantity=Decimal(1), agency="GS1"
        )
        return "bound"

    assert sorted(together(bind, list(range(PEOPLE)))) == ["bound"] + ["identifier_taken"] * (PEOPLE - 1)
    assert ItemIdentifier.objects.count() == 1

    def agree(number: int) -> str:
        PriceAgreement.objects.create(
            supplier=market.room.supplier, item=market.stent, price=number, valid_from=DAY, source="tender"
        )
        return "agreed"

    assert sorted(together(agree, list(range(PEOPLE)))) == ["agreed"] + ["database"] * (PEOPLE - 1)
    assert [o.id for o in health.run("logistics") if o.state != "ok"] == []
