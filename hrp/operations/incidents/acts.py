"""What this room adds to a ticket's page: reports, decisions, roles, the end of the emergency, going on site."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.views import acts, reading
from hrp.operations.desk.views.acts import Act
from hrp.operations.desk.views.questions import Given, Question
from hrp.operations.incidents import selectors
from hrp.operations.incidents.services import command, onsite
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Invalid

COMMAND = ("status_update", "decision", "take_role", "end_emergency", "dispatch", "sign_arrival", "depart")
"""Codes of these acts, in the order of the command page."""


def _update(actor: User, ticket: Ticket, given: Given) -> object:
    return command.post_update(actor=actor, ticket=ticket, text=reading.text(given, "text", most=2000))


def _decide(actor: User, ticket: Ticket, given: Given) -> object:
    return command.decide(
        actor=actor,
        ticket=ticket,
        decided=reading.text(given, "decided", most=1000),
        person=reading.text(given, "person", most=50),
    )


def _role(actor: User, ticket: Ticket, given: Given) -> object:
    return command.take_role(
        actor=actor, ticket=ticket, role=given.get("role", ""), person=reading.text(given, "person", most=50)
    )


def _end(actor: User, ticket: Ticket, given: Given) -> object:
    return command.end_emergency(actor=actor, ticket=ticket, text=reading.text(given, "text", most=500))


def _dispatch(actor: User, ticket: Ticket, given: Given) -> object:
    chosen = given.get("person", "")
    person = next((user for user, _travel in selectors.engineers() if str(user.pk) == chosen), None)
    if person is None:
        raise Invalid("请选择派谁去", way_out="从列表中选择乙方人员。")
    return onsite.dispatch(
        actor=actor, ticket=ticket, person=person, expected=reading.instant(given, "expected", "预计到达时间")
    )


def _sign(actor: User, ticket: Ticket, given: Given) -> object:
    return onsite.sign_arrival(
        actor=actor,
        ticket=ticket,
        person=reading.text(given, "person", most=50),
        place=reading.text(given, "place", most=100),
        at=reading.instant(given, "at", "到场时间"),
        late_reason=reading.text(given, "late_reason", most=200),
    )


def _depart(actor: User, ticket: Ticket, given: Given) -> object:
    return onsite.depart(
        actor=actor,
        ticket=ticket,
        person=reading.text(given, "person", most=50),
        left_over=reading.text(given, "left_over", most=300),
    )


def _going_on(ticket: Ticket) -> bool:
    found = selectors.situation(ticket)
    return found.started is not None and found.ended is None


def _unsigned_visit(ticket: Ticket) -> bool:
    signed = any(one.kind == "hospital" for one in selectors.evidence(ticket))
    return not signed and selectors.situation(ticket).remote_failed is not None


def _on_site(ticket: Ticket) -> bool:
    found = selectors.situation(ticket)
    return found.arrived is not None and found.departed is None


def _filled(question: Question, ticket: Ticket) -> Question:
    if question.name == "person" and question.kind == "choice":
        return replace(
            question,
            choices=tuple(
                (str(user.pk), f"{user.display_name}　{f'{travel.minutes} 分钟' if travel else '路程未登记'}")
                for user, travel in selectors.engineers()
            ),
        )
    trips = selectors.situation(ticket).trips
    return replace(question, value=trips[-1].person) if question.name == "person" and trips else question


_ROLE_CHOICES = tuple(selectors.ROLES.items())

ACTS = (
    Act("status_update", _("进展通报"), "STATUS_UPDATE", command.WORK, icon="speakerphone", run=_update, side=Side.SUPPLIER,
        shown=selectors.is_emergency,
        questions=(Question("text", _("进展"), "textarea", required=True, hint=_("已做什么、结果如何、下一步做什么；甲方立即收到")),)),
    Act("decision", _("记录决定"), "DECISION", command.DECIDE, icon="gavel", run=_decide, shown=selectors.is_emergency,
        questions=(Question("decided", _("决定"), "textarea", required=True), Question("person", _("决定人"), hint=_("空着即为本人")))),
    Act("take_role", _("分配角色"), "NOTE", command.LOG, icon="user-check", run=_role, shown=_going_on,
        questions=(Question("role", _("角色"), "choice", required=True, choices=_ROLE_CHOICES), Question("person", _("由谁担任"), required=True))),
    Act("end_emergency", _("宣布应急结束"), "EMERGENCY_ENDED", command.DECIDE, icon="flag-check", run=_end, side=Side.HOSPITAL,
        style="primary", shown=_going_on,
        questions=(Question("text", _("依据"), "textarea", required=True, hint=_("业务恢复到什么程度；宣布后进展通报不再催办")),)),
    Act("dispatch", _("派员到场"), "DISPATCHED", command.WORK, icon="car", run=_dispatch, side=Side.SUPPLIER, fill=_filled,
        questions=(
            Question("person", _("派谁去"), "choice", required=True),
            Question("expected", _("预计到达"), "instant", hint=_("空着即按登记的路程推算")),
        )),
    Act("sign_arrival", _("签认到场"), "NOTE", onsite.CONFIRM, icon="signature", run=_sign, side=Side.HOSPITAL, style="primary",
        shown=_unsigned_visit, fill=_filled,
        questions=(
            Question("person", _("到场人员"), required=True), Question("place", _("到达地点"), required=True),
            Question("at", _("到场时间"), "instant", hint=_("空着即为现在；已登记到场的以登记时间为准")),
            Question("late_reason", _("补录依据")),
        )),
    Act("depart", _("登记离场"), "NOTE", onsite.WORK, icon="door-exit", run=_depart, side=Side.SUPPLIER, shown=_on_site, fill=_filled,
        questions=(Question("person", _("离场人员"), required=True), Question("left_over", _("现场遗留"), "textarea"))),
)  # fmt: skip


def register_all() -> None:
    for act in ACTS:
        acts.register(act, main=act.code in ("end_emergency", "sign_arrival"))
