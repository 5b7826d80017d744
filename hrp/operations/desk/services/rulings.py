"""裁定: both parties say how a breach is to count. Nothing is taken back; a later ruling in force replaces an earlier one.

Each proposal and each signature is also an event of the ticket's chain, in whatever state the ticket is.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PARTIES, Side
from hrp.operations.desk import selectors
from hrp.operations.desk.models import OUTCOMES, Breach, Ruling, RulingSignature, TicketEvent
from hrp.operations.desk.services import chain
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.notify import services as notify

PERMISSION = "operations.ticket.rule"
KIND = "operations.ruling"


@transaction.atomic
def propose(*, actor: User, breach: Breach, outcome: str, reason: str, evidence: str = "") -> Ruling:
    """Propose how the breach is to count, and sign it for the proposer's side.

    A proposal takes the place of an earlier one that both have not signed yet: it may no longer be signed.
    """
    held = chain.hold(breach.ticket, actor=actor, permission=PERMISSION)
    _require_party(held.side)
    problems = []
    if outcome not in dict(OUTCOMES):
        problems.append(Problem("请选择维持、免责或撤销", field="outcome"))
    if not reason.strip():
        problems.append(Problem("请写明理由，供对方核对", field="reason"))
    if problems:
        raise Invalid("裁定不完整", way_out="请补齐标红的各项。", problems=problems)
    ruling, event = _propose(held, breach, outcome, reason, evidence)
    _sign(held, ruling, event)
    chain.finish(held, "propose_ruling", summary=f"提出{ruling.get_outcome_display()}：{_about(breach)}")
    _tell(
        ruling,
        breach,
        _other(held.side),
        f"{Side(held.side).label}提出{ruling.get_outcome_display()}，待签署",
    )
    return ruling


@transaction.atomic
def sign(*, actor: User, ruling: Ruling) -> Ruling:
    """Sign the proposal for the actor's side. It is in force once both have signed.

    Raises Conflict when that side has signed, or when a later proposal has taken its place.
    """
    breach = ruling.breach
    held = chain.hold(breach.ticket, actor=actor, permission=PERMISSION)
    _require_party(held.side)
    latest = Ruling.objects.filter(breach=breach).order_by("-pk").first()
    if latest is None or latest.pk != ruling.pk:
        raise Conflict(
            "该裁定之后又有新的提议，不能再签署",
            way_out="请刷新后签署最新的提议，或另提裁定。",
            code="ruling_replaced",
        )
    if RulingSignature.objects.filter(ruling=ruling, side=held.side).exists():
        raise Conflict(
            f"{Side(held.side).label}已签署该裁定",
            way_out=f"请等待{_other(held.side).label}签署。",
            code="ruling_signed",
        )
    payload = {
        "ruling": ruling.pk, "clock": breach.clock_key, "about": _about(breach), "outcome": ruling.outcome,
    }  # fmt: skip
    event = chain.append(held, "RULING_SIGNED", at=held.now, payload=payload)
    _sign(held, ruling, event)
    chain.finish(held, "sign_ruling", summary=f"签署{ruling.get_outcome_display()}：{_about(breach)}")
    _tell(ruling, breach, _other(held.side), f"{Side(held.side).label}已签署{ruling.get_outcome_display()}")
    return ruling


def claim(held: chain.Held, *, to: str, basis: str, reason: str, known: Iterable[int]) -> None:
    """What a reclassification puts before both parties (I-10); ``known`` are the breaches there were before it.

    An initial report that was too high: what was missed by the graver level is proposed as 免责. A call the hospital
    says the supplier misjudged: what that made late is proposed as 维持, and the supplier signs or proposes otherwise.
    """
    found = Breach.objects.filter(ticket=held.ticket, clock_key__startswith=f"{held.ticket.cycle}.")
    if basis == "overstated":
        rank = held.terms.levels[to].rank
        graver = [code for code, level in held.terms.levels.items() if level.rank > rank]
        _propose_all(
            held, found.filter(level__in=graver), "excused", f"初报级别过高，已调整为{to}级：{reason}"
        )
    elif basis == "supplier_misclassified" and held.side == Side.HOSPITAL.value:
        made = found.exclude(pk__in=list(known)).filter(level=to)
        _propose_all(held, made, "upheld", f"甲方认为首个电话已说明，乙方判低：{reason}")


def _propose_all(held: chain.Held, breaches: Iterable[Breach], outcome: str, reason: str) -> None:
    machine = chain.Held(
        held.ticket, held.terms, system_actor("desk", title="服务台时钟"), Side.SYSTEM.value, held.now
    )
    for breach in breaches:
        if Ruling.objects.filter(breach=breach).exists():
            continue  # the parties are talking about it already
        ruling, _ = _propose(machine, breach, outcome, reason, "级别调整（释义 I-10）")
        audit.record(
            actor=machine.actor,
            act="operations.ticket.propose_ruling",
            target=f"operations.ticket:{held.ticket.pk}",
            summary=f"{held.ticket.number} 提出{ruling.get_outcome_display()}：{_about(breach)}",
        )
        for side in (Side.HOSPITAL, Side.SUPPLIER):
            _tell(ruling, breach, side, f"级别调整后拟{ruling.get_outcome_display()}，待双方签署")


def _propose(
    held: chain.Held, breach: Breach, outcome: str, reason: str, evidence: str
) -> tuple[Ruling, TicketEvent]:
    payload = {
        "clock": breach.clock_key, "about": _about(breach), "outcome": outcome, "reason": reason.strip(),
        "evidence": evidence.strip(),
    }  # fmt: skip
    event = chain.append(held, "RULING_PROPOSED", at=held.now, payload=payload)
    ruling = Ruling.objects.create(
        breach=breach,
        outcome=outcome,
        reason=reason.strip(),
        evidence=evidence.strip(),
        side=held.side,
        proposed_by=held.actor,
        proposed_at=held.now,
        event=event,
    )
    return ruling, event


def _sign(held: chain.Held, ruling: Ruling, event: TicketEvent) -> None:
    RulingSignature.objects.create(
        ruling=ruling, side=held.side, signer=held.actor, signed_at=held.now, event=event
    )


def _require_party(side: str) -> None:
    if side not in PARTIES:
        raise Forbidden("裁定只能由甲乙双方的人员提出和签署", way_out="请以合同人员的账号登录。")


def _other(side: str) -> Side:
    return Side.SUPPLIER if side == Side.HOSPITAL.value else Side.HOSPITAL


def _about(breach: Breach) -> str:
    level = f"{breach.level}级" if breach.level else ""
    return f"{level}{breach.get_kind_display()}"


def _tell(ruling: Ruling, breach: Breach, side: Side, what: str) -> None:
    """Those of a side who were to be told of the breach are to know what is said about it."""
    people = selectors.of_side(contracts.users_with(breach.notify), side)
    if people:
        notify.notify(
            recipients=people,
            kind=KIND,
            title=f"裁定：{breach.ticket.number} {_about(breach)}",
            body=f"{what}。理由：{ruling.reason}",
            url=reverse("operations.breach.detail", args=[breach.pk]),
            dedupe_key=f"ruling:{ruling.pk}:{side}:{RulingSignature.objects.filter(ruling=ruling).count()}",
        )
