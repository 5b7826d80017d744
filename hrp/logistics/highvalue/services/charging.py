"""Charging the patient for what was used, in its own transaction: a failed charge never touches who received what."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from hrp.logistics.highvalue import emr
from hrp.logistics.highvalue.models import HisCharge, PatientUse, UseCharge
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.exchange.messages import outbound
from hrp.platform.exchange.models import PartnerMessage
from hrp.platform.org import parameters

CHARGE, UNCHARGE, RECORD = "his.charge", "his.uncharge", "emr.implant_use"
State = UseCharge.State


def begin(use: PatientUse) -> UseCharge:
    """The charge a new use begins with; nothing is called yet."""
    item = use.unit.item
    return UseCharge.objects.create(
        use=use, state=State.WAITING if item.chargeable else State.NONE, charge_item=item.charge_item
    )


@transaction.atomic
def tell(use_id: int) -> str:
    """Tell HIS of one use, and the record of the patient; the state the charge is in then."""
    row = UseCharge.objects.select_for_update().get(use_id=use_id)
    use = PatientUse.objects.select_related("unit__item", "unit__batch__supplier", "org_unit", "nurse").get(
        pk=use_id
    )
    _tell_record(use)
    if row.state not in (State.WAITING, State.FAILED):
        return row.state
    if _send("highvalue.his_partner", CHARGE, use, body(use)):
        row.state, row.error = State.TOLD, ""
    else:
        row.state, row.error = State.FAILED, "HIS 没有登记为接口伙伴或已停用"
    row.save(update_fields=["state", "error"])
    return row.state


def body(use: PatientUse) -> dict[str, Any]:
    """What HIS needs to charge: no more of the patient than the visit."""
    unit = use.unit
    return {
        "use": use.pk, "visit_no": use.visit_no, "uid": unit.uid, "di": unit.gtin, "item_code": unit.item.code,
        "item_name": unit.item.name, "charge_item": unit.item.charge_item, "insurance_code": unit.item.insurance_code,
        "quantity": 1, "department": use.org_unit.code, "used_at": clock.local(use.used_at).isoformat(),
    }  # fmt: skip


def _tell_record(use: PatientUse) -> None:
    """The use as a document of WS/T 500.22; a hospital that has not set up its record system is not told."""
    told = {"format": "WS/T 500.22", "template": "C0022", "visit_no": use.visit_no, "xml": emr.document(use)}
    _send("highvalue.emr_partner", RECORD, use, told)


def _send(parameter: str, kind: str, use: PatientUse, told: dict[str, Any]) -> bool:
    """Write a message down for the partner a parameter names; False when there is none that can be written to."""
    to = outbound.partner(parameters.value(parameter, clock.today()))
    if to is not None:
        outbound.send(to=to, kind=kind, key=str(use.pk), body=told, source=f"logistics.use:{use.pk}")
    return to is not None


@transaction.atomic
def withdraw(use: PatientUse) -> None:
    """The use never was: what HIS was told is taken back."""
    row = UseCharge.objects.select_for_update().get(use=use)
    told = row.state in (State.TOLD, State.CHARGED)
    row.state = State.CANCELLED
    row.save(update_fields=["state"])
    if told:
        told_back = {"use": use.pk, "visit_no": use.visit_no, "uid": use.unit.uid, "charge_no": row.charge_no}
        _send("highvalue.his_partner", UNCHARGE, use, told_back)


def heard(message: PartnerMessage) -> None:
    """HIS took the charge, or never will: called in the transaction that writes down what became of the message."""
    row = UseCharge.objects.select_for_update().filter(use_id=int(message.key)).first()
    if row is None or row.state == State.CANCELLED:
        return
    if message.state == PartnerMessage.State.DELIVERED:
        number = message.answer.get("charge_no", "") if isinstance(message.answer, dict) else ""
        row.state, row.charge_no, row.error = State.CHARGED, str(number)[:60], ""
    else:
        row.state, row.error = State.FAILED, message.error[:300]
    row.save(update_fields=["state", "charge_no", "error"])


def tell_waiting(limit: int = 200) -> int:
    """Tell HIS of every use it has not been told of, one transaction each; how many."""
    waiting = UseCharge.objects.filter(state=State.WAITING).order_by("pk").values_list("use_id", flat=True)
    for use in list(waiting[:limit]):
        tell(use)
    quiet = PatientUse.objects.filter(
        charge__state=State.NONE, used_at__gte=clock.now() - dt.timedelta(hours=1)
    )
    for use in quiet.values_list("pk", flat=True)[:limit]:
        tell(use)
    return len(waiting)


def try_again(limit: int = 200) -> int:
    """Tell HIS again of charges that failed; how many."""
    found = list(
        UseCharge.objects.filter(state=State.FAILED).order_by("pk").values_list("use_id", flat=True)[:limit]
    )
    for use in found:
        given_up = PartnerMessage.State.EXHAUSTED
        failed = PartnerMessage.objects.filter(kind=CHARGE, key=str(use), state=given_up).first()
        if failed is None:
            tell(use)
            continue
        outbound.send_again(message=failed, actor=system_actor("highvalue", title="高值收费"))
        UseCharge.objects.filter(use_id=use).update(state=State.TOLD)
    return len(found)


# -- reconciling -----------------------------------------------------------------------------------------------


@transaction.atomic
def explain(*, actor: User, charge: UseCharge | HisCharge, text: str) -> None:
    """Say why one is on only one of the two lists."""
    scope.require(actor, "logistics.charge.edit")
    if not text.strip():
        raise Invalid(
            "请写明差异原因", problems=[Problem("请填写", field="explanation")], way_out="请填写说明。"
        )
    row = type(charge)._default_manager.select_for_update().get(pk=charge.pk)
    row.explanation = text.strip()[:200]
    if isinstance(row, UseCharge):
        row.explained_by, row.explained_at = actor, clock.now()
    row.save()
    audit.record(
        actor=actor, act="logistics.charge.explain", target=f"{type(row).__name__}:{row.pk}",
        summary=f"收费差异说明 {row}：{row.explanation}",
    )  # fmt: skip


@transaction.atomic
def save_his(*, actor: User, pk: int | None, values: dict[str, Any]) -> HisCharge:
    """Take one charge of HIS's list, which names no department; the same number again corrects it."""
    scope.require_everywhere(actor, "logistics.charge.edit")
    number = str(values.get("charge_no") or "").strip()
    row = (
        HisCharge.objects.select_for_update().get(pk=pk)
        if pk is not None
        else HisCharge.objects.select_for_update().filter(charge_no=number).first() or HisCharge()
    )
    for name in (
        "charge_no",
        "uid",
        "visit_no",
        "charge_item",
        "amount",
        "charged_on",
        "cancelled",
        "explanation",
    ):
        if name in values:
            setattr(row, name, _taken(name, values[name]))
    problems = [
        Problem("请填写", field=name)
        for name in ("charge_no", "uid", "visit_no", "charged_on")
        if not getattr(row, name)
    ]
    if problems:
        raise Invalid("HIS 收费记录不完整", problems=problems, way_out="请按标红处修改。")
    row.save()
    return row


def _taken(name: str, value: Any) -> Any:
    if name == "cancelled":
        return value in (True, "on", "true", "True", "1", "是")
    if name == "amount" and value in ("", None):
        return Decimal(0)
    field: Any = HisCharge._meta.get_field(name)
    try:
        return field.to_python(value or "")
    except ValidationError as error:
        raise Invalid(
            "HIS 收费记录有误",
            problems=[Problem(m, field=name) for m in error.messages],
            way_out="请按标红处修改。",
        ) from None
