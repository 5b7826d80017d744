"""Going on site: who was sent, who is expected when, what shows that somebody came, when they left."""

from __future__ import annotations

import datetime as dt
import secrets

from django.core.exceptions import ValidationError
from django.db import transaction

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import chain, handling
from hrp.operations.incidents import selectors
from hrp.operations.incidents.models import ArrivalEvidence, Gate, TravelTime
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.files import StoredFile
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem

WORK, CONFIRM, GATE = "operations.ticket.work", "operations.ticket.confirm", "operations.gate.edit"


@transaction.atomic
def dispatch(*, actor: User, ticket: Ticket, person: User, expected: dt.datetime | None = None) -> Ticket:
    """Send an engineer. Without ``expected`` the arrival is reckoned from the register of travel times."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "派员到场")
    chain.require_side(chain.side_of(person), Side.SUPPLIER, "到场处理")
    known = TravelTime.objects.filter(user=person).first()
    if expected is None:
        if known is None:
            raise Invalid(
                f"{person.display_name} 没有登记到场路程",
                way_out="请填写预计到达时间，或先在「到场路程」中登记。",
                code="travel_time_missing",
            )
        expected = held.now + dt.timedelta(minutes=known.minutes)
    if expected <= held.now:
        raise Invalid("预计到达时间应在现在之后", way_out="已经到场的请直接登记到场。")
    payload = {
        "person": person.display_name,
        "person_id": person.pk,
        "expected": expected.isoformat(),
        "minutes": known.minutes if known else None,
    }
    chain.append(held, "DISPATCHED", at=held.now, payload=payload)
    summary = f"派{person.display_name}到场，预计 {clock.local(expected):%H:%M} 到达"
    return chain.finish(held, "dispatch", summary=summary)


@transaction.atomic
def check_in(
    *,
    actor: User,
    ticket: Ticket,
    gate: Gate,
    location: str = "",
    note: str = "",
    photo: StoredFile | None = None,
) -> ArrivalEvidence:
    """The engineer scans the code at the gate: that is the arrival, and its evidence."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "签到")
    if held.ticket.org_unit.campus.hospital_id != gate.campus.hospital_id:
        raise NotFound("该工单不属于这个签到点所在的医院", way_out="请扫描工单所属医院门禁处的签到码。")
    if held.ticket.state not in ("dispatched", "onsite"):
        raise Conflict(
            f"工单 {held.ticket.number} 没有待到场的人员",
            way_out="请先登记「远程无法解决」，到场时限才起算。",
        )
    place = " ".join(part for part in (gate.place, location.strip()) if part)[:150]
    if held.ticket.state == "dispatched":
        handling.arrive_on_site(
            actor=actor, ticket=held.ticket, place=place[:100], witness=f"门禁 {gate.name}"
        )
    made = ArrivalEvidence.objects.create(
        ticket=held.ticket,
        cycle=held.ticket.cycle,
        kind="gate",
        person=actor.display_name,
        at=held.now,
        place=place,
        gate=gate,
        note=note.strip()[:200],
        photo_path=photo.path if photo else "",
        photo_sha256=photo.sha256 if photo else "",
        photo_mime=photo.mime if photo else "",
        given_by=actor,
        given_at=held.now,
    )
    _log(actor, held.ticket, "check_in", f"{actor.display_name} 在 {gate.name} 签到", made)
    return made


@transaction.atomic
def sign_arrival(
    *,
    actor: User,
    ticket: Ticket,
    person: str,
    place: str,
    at: dt.datetime | None = None,
    late_reason: str = "",
) -> ArrivalEvidence:
    """A hospital engineer signs that somebody has come. Where nobody has recorded the arrival yet, this records it."""
    held = chain.hold(ticket, actor=actor, permission=CONFIRM)
    chain.require_side(held.side, Side.HOSPITAL, "签认到场")
    if not person.strip() or not place.strip():
        raise Invalid("请写明到场人员和地点", way_out="例如 周毅，信息科机房。")
    found = selectors.situation(held.ticket)
    if found.remote_failed is None:
        raise Conflict("尚未声明远程无法解决，到场时限未起算", way_out="请先登记「远程无法解决」。")
    if found.arrived is None:
        happened = chain.instant(held, at, what="到场", late_reason=late_reason)
        payload = {"place": place.strip(), "person": person.strip(), "witness": actor.display_name}
        chain.append(held, "ONSITE_ARRIVED", at=happened, payload={**payload, "late_reason": late_reason})
        chain.finish(held, "arrive", summary=f"甲方签认 {person.strip()} 到达 {place.strip()}")
    else:
        happened = found.arrived.at
    if ArrivalEvidence.objects.filter(ticket=held.ticket, cycle=held.ticket.cycle, kind="hospital").exists():
        raise Conflict("甲方已签认到场", way_out="无需重复签认。", code="arrival_signed")
    made = ArrivalEvidence.objects.create(
        ticket=held.ticket,
        cycle=held.ticket.cycle,
        kind="hospital",
        person=person.strip()[:50],
        at=happened,
        place=place.strip()[:150],
        given_by=actor,
        given_at=held.now,
    )
    _log(actor, held.ticket, "sign_arrival", f"甲方签认 {made.person} 到场", made)
    return made


@transaction.atomic
def depart(*, actor: User, ticket: Ticket, person: str, left_over: str = "") -> Ticket:
    """Somebody leaves the site; ``left_over`` is what stays to be done there."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "登记离场")
    found = selectors.situation(held.ticket)
    if found.arrived is None:
        raise Conflict("还没有人到场", way_out="请先登记到场。")
    name = person.strip() or actor.display_name
    text = f"{name} 离开现场" + (f"；遗留：{left_over.strip()}" if left_over.strip() else "")
    payload = {"text": text, "person": name, "departed": held.now.isoformat()}
    chain.append(held, "NOTE", at=held.now, payload=payload)
    return chain.finish(held, "depart", summary=text)


@transaction.atomic
def set_up_gate(*, actor: User, gate: Gate, new_code: bool = False) -> Gate:
    """Save a gate; a new one, or one whose code leaked, gets a fresh secret.

    Only the hospital keeps the codes: a supplier that could print one could check in from home.
    """
    scope.require(actor, GATE)
    chain.require_side(chain.side_of(actor), Side.HOSPITAL, "维护签到点")
    if not gate.code or new_code:
        gate.code = secrets.token_urlsafe(12)
    try:
        gate.full_clean()
    except ValidationError as error:
        problems = [Problem(message) for message in error.messages]
        raise Invalid("签到点有误", way_out="请按提示修改后保存。", problems=problems) from error
    gate.save()
    audit.record(actor=actor, act=GATE, target=f"operations.gate:{gate.pk}", summary=str(gate))
    return gate


@transaction.atomic
def switch_gate(*, actor: User, gate: Gate, on: bool) -> Gate:
    """Let a gate count, or no longer: as much the hospital's as its code."""
    held = Gate.objects.select_for_update().get(pk=gate.pk)
    held.is_active = on
    return set_up_gate(actor=actor, gate=held)


def _log(actor: User, ticket: Ticket, act: str, summary: str, made: ArrivalEvidence) -> None:
    audit.record(
        actor=actor,
        act=f"operations.ticket.{act}",
        target=f"operations.ticket:{ticket.pk}",
        summary=f"{ticket.number} {summary}",
        data={"evidence": made.pk, "photo": made.photo_sha256},
    )
