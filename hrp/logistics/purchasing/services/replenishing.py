"""补货: suggestions are calculated, kept with their reasons, and turned into a plan by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics import gates
from hrp.logistics.models import Store
from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.documents.purchase_plan import Origin, PurchasePlan
from hrp.logistics.purchasing.models import ReplenishmentLine, ReplenishmentRun, StockingRule
from hrp.logistics.purchasing.positions import positions
from hrp.logistics.purchasing.rules.suggestion import How, Model, Terms, suggest
from hrp.logistics.purchasing.selectors import stocking, waiting
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents import services

VIEW, EDIT, PLAN = (
    "logistics.stocking_rule.view",
    "logistics.stocking_rule.edit",
    "logistics.purchase_plan.edit",
)
CARDS = (How.FIXED_PACK, How.TWO_BIN)


@transaction.atomic
def calculate(*, actor: User, store: Store) -> ReplenishmentRun:
    """One run over every rule of a store. Nothing is ordered."""
    scope.check_object(actor, PLAN, store)
    on = clock.today()
    rules = list(
        StockingRule.objects.filter(store=store, is_active=True, item__status="active")
        .select_related("item")
        .order_by("item__code")
    )
    if not rules:
        raise Invalid(
            f"{store} 没有启用的库存定额", way_out="请先在 采购 → 库存定额 中为物资设定上下限或补货方法。"
        )
    there = positions(store.pk, [rule.item_id for rule in rules])
    used = stocking.uses(store.pk, rules, on=on, days=terms.use_days(on))
    run = ReplenishmentRun.objects.create(store=store, on=on, at=clock.now(), actor=actor)
    rows = []
    for rule in rules:
        found, position = suggest(_terms(rule), there[rule.item_id], used[rule.pk]), there[rule.item_id]
        rows.append(
            ReplenishmentLine(
                run=run, rule=rule, item=rule.item, method=rule.method, on_hand=position.on_hand,
                on_order=position.on_order, reserved=position.reserved, held=position.held, quantity=found.quantity,
                expected=found.expected, mape=found.mape, why="\n".join(found.why), problem=found.problem[:300],
            )
        )  # fmt: skip
    ReplenishmentLine.objects.bulk_create(rows)
    wanted = sum(1 for row in rows if row.quantity)
    audit.record(
        actor=actor, act="logistics.replenishment.calculate", target=f"logistics.replenishment:{run.pk}",
        summary=f"补货计算 {store}：{len(rows)} 项定额，建议补货 {wanted} 项",
    )  # fmt: skip
    return run


def _terms(rule: StockingRule) -> Terms:
    item = rule.item
    return Terms(
        how=How(rule.method), least=rule.least, most=rule.most, safety=rule.safety, pack=Decimal(rule.pack or item.pack),
        lead_days=rule.lead_days if rule.lead_days is not None else item.lead_days, review_days=rule.review_days,
        z=rule.service_factor, model=Model(rule.forecast_model),
    )  # fmt: skip


@transaction.atomic
def plan(*, actor: User, run: ReplenishmentRun, chosen: Mapping[int, Decimal]) -> PurchasePlan:
    """A draft plan of the suggestions a person ticked, with the quantities that person decided."""
    scope.check_object(actor, PLAN, run.store)
    lines = {line.pk: line for line in run.lines.filter(pk__in=chosen).select_related("rule", "item")}
    if not lines:
        raise Invalid("没有选择任何物资", way_out="请勾选要采购的物资。")
    problems = [
        Problem(f"{lines[pk].item} 数量须大于零", field=f"quantity-{pk}")
        for pk, quantity in chosen.items()
        if pk in lines and quantity <= 0
    ]
    if problems:
        raise Invalid("采购数量须大于零", problems=problems, way_out="不采购的请取消勾选。")
    prices = waiting.last_prices([line.item_id for line in lines.values()])
    rows: list[dict[str, Any]] = []
    for pk, line in lines.items():
        last = prices.get(line.item_id)
        rows.append(
            {
                "item": line.item_id, "wanted": line.quantity, "quantity": chosen[pk], "suggestion": pk,
                "supplier": line.rule.supplier_id or (last[1] if last else None), "price": last[0] if last else None,
                "remark": line.rule.get_method_display(),
            }
        )  # fmt: skip
    cards = all(line.method in CARDS for line in lines.values())
    lead = max(line.rule.lead_days or line.item.lead_days for line in lines.values())
    header = {
        "campus": run.store.campus_id, "org_unit": run.store.org_unit_id, "business_date": clock.today(),
        "store": run.store_id, "origin": Origin.QUOTA if cards else Origin.MIN_MAX,
        "needed_on": clock.today() + dt.timedelta(days=lead), "reason": f"补货计算 {run.on}",
    }  # fmt: skip
    made = services.save_draft(PurchasePlan, actor=actor, header=header, lines=rows)
    known, carded = gates.cards(), [line.item_id for line in lines.values() if line.method in CARDS]
    if known is not None and carded:
        known.ask(run.store_id, carded, source=made.source)
    return made


@transaction.atomic
def scan_cards(*, actor: User, rule: StockingRule, cards: int) -> int:
    """空卡登记: somebody brought empty cards or bins of an item; as if each had been scanned."""
    scope.check_object(actor, EDIT, rule, "store.org_unit_id")
    if rule.method not in CARDS:
        raise Invalid(
            f"{rule.item} 在 {rule.store} 按{rule.get_method_display()}补货，没有定数卡",
            way_out="请把补货方法改为定数包或双箱。",
        )
    if not 0 < cards <= 999:
        raise Invalid("空卡数应为 1 至 999", problems=[Problem("应为 1 至 999", field="cards")])
    known = gates.cards()
    if known is None:
        raise Invalid("没有启用定数卡", way_out="请改用上下限补货。")
    return known.scan(rule.store_id, rule.item_id, cards, actor=actor)
