"""The steps before a month of materials closes: what is still open in each, and whether it must not be.

Rooms above add theirs (e.g. 使用与收费核对): ``steps.register(Step(...))``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.settlement import parameters
from hrp.logistics.subledger.transit import open_of
from hrp.platform.base import health, sql
from hrp.platform.base.registry import Registry
from hrp.platform.documents import registry as documents
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Period

MOST = 200


@dataclass(frozen=True)
class Open:
    """One thing that is not finished, and where to see to it."""

    text: str
    url: str = ""
    blocks: bool = True


@dataclass(frozen=True)
class Step:
    """``find(period)`` names what is open. ``heavy`` steps are looked at when asked for and at closing only."""

    key: str
    title: str
    help: str
    find: Callable[[Period], list[Open]]
    heavy: bool = False
    order: int = 100


@dataclass(frozen=True)
class Found:
    """A step with what it found; ``None`` when it was not looked at."""

    step: Step
    open: list[Open] | None

    @property
    def blocking(self) -> int:
        return sum(one.blocks for one in self.open or ())


steps: Registry[Step] = Registry("月结步骤")


def register(step: Step) -> Step:
    return steps.register(step.key, step)


def look(period: Period, *, heavy: bool) -> list[Found]:
    """Every step in order; heavy ones only when asked for."""
    ordered = sorted(steps, key=lambda step: step.order)
    return [Found(step, step.find(period) if heavy or not step.heavy else None) for step in ordered]


# -- what materials themselves look at ---------------------------------------------------------------------------

# transfers whose goods may still lie in the store 在途; what is open of each is counted by the subledger
TRANSIT_SQL = """
SELECT t.id, t.number, a.name, b.name FROM logistics_transfer t
JOIN logistics_store a ON a.id = t.store_id JOIN logistics_store b ON b.id = t.to_store_id
JOIN org_campus c ON c.id = t.campus_id JOIN ledger_book k ON k.hospital_id = c.hospital_id
WHERE k.id = %s AND t.business_date <= %s AND t.state = 'posted' AND EXISTS (
    SELECT FROM logistics_transfer_line l JOIN logistics_balance h ON h.item_id = l.item_id AND h.quantity > 0
    JOIN logistics_store s ON s.id = h.store_id AND s.kind = 'transit' AND s.campus_id = t.campus_id
    WHERE l.document_id = t.id)
ORDER BY 1
"""

ESTIMATES_SQL = """
SELECT p.id, p.name, count(*), sum(e.amount) FROM (
    SELECT e.supplier_id, e.receipt_line_id, sum(e.quantity) AS quantity, sum(e.amount) AS amount
    FROM logistics_estimate e JOIN ledger_period q ON q.id = e.period_id
    WHERE q.book_id = %s AND e.date <= %s GROUP BY 1, 2) e
JOIN logistics_supplier p ON p.id = e.supplier_id WHERE e.quantity <> 0 GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 200
"""


def unposted(period: Period) -> list[Open]:
    """Documents of materials dated in the month that are neither posted nor put away."""
    drafts_block = parameters.drafts_block(period.last_day)
    found = []
    for one in documents.types:
        if one.spec.module != "logistics":
            continue
        rows = one.model._default_manager.filter(
            campus__hospital__in=[period.book.hospital_id],
            business_date__range=(period.first_day, period.last_day),
            state__in=(State.DRAFT, State.RETURNED, State.SUBMITTED, State.APPROVED),
        ).values_list("pk", "state", "business_date", "maker__display_name")[:MOST]
        for pk, state, day, maker in rows:
            blocks = drafts_block or state in (State.SUBMITTED, State.APPROVED)
            text = f"{one.spec.title} 草稿#{pk} {day} {maker} {State(state).label}"
            found.append(Open(text, documents.url_for(f"{one.spec.kind}:{pk}"), blocks))
    return found


def in_transit(period: Period) -> list[Open]:
    """Transfers dispatched and not wholly received at the end of the month; allowed, but to be confirmed."""
    found = []
    for pk, number, store, to_store in sql.rows(TRANSIT_SQL, [period.book_id, period.last_day]):
        source = f"logistics.stock_transfer:{pk}"
        left = open_of(pk, source)
        if left:
            amount = sum((one.amount for one in left), Decimal(0))
            found.append(
                Open(
                    f"{number} {store} → {to_store} 在途 {amount:,.2f} 元",
                    documents.url_for(source),
                    blocks=False,
                )
            )
    return found


def estimated(period: Period) -> list[Open]:
    """What is still estimated, by supplier: listed for the accountant, carried into the next month."""
    return [
        Open(f"{name} {count} 行 {amount:,.2f} 元", f"/logistics/payables/{supplier}", blocks=False)
        for supplier, name, count, amount in sql.rows(ESTIMATES_SQL, [period.book_id, period.last_day])
    ]


def broken(period: Period) -> list[Open]:
    """Invariants of materials that do not hold."""
    return [Open(o.words()) for o in health.run("logistics") if o.state != "ok"]


OWN = (
    Step("documents", "单据处理完毕", "本月的物资单据应已过账、作废或改到下月", unposted, order=10),
    Step("transit", "在途确认", "已发出未收货的调拨，结账即视为确认", in_transit, order=20),
    Step("estimates", "暂估清单", "货到票未到，月末仍为暂估，下月单到回冲", estimated, order=40),
    Step("invariants", "数据校验", "收发存、余额、总账逐项核对", broken, heavy=True, order=50),
)
