"""Laying the rota: turns by a rhythm, single shifts, substitutions. Everything is added, nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from hrp.operations.duty import rules, selectors
from hrp.operations.duty.models import DutyPerson, Shift, ShiftCut, Substitution
from hrp.operations.duty.rules import Stint
from hrp.operations.duty.services import parties
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem

RHYTHMS = {168: "每周轮换", 24: "每日轮换", 12: "每 12 小时轮换"}
LONGEST = dt.timedelta(days=400)


@transaction.atomic
def save_person(
    *, actor: User, user: User, travel_minutes: int | None, home: str = "", is_active: bool = True
) -> DutyPerson:
    """Say who may be on duty and how long the way to the hospital takes. Raises Invalid for the other party."""
    parties.require_supplier(actor, parties.EDIT, "登记值班人员")
    if not parties.is_supplier(user):
        raise Invalid(
            f"{user.display_name} 不是乙方人员",
            way_out="请先在合同人员中登记为乙方。",
            problems=[Problem("应为乙方人员", field="user")],
        )
    person, _created = DutyPerson.objects.update_or_create(
        user=user, defaults={"travel_minutes": travel_minutes, "home": home.strip(), "is_active": is_active}
    )
    audit.record(
        actor=actor,
        act="operations.duty.person",
        target=f"operations.duty_person:{person.pk}",
        summary=f"登记值班人员 {user.display_name}，路程 {travel_minutes if travel_minutes is not None else '未知'} 分钟",
    )
    return person


@transaction.atomic
def generate(
    *,
    actor: User,
    layer: str,
    people: Sequence[User],
    first_day: dt.date,
    last_day: dt.date,
    hours: int = 168,
    handover_hour: int = 8,
) -> list[Shift]:
    """Let ``people`` take turns in ``layer`` from the handover hour of the first day to that after the last day.

    What the layer had planned in that time no longer holds. Raises Invalid for a wrong wish, Conflict when somebody
    would stand in two layers at once; then nothing has changed.
    """
    parties.require_supplier(actor, parties.EDIT, "排班")
    parties.lock_rota()
    _check_layer(layer)
    if hours not in RHYTHMS or not 0 <= handover_hour <= 23:
        raise Invalid(
            "轮换方式有误", way_out="请选择：" + "、".join(RHYTHMS.values()) + "；交接时刻 0 到 23 点。"
        )
    start = clock.at(first_day, handover_hour)
    end = clock.at(last_day + dt.timedelta(days=1), handover_hour)
    _check_span(start, end)
    _check_people(people)
    _clear(actor, layer, start, end)
    turns = rules.rotation([person.pk for person in people], start, end, hours=hours)
    shifts = Shift.objects.bulk_create(
        Shift(
            layer=layer,
            user_id=user,
            starts_at=begin,
            ends_at=stop,
            recorded_at=clock.now(),
            recorded_by=actor,
        )
        for user, begin, stop in turns
    )
    _refuse_double(start, end)
    audit.record(
        actor=actor,
        act="operations.duty.generate",
        target=f"operations.duty_layer:{layer}",
        summary=f"{layer} {first_day} 至 {last_day} {RHYTHMS[hours]}：{'、'.join(p.display_name for p in people)}",
    )
    return shifts


def _check_layer(layer: str) -> None:
    known = selectors.layers()
    if layer not in known:
        raise Invalid(f"没有「{layer}」这个值班层级", way_out="合同约定的层级：" + "、".join(known) + "。")


def _check_span(start: dt.datetime, end: dt.datetime) -> None:
    if end <= start or end - start > LONGEST:
        raise Invalid("起止日期有误", way_out="止日不早于起日，一次最多排 400 天。")
    if start < clock.now():
        raise Invalid(
            f"{clock.local(start):%m-%d %H:%M} 已经过去，不能补排",
            way_out="已值过的班不可改写；请从之后的交接时刻排起，当下的空缺用「顶班」。",
            code="rota_in_the_past",
        )


def _check_people(people: Sequence[User]) -> None:
    allowed = {person.user_id for person in selectors.duty_people()}
    unknown = [person.display_name for person in people if person.pk not in allowed]
    if not people or unknown:
        raise Invalid(
            f"不是值班人员：{'、'.join(unknown)}" if unknown else "请选择值班人员",
            way_out="请先在「值班人员」中登记到院路程。",
            problems=[Problem("请核对人员", field="people")],
        )


def _clear(actor: User, layer: str, start: dt.datetime, end: dt.datetime) -> None:
    """Cut what the layer had in the time, and keep the rest of a shift that reaches beyond it."""
    planned = Shift.objects.filter(layer=layer, starts_at__lt=end, ends_at__gt=start)
    now = clock.now()
    cuts, tails = [], []
    for shift in planned.prefetch_related("cuts"):
        stop = min([shift.ends_at, *(cut.at for cut in shift.cuts.all())])
        if stop <= max(start, shift.starts_at):
            continue
        at = max(start, shift.starts_at)
        cuts.append(ShiftCut(shift=shift, at=at, recorded_at=now, recorded_by=actor))
        if stop > end:
            tails.append(
                Shift(
                    layer=layer, user_id=shift.user_id, starts_at=end, ends_at=stop, recorded_at=now, recorded_by=actor
                )
            )  # fmt: skip
    ShiftCut.objects.bulk_create(cuts)
    Shift.objects.bulk_create(tails)


def _refuse_double(start: dt.datetime, end: dt.datetime) -> None:
    found = [fault for fault in selectors.faults(start, end) if fault.kind == "double"]
    if found:
        fault = found[0]
        name = selectors.names({fault.person or 0}).get(fault.person or 0, "")
        raise Conflict(
            f"{name} 将在 {clock.local(fault.start):%m-%d %H:%M} 同时值两层",
            way_out="换一个人，或先调整他在另一层的班。",
            code="two_layers_at_once",
        )


@transaction.atomic
def substitute(
    *,
    actor: User,
    layer: str,
    out: User,
    into: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reason: str,
) -> Substitution:
    """顶班: let somebody else stand in. Raises Invalid for time that has passed or a time ``out`` does not stand."""
    parties.require_supplier(actor, parties.EDIT, "登记顶班")
    parties.lock_rota()
    return stand_in(actor, layer, out, into, starts_at, ends_at, reason)


def stand_in(
    actor: User, layer: str, out: User, into: User, starts_at: dt.datetime, ends_at: dt.datetime, reason: str
) -> Substitution:
    """As :func:`substitute`, for verbs that have checked the right and hold the lock themselves."""
    now = clock.now()
    if not reason.strip():
        raise Invalid(
            "请写明事由", way_out="例如病假、外出培训。", problems=[Problem("必填", field="reason")]
        )
    if out.pk == into.pk:
        raise Invalid("顶替人与被替人是同一人", way_out="请选择另一位值班人员。")
    if ends_at <= starts_at or ends_at <= now:
        raise Invalid("顶班时间已经过去，或止早于起", way_out="请填写今后的起止时间。")
    _check_people([into])
    require_standing(layer, out, max(starts_at, now), ends_at)
    row = Substitution.objects.create(
        layer=layer,
        out=out,
        into=into,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip(),
        recorded_at=now,
        recorded_by=actor,
    )
    _refuse_double(max(starts_at, now), ends_at)
    audit.record(
        actor=actor,
        act="operations.duty.substitute",
        target=f"operations.duty_layer:{layer}",
        summary=f"{into.display_name} 顶 {out.display_name}：{clock.local(starts_at):%m-%d %H:%M} 至 {clock.local(ends_at):%m-%d %H:%M}",
    )
    return row


def require_standing(layer: str, user: User, begin: dt.datetime, end: dt.datetime) -> None:
    """Raise NotFound unless ``user`` stands in ``layer`` for the whole time."""
    mine = sorted(
        (one for one in selectors.standing(begin, end) if (one.layer, one.person) == (layer, user.pk)),
        key=_start,
    )
    reached = begin
    for one in mine:
        if one.start > reached:
            break
        reached = max(reached, one.end)
    if reached < end:
        raise NotFound(
            f"{user.display_name} 在 {clock.local(reached):%m-%d %H:%M} 没有{layer}的班",
            way_out="请核对值班表，时间须在其班次之内。",
        )


def _start(stint: Stint) -> dt.datetime:
    return stint.start
