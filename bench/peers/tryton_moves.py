"""The peer of ``bench/issuing.py``: Tryton 8's direct moves, in-process, without RPC or access checks: its fastest path.

Run by the bench in an environment of its own: ``python tryton_moves.py prepare|run URI DATABASE ...``. Prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from decimal import Decimal

from trytond import config

ROOT = 0
PRODUCTS, LINES = 400, 20


def start(uri: str, database: str):
    config.set("database", "uri", uri)
    from trytond.pool import Pool

    Pool.start()
    pool = Pool(database)
    pool.init()
    return pool


def prepare(uri: str, database: str) -> None:
    """A company, 400 products and their stock; prints the ids the runs need."""
    pool = start(uri, database)
    from trytond.transaction import Transaction

    with Transaction().start(database, ROOT, context={}) as transaction:
        currency = pool.get("currency.currency")(
            name="CNY", code="CNY", symbol="¥", digits=2, rounding=Decimal("0.01")
        )
        currency.save()
        party = pool.get("party.party")(name="Hospital")
        party.save()
        company = pool.get("company.company")(party=party, currency=currency)
        company.save()
        transaction.commit()
    with Transaction().start(database, ROOT, context={"company": company.id}) as transaction:
        [unit] = pool.get("product.uom").search([("name", "=", "Unit")], limit=1)
        template = pool.get("product.template")(
            name="Gauze", default_uom=unit, type="goods", list_price=Decimal(1), cost_price_method="fixed"
        )
        template.save()
        catalogue = pool.get("product.product")
        products = catalogue.create([{"template": template.id, "code": f"P{n}"} for n in range(PRODUCTS)])
        places = pool.get("stock.location")
        [store] = places.search([("type", "=", "storage"), ("code", "=", "STO")], limit=1)
        [lost] = places.search([("type", "=", "lost_found")], limit=1)
        ward = places(name="Ward", type="storage", parent=store.parent)
        ward.save()
        mover = pool.get("stock.move")
        moves = mover.create(
            [_move(product.id, unit.id, lost.id, store.id, company.id, 1_000_000) for product in products]
        )
        mover.do(moves)
        transaction.commit()
        print(json.dumps({
            "products": [p.id for p in products], "unit": unit.id, "store": store.id, "ward": ward.id, "company": company.id,
        }))  # fmt: skip


def _move(product: int, unit: int, here: int, there: int, company: int, quantity: float) -> dict:
    return {
        "product": product, "unit": unit, "quantity": quantity, "from_location": here, "to_location": there,
        "company": company,
    }  # fmt: skip


def run(uri: str, database: str, seconds: float, worker: int, ids: dict) -> None:
    """Create and do 20 internal moves a commit until the time is over; prints how long each took."""
    pool = start(uri, database)
    from trytond.transaction import Transaction

    took, place, restarted = [], worker * 31, 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        while True:
            try:
                with Transaction().start(database, ROOT, context={"company": ids["company"]}) as transaction:
                    mover = pool.get("stock.move")
                    mover.do(mover.create([
                        _move(ids["products"][(place + 7 * k) % PRODUCTS], ids["unit"], ids["store"], ids["ward"], ids["company"], 3)
                        for k in range(LINES)
                    ]))  # fmt: skip
                    transaction.commit()
                break
            except Exception as error:  # its own server restarts a request that met a lock, and so does this
                restarted += 1
                if restarted > 10_000:
                    raise RuntimeError("no progress") from error
        place += LINES * 7
        took.append(time.perf_counter() - begun)
    print(json.dumps({"took": took, "restarted": restarted}))


if __name__ == "__main__":
    what, uri, database, *rest = sys.argv[1:]
    if what == "prepare":
        prepare(uri, database)
    else:
        run(uri, database, float(rest[0]), int(rest[1]), json.loads(rest[2]))
