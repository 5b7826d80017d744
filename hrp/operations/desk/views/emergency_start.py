"""What the start of an emergency is chosen from: the plans in force, and the supplier's people."""

from __future__ import annotations

from dataclasses import replace

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.views.questions import Question
from hrp.operations.emergency import selectors as emergency
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem


def plans(ticket: Ticket) -> dict[str, str]:
    """Label as the event keeps it (``EP-HRP-01 v3``) -> label and scenario, of the versions in force now."""
    found = emergency.in_force(ticket.contract_version.contract, clock.now())
    return {str(version): f"{version} {version.plan.get_scenario_display()}" for version in found.values()}


def checked_plan(ticket: Ticket, given: str) -> str:
    """The plan as chosen. Where any plan is in force, one of them has to be followed."""
    offered = plans(ticket)
    if given and offered and given not in offered:
        raise Invalid(
            f"应急预案「{given}」没有在生效",
            way_out="请选择：" + "、".join(offered) + "。",
            problems=[Problem("请选择生效的预案", field="plan")],
        )
    return given


def filled(question: Question, ticket: Ticket) -> Question:
    """The question with what can be chosen; without any plan in force the plan is written in words."""
    people = tuple(
        (
            member.user.display_name,
            _person(member.user.display_name, [role.title for role in member.roles.all()]),
        )
        for member in contracts.members(Side.SUPPLIER)
        if member.user.is_active
    )
    if question.name == "commander":
        return replace(question, choices=people)
    if question.name == "staff":
        return replace(question, choices=people, value=ticket.owner.display_name if ticket.owner else "")
    if question.name == "plan":
        offered = tuple(plans(ticket).items())
        return replace(question, choices=offered) if offered else replace(question, kind="text")
    return question


def _person(name: str, titles: list[str]) -> str:
    return f"{name}（{'、'.join(titles)}）" if titles else name
