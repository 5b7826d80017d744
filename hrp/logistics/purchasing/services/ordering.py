"""What happens to an order once it is in force: sent, confirmed, chased, closed, changed; and orders made of a plan."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.budget import services as budget
from hrp.logistics.models import Supplier
from hrp.logistics.purchasing.documents.purchase_order import OrderEvent, PurchaseOrder, require_open
from hrp.logistics.purchasing.documents.purchase_plan import PlanClosing, PurchasePlan, PurchasePlanLine
from hrp.logistics.purchasing.selectors import progress, waiting
from hrp.logistics.purchasing.services import portal
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services
from hrp.platform.documents.models import State

EDIT = "logistics.purchase_order.edit"
PLAN = "logistics.purchase_plan.edit"


@transaction.atomic
def send(*, actor: User, order: PurchaseOrder, way: str = "", text: str = "") -> OrderEvent:
    """发送 to the supplier: through its portal when it has one, by paper or telephone otherwise."""
    _begin(actor, order, act="发送")
    _require(order, ("approved",), "已发送过")
    through = portal.send_order(actor=actor, order=order)
    way = "平台" if through else (way or "书面")
    return _event(actor, order, OrderEvent.Kind.SENT, way=way, text=text)


@transaction.atomic
def confirm(
    *, actor: User, order: PurchaseOrder, promised_on: dt.date | None = None, way: str = "", text: str = ""
) -> OrderEvent:
    """The supplier takes the order, by a day."""
    _begin(actor, order, act="确认")
    if not order.events.filter(kind=OrderEvent.Kind.SENT).exists():
        raise Conflict(f"{order} 尚未发送，不能确认", code="not_sent", way_out="请先发送给供应商。")
    if order.events.filter(kind=OrderEvent.Kind.CONFIRMED).exists():
        raise Conflict(f"{order} 供应商已确认过", code="confirmed", way_out="交期有变请记入催货。")
    return _event(
        actor, order, OrderEvent.Kind.CONFIRMED, way=way, text=text, promised_on=promised_on or order.due_on
    )


@transaction.atomic
def chase(*, actor: User, order: PurchaseOrder, text: str, promised_on: dt.date | None = None) -> OrderEvent:
    """催货: what was said and what the supplier promised."""
    _begin(actor, order, act="催货")
    _require(order, ("sent", "confirmed", "partial"), "不在等货")
    if not text.strip():
        raise Invalid("请写明催货情况", problems=[Problem("请填写", field="text")])
    return _event(actor, order, OrderEvent.Kind.CHASED, text=text, promised_on=promised_on)


@transaction.atomic
def close(*, actor: User, order: PurchaseOrder, reason: str) -> OrderEvent:
    """关闭: what has not come is not waited for any more."""
    if not reason.strip():
        raise Invalid("关闭订单必须写明原因", problems=[Problem("请填写原因", field="reason")])
    _begin(actor, order, act="关闭")
    _require(order, progress.OPEN, "已到齐或已结束")
    pending = sql.rows(
        "SELECT DISTINCT d.number FROM logistics_delivery_note d JOIN logistics_delivery_note_line n ON n.document_id = d.id"
        " JOIN logistics_order_line x ON x.id = n.order_line_id WHERE x.document_id = %s AND d.state = 'posted'"
        " AND NOT EXISTS (SELECT FROM logistics_inspection q WHERE q.delivery_note_id = d.id AND q.state NOT IN ('void', 'reversed'))",
        [order.pk],
    )
    if pending:
        raise Conflict(
            f"{order} 还有货在路上（{'、'.join(n for (n,) in pending)}），不能关闭", code="on_the_way",
            way_out="请先验收，或与供应商确认后红冲送货单。",
        )  # fmt: skip
    budget.release(source=order.source, on=clock.today(), actor=actor)
    return _event(actor, order, OrderEvent.Kind.CLOSED, text=reason.strip())


@transaction.atomic
def change(*, actor: User, order: PurchaseOrder) -> PurchaseOrder:
    """变更: a draft of the next version with the lines of this one. It takes its place when it is posted."""
    _begin(actor, order, act="变更")
    waiting_one = order.versions.exclude(state__in=(State.VOID, State.REVERSED)).first()
    if waiting_one is not None:
        raise Conflict(
            f"{order} 已有变更 {waiting_one.display_number}",
            code="changing",
            way_out="请在那张变更订单上修改。",
        )
    today = clock.today()
    header = {
        "campus": order.campus_id, "org_unit": order.org_unit_id, "business_date": today, "supplier": order.supplier_id,
        "store": order.store_id, "due_on": max(order.due_on, today), "contact": order.contact, "replaces": order.pk,
        "note": f"变更 {order.number}",
    }  # fmt: skip
    lines = [
        {
            "item": line.item_id, "quantity": line.quantity, "price": line.price, "plan_line": line.plan_line_id,
            "root": line.root_id or line.pk, "remark": line.remark,
        }
        for line in order.lines.order_by("position")
    ]  # fmt: skip
    return services.save_draft(PurchaseOrder, actor=actor, header=header, lines=lines)


def _begin(actor: User, order: PurchaseOrder, *, act: str) -> None:
    scope.check_object(actor, EDIT, order)
    require_open(order.pk, act=act)


def _require(order: PurchaseOrder, allowed: tuple[str, ...], why: str) -> None:
    found = progress.of(order.pk)
    if found is None or found.status not in allowed:
        state = found.title if found else order.get_state_display()
        raise Conflict(f"{order} {state}，{why}", code="wrong_status", way_out="请刷新页面查看订单进度。")


def _event(actor: User, order: PurchaseOrder, kind: str, **facts: Any) -> OrderEvent:
    event = OrderEvent.objects.create(order_id=order.pk, kind=kind, at=clock.now(), actor=actor, **facts)
    said = f"{event.get_kind_display()} {order}"
    if event.text:
        said += f"：{event.text}"
    audit.record(actor=actor, act=f"logistics.purchase_order.{kind}", target=order.source, summary=said[:300])
    return event


# -- orders of a plan ----------------------------------------------------------------------------------------------

OPEN_PLAN_SQL = """
SELECT l.id FROM logistics_plan_line l WHERE l.document_id = %s
  AND NOT EXISTS (SELECT FROM logistics_plan_closing c WHERE c.plan_id = l.document_id) AND NOT EXISTS (
    SELECT FROM logistics_order_line x JOIN logistics_order o ON o.id = x.document_id
    WHERE x.plan_line_id = l.id AND o.state NOT IN ('void', 'reversed'))
ORDER BY l.position
"""
DRAFTED_SQL = """
SELECT DISTINCT o.id FROM logistics_order o JOIN logistics_order_line x ON x.document_id = o.id
JOIN logistics_plan_line l ON l.id = x.plan_line_id WHERE l.document_id = %s AND o.state NOT IN ('posted', 'void', 'reversed')
"""


def unordered(plan: PurchasePlan) -> list[int]:
    """Lines of a plan that stand in no order."""
    return [pk for (pk,) in sql.rows(OPEN_PLAN_SQL, [plan.pk])]


@transaction.atomic
def close_plan(*, actor: User, plan: PurchasePlan, reason: str) -> PlanClosing:
    """结束计划: the lines that stand in no order will not be ordered; their money is free again."""
    if not reason.strip():
        raise Invalid("结束计划必须写明原因", problems=[Problem("请填写原因", field="reason")])
    scope.check_object(actor, PLAN, plan)
    fresh = services.lock(plan)
    if fresh.state != State.POSTED or not unordered(fresh):
        raise Conflict(
            f"{fresh} 尚未过账，或已全部生成订单、已结束", code="nothing_open", way_out="未过账的计划请作废。"
        )
    drafted = sql.rows(DRAFTED_SQL, [fresh.pk])
    if drafted:
        raise Conflict(
            f"{fresh} 还有 {len(drafted)} 张订单没有过账", code="ordering", way_out="请先过账或作废这些订单。"
        )
    budget.release(source=fresh.source, on=clock.today(), actor=actor)
    closing = PlanClosing.objects.create(plan=fresh, by=actor, at=clock.now(), reason=reason.strip()[:200])
    services.log(fresh, "close", actor=actor, summary=f"结束 {fresh}：{reason.strip()}"[:300])
    return closing


@transaction.atomic
def order_plan(*, actor: User, plan: PurchasePlan) -> list[PurchaseOrder]:
    """Draft one order for each supplier of what of a posted plan is not ordered yet."""
    scope.check_object(actor, EDIT, plan)
    sql.row("SELECT id FROM logistics_plan WHERE id = %s FOR UPDATE", [plan.pk])
    if not PurchasePlan.objects.filter(pk=plan.pk, state=State.POSTED).exists():
        raise Conflict(
            f"{plan} 尚未过账，不能生成订单", code="not_posted", way_out="请先审核并过账采购计划。"
        )
    lines = list(
        PurchasePlanLine.objects.filter(pk__in=unordered(plan)).select_related("item").order_by("position")
    )
    if not lines:
        raise Conflict(f"{plan} 已全部生成订单", code="ordered", way_out="请在 采购订单 中查看。")
    prices = waiting.last_prices([line.item_id for line in lines])
    by_supplier: dict[int, list[dict[str, Any]]] = defaultdict(list)
    problems = []
    for line in lines:
        last = prices.get(line.item_id)
        supplier = line.supplier_id or (last[1] if last else None)
        price = line.price if line.price is not None else (last[0] if last else None)
        if supplier is None or price is None:
            problems.append(Problem(f"{line.item} 没有供应商或价格", line=line.position - 1))
            continue
        row = {
            "item": line.item_id,
            "quantity": line.quantity,
            "price": price,
            "plan_line": line.pk,
            "remark": line.remark,
        }
        by_supplier[supplier].append(row)
    if problems:
        raise Conflict(
            "有物资不知向谁采购", problems=problems, code="no_supplier",
            way_out="请红冲计划后补上供应商与预计单价，或手工制订单。",
        )  # fmt: skip
    return [_draft(actor, plan, supplier, rows) for supplier, rows in sorted(by_supplier.items())]


def _draft(actor: User, plan: PurchasePlan, supplier: int, rows: list[dict[str, Any]]) -> PurchaseOrder:
    today = clock.today()
    header: Mapping[str, Any] = {
        "campus": plan.campus_id, "org_unit": plan.org_unit_id, "business_date": today, "supplier": supplier,
        "store": plan.store_id, "due_on": max(plan.needed_on, today), "note": f"采购计划 {plan.number}",
    }  # fmt: skip
    return services.save_draft(PurchaseOrder, actor=actor, header=header, lines=rows)


def describe(orders: list[PurchaseOrder]) -> str:
    """What was made, in words."""
    names = Supplier.objects.in_bulk({order.supplier_id for order in orders})
    total = sum((order.total for order in orders), Decimal(0))
    return f"已生成 {len(orders)} 张订单草稿（{'、'.join(str(names[o.supplier_id]) for o in orders)}），共 {total:,} 元"
