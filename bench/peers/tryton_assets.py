"""The peer of ``bench/depreciation.py``: Tryton 8's depreciation moves of its assets, in-process, without access checks.

Run by the bench in an environment of its own: ``python tryton_assets.py URI DATABASE``. Prints JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from decimal import Decimal

from trytond import config

ROOT, CARDS = 0, 60
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2030, 12, 31)


def main(uri: str, database: str) -> None:
    config.set("database", "uri", uri)
    from trytond.pool import Pool

    Pool.start()
    pool = Pool(database)
    pool.init()
    company = transact(database, {}, lambda: _company(pool))
    context = {"company": company}
    assets = transact(database, context, lambda: _assets(pool, company))
    begun = time.perf_counter()
    posted = transact(database, context, lambda: _post(pool, assets))
    seconds = time.perf_counter() - begun
    if posted != CARDS:
        raise RuntimeError(f"{posted} moves of {CARDS} assets")
    print(json.dumps({"cards_per_second": CARDS / seconds}))


def transact(database: str, context: dict, work):
    """What the work answers, committed; done again with the locks it turns out to need, as the server does."""
    from trytond.transaction import Transaction, TransactionError

    extras: dict = {}
    while True:
        with Transaction().start(database, ROOT, context=context, **extras) as transaction:
            try:
                found = work()
                transaction.commit()
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)
            else:
                return found


def _post(pool, assets: list[int]) -> int:
    """The depreciation of a month: moves made, which posts them."""
    model = pool.get("account.asset")
    model.create_moves(model.browse(assets), dt.date(2026, 1, 31))
    lines = pool.get("account.asset.line").search([("asset", "in", assets), ("move", "!=", None)])
    return sum(line.move.state == "posted" for line in lines)


def _company(pool) -> int:
    currency = pool.get("currency.currency")(
        name="CNY", code="CNY", symbol="¥", digits=2, rounding=Decimal("0.01")
    )
    currency.save()
    party = pool.get("party.party")(name="Hospital")
    party.save()
    company = pool.get("company.company")(party=party, currency=currency)
    company.save()
    return company.id


def _assets(pool, company: int) -> list[int]:
    journal, value, worn, expense = _books(pool, company)
    [unit] = pool.get("product.uom").search([("name", "=", "Unit")], limit=1)
    category = pool.get("product.category")(
        name="Devices",
        accounting=True,
        account_asset=value,
        account_depreciation=worn,
        account_expense=expense,
    )
    category.save()
    template = pool.get("product.template")(
        name="Device", default_uom=unit, type="assets", list_price=Decimal(1), depreciable=True, account_category=category,
        depreciation_duration=60,
    )  # fmt: skip
    template.save()
    product = pool.get("product.product")(template=template)
    product.save()
    model = pool.get("account.asset")
    made = model.create(
        [
            {
                "company": company, "product": product.id, "unit": unit.id, "quantity": 1, "value": Decimal(1000 + n),
                "start_date": FIRST, "end_date": LAST, "purchase_date": FIRST, "account_journal": journal.id,
                "depreciation_method": "linear", "frequency": "monthly", "residual_value": Decimal(0), "depreciated_amount": Decimal(0),
            }
            for n in range(CARDS)
        ]
    )  # fmt: skip
    model.create_lines(made)
    model.run(made)
    return [one.id for one in made]


def _books(pool, company: int):
    """A chart of three accounts, a journal for assets and an open fiscal year."""
    kinds = pool.get("account.account.type")
    accounts = pool.get("account.account")

    def account(name: str, **flags):
        kind = kinds(name=name, company=company, **flags)
        kind.save()
        one = accounts(name=name, code=name, company=company, type=kind)
        one.save()
        return one

    value = account("1601", statement="balance", assets=True, fixed_asset=True)
    worn = account("1602", statement="balance", assets=True, fixed_asset=True)
    expense = account("5001", statement="income", expense=True)
    [journal] = pool.get("account.journal").search([("type", "=", "asset")], limit=1)
    sequences = pool.get("ir.sequence.strict")
    [kind] = pool.get("ir.sequence.type").search([("name", "=", "Account Move")], limit=1)
    sequence = sequences(name="Moves", sequence_type=kind, company=company)
    sequence.save()
    year = pool.get("account.fiscalyear")(
        name="2026", start_date=FIRST, end_date=dt.date(2026, 12, 31), company=company
    )
    for name in ("move_sequence", "post_move_sequence"):
        if name in type(year)._fields:
            setattr(year, name, sequence)
    year.save()
    pool.get("account.fiscalyear").create_period([year])
    return journal, value, worn, expense


if __name__ == "__main__":
    main(*sys.argv[1:])
