"""The supplier's platform: orders go out to it, confirmations and delivery notes come in. A partner has its supplier's code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.purchase_order import OrderEvent, PurchaseOrder
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, NotFound, Problem
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.exchange.messages import inbound, outbound
from hrp.platform.exchange.models import Partner, PartnerMessage

ORDER, CONFIRMATION, DELIVERY = (
    "logistics.purchase_order", "logistics.order_confirmation", "logistics.delivery_note",
)  # fmt: skip


def send_order(*, actor: User, order: PurchaseOrder) -> PartnerMessage | None:
    """Hand an order to the supplier's platform; None when it has none. A version is a message of its own."""
    partner = outbound.partner(order.supplier.code)
    if partner is None:
        return None
    lines = order.lines.select_related("item").order_by("position")
    body = {
        "number": order.number, "revision": order.revision, "replaces": order.replaces.number if order.replaces else "",
        "ordered_on": order.business_date.isoformat(), "due_on": order.due_on.isoformat(), "store": order.store.name,
        "contact": order.contact, "total": str(order.total),
        "lines": [
            {
                "line": line.position, "code": line.item.code, "name": line.item.name, "spec": line.item.spec,
                "unit": line.item.unit, "quantity": f"{line.quantity.normalize():f}", "price": f"{line.price.normalize():f}",
                "amount": str(line.amount), "remark": line.remark,
            }
            for line in lines
        ],
    }  # fmt: skip
    return outbound.send(
        to=partner, kind=ORDER, key=f"{order.number}/{order.revision}", body=body, source=order.source
    )


# -- what comes in -------------------------------------------------------------------------------------------------


def _order(partner: Partner, number: Any) -> PurchaseOrder:
    """An order of this very supplier: another's looks as if it did not exist."""
    found = (
        PurchaseOrder.objects.select_related("supplier", "store")
        .filter(number=str(number), supplier__code=partner.code, state=State.POSTED)
        .first()
    )
    if found is None:
        raise NotFound(f"没有订单 {str(number)[:40]}", way_out="请核对订单号。")
    return found


def _day(given: Mapping[str, Any], name: str, *, required: bool = False) -> dt.date | None:
    text = str(given.get(name) or "")
    if not text and not required:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"{name} “{text[:20]}”不是日期",
            problems=[Problem("应为 2026-11-23", field=name)],
            way_out="请更正后重发。",
        ) from None


def take_confirmation(actor: User, partner: Partner, body: Mapping[str, Any]) -> dict[str, Any]:
    """The supplier takes an order: ``{number, promised_on, text}``."""
    from hrp.logistics.purchasing.services import ordering

    order = _order(partner, body.get("number"))
    promised = _day(body, "promised_on")
    ordering.confirm(
        actor=actor, order=order, promised_on=promised, way="平台", text=str(body.get("text") or "")[:300]
    )
    return {"source": order.source, "number": order.number, "status": "confirmed"}


def take_delivery(actor: User, partner: Partner, body: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery note: ``{number, order, expected_on, carrier, lines: [{line, quantity, lot, produced, expiry, codes}]}``."""
    order = _order(partner, body.get("order"))
    ordered = {line.position: line for line in order.lines.select_related("item")}
    given = body.get("lines")
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise Invalid(
            "送货明细不对", problems=[Problem("应为列表", field="lines")], way_out="请核对接口约定。"
        )
    rows, problems = [], []
    for place, row in enumerate(given):
        of = ordered.get(row.get("line"))
        if of is None:
            problems.append(
                Problem(f"订单 {order.number} 没有第 {row.get('line')} 行", field="line", line=place)
            )
            continue
        rows.append(
            {
                "order_line": of.pk, "item": of.item_id, "lot": str(row.get("lot") or ""), "produced": _day(row, "produced"),
                "expiry": _day(row, "expiry"), "sterile_expiry": _day(row, "sterile_expiry"),
                "quantity": str(row.get("quantity") or ""), "unit_codes": "\n".join(map(str, row.get("codes") or ())),
            }
        )  # fmt: skip
    if problems:
        raise Invalid("送货明细与订单不符", problems=problems, way_out="请核对订单行号。")
    header = {
        "campus": order.campus_id, "org_unit": order.store.org_unit_id, "business_date": clock.today(),
        "supplier": order.supplier_id, "store": order.store_id, "note_number": str(body.get("number") or "")[:40],
        "carrier": str(body.get("carrier") or "")[:60], "expected_on": _day(body, "expected_on", required=True),
    }  # fmt: skip
    note = services.save_draft(DeliveryNote, actor=actor, header=header, lines=rows)
    note = services.submit(note, actor=actor)
    if note.state == State.APPROVED:
        note = posting.post(note, actor=actor)
    return {"source": note.source, "number": note.display_number, "status": note.state}


def note_answer(message: PartnerMessage) -> None:
    """The platform took an order: when its answer says that the supplier confirms at once, that is kept as such."""
    answer = message.answer if isinstance(message.answer, dict) else {}
    if not answer.get("confirmed"):
        return
    order = PurchaseOrder.objects.filter(pk=int(message.source.rpartition(":")[2])).first()
    sent = order.events.filter(kind=OrderEvent.Kind.SENT).first() if order else None
    if order is None or sent is None or order.events.filter(kind=OrderEvent.Kind.CONFIRMED).exists():
        return
    OrderEvent.objects.create(
        order=order, kind=OrderEvent.Kind.CONFIRMED, at=clock.now(), actor=sent.actor, way="平台",
        promised_on=_day(answer, "promised_on") or order.due_on, text="平台自动确认",
    )  # fmt: skip


def register() -> None:
    outbound.on_answer(ORDER, note_answer)
    inbound.register(inbound.Handler(CONFIRMATION, "供应商确认订单", take_confirmation))
    inbound.register(inbound.Handler(DELIVERY, "供应商送货单", take_delivery))
