"""咨询, 疑问, 建议, 投诉: asked once, answered in steps, judged by who asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.feedback import rules, selectors
from hrp.operations.feedback.models import Enquiry, EnquiryStep
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from hrp.platform.notify import services as notify
from hrp.platform.org.models import OrgUnit

KIND = "operations.enquiry"
DESK = ("值班工程师", "服务台主管")
RESPONSE_LEVEL = "C"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know, proposes or complains about."""

    kind: str
    org_unit: OrgUnit
    module: str
    title: str
    text: str
    asker_name: str = ""
    ticket: Ticket | None = None


@transaction.atomic
def ask(*, actor: User, asked: Asked) -> Enquiry:
    """Write it down as it was said; the desk is told and owes a response as to a C级 report."""
    scope.require(actor, selectors.ASK, asked.org_unit.pk)
    _check(asked)
    now = clock.now()
    terms = contracts.terms_of(contracts.require_version(now))
    enquiry = Enquiry.objects.create(
        kind=asked.kind,
        org_unit=asked.org_unit,
        module=asked.module.strip(),
        in_scope=asked.module.strip() in terms.modules,
        title=asked.title.strip(),
        text=asked.text.strip(),
        asker=actor,
        asker_name=asked.asker_name.strip() or actor.display_name,
        asked_at=now,
        respond_by=now + dt.timedelta(seconds=terms.levels[RESPONSE_LEVEL].response_s),
        ticket=asked.ticket,
    )
    notify.notify(
        recipients=contracts.users_with(DESK),
        kind=KIND,
        title=f"{enquiry.get_kind_display()}：{enquiry.title}",
        body=f"{asked.org_unit} · {enquiry.asker_name} · 应于 {clock.local(enquiry.respond_by):%m-%d %H:%M} 前回应",
        url=selectors.url_of(enquiry),
        dedupe_key=f"enquiry:{enquiry.pk}",
    )
    _log(actor, "ask", enquiry, f"{enquiry.get_kind_display()} {enquiry.title}")
    return enquiry


@transaction.atomic
def answer(*, actor: User, enquiry: Enquiry, text: str) -> Enquiry:
    """Answer a question."""
    held = _hold(actor, enquiry, "answer", selectors.ANSWER, Side.SUPPLIER)
    return _add(held, actor, "answer", text=_said(text, "答复"))


@transaction.atomic
def decide(*, actor: User, enquiry: Enquiry, decision: str, text: str, target: str = "") -> Enquiry:
    """Decide on a suggestion and say why. An accepted one goes to the backlog, with the version it is planned for."""
    held = _hold(actor, enquiry, "decide", selectors.ANSWER, Side.SUPPLIER)
    if decision not in rules.DECISIONS:
        raise Invalid(
            "请选择采纳与否", way_out="采纳的写明计划版本。", problems=[Problem("必选", field="decision")]
        )
    return _add(
        held, actor, "decide", text=_said(text, "答复"), decision=decision, target=target.strip()[:50]
    )


@transaction.atomic
def assign(*, actor: User, enquiry: Enquiry, owner: User, due_on: dt.date, text: str = "") -> Enquiry:
    """Give a complaint to somebody of the supplier, to be settled by a day."""
    held = _hold(actor, enquiry, "assign", selectors.ANSWER, Side.SUPPLIER)
    if contracts.side_of(owner) != Side.SUPPLIER.value:
        raise Invalid(
            "跟进人须为乙方人员",
            way_out="请从乙方人员中选择。",
            problems=[Problem("非乙方人员", field="owner")],
        )
    if due_on < clock.today():
        raise Invalid(
            "完成期限已过", way_out="请写今天或以后的日期。", problems=[Problem("已过", field="due_on")]
        )
    done = _add(held, actor, "assign", text=text.strip(), owner=owner, due_on=due_on)
    notify.notify(
        recipients=[owner],
        kind=KIND,
        title=f"请跟进投诉：{held.title}",
        body=f"{due_on} 前办结并答复",
        url=selectors.url_of(held),
        dedupe_key=f"enquiry-assign:{held.pk}:{due_on}",
    )
    return done


@transaction.atomic
def finish(*, actor: User, enquiry: Enquiry, text: str) -> Enquiry:
    """A complaint has been settled, or an accepted suggestion delivered: say how."""
    held = _hold(actor, enquiry, "done", selectors.ANSWER, Side.SUPPLIER)
    return _add(held, actor, "done", text=_said(text, "办理结果"))


@transaction.atomic
def judge(*, actor: User, enquiry: Enquiry, accepted: bool, text: str = "") -> Enquiry:
    """The department accepts the answer, or says why not; then it is open again."""
    step = "accept" if accepted else "reopen"
    held = _hold(actor, enquiry, step, selectors.JUDGE, Side.HOSPITAL)
    return _add(held, actor, step, text=text.strip() if accepted else _said(text, "不认可的理由"))


def tell_overdue(today: dt.date) -> int:
    """Tell owner and desk of every follow-up past its day, once a day; returns how many messages were written."""
    told = 0
    for enquiry in selectors.overdue(today):
        people = [enquiry.owner] if enquiry.owner else []
        told += len(
            notify.notify(
                recipients=[*people, *contracts.users_with(DESK)],
                kind=KIND,
                title=f"超期未办结：{enquiry.get_kind_display()} {enquiry.title}",
                body=f"{enquiry.org_unit} · 期限 {enquiry.due_on}",
                url=selectors.url_of(enquiry),
                dedupe_key=f"enquiry-overdue:{enquiry.pk}:{today}",
            )
        )
    return told


def _check(asked: Asked) -> None:
    problems = [
        Problem(message, field=name)
        for name, wrong, message in (
            ("kind", asked.kind not in rules.KINDS, "请选择类别"),
            ("module", not 0 < len(asked.module.strip()) <= 50, "请选择系统"),
            ("title", not 0 < len(asked.title.strip()) <= 100, "请写事项，最多 100 字"),
            ("text", not 0 < len(asked.text.strip()) <= 4000, "请写内容，最多 4000 字"),
            ("asker_name", len(asked.asker_name.strip()) > 50, "最多 50 字"),
        )
        if wrong
    ]
    if problems:
        raise Invalid("内容不完整", way_out="请补齐标红的各项。", problems=problems)


def _said(text: str, what: str) -> str:
    said = text.strip()
    if not said or len(said) > 4000:
        raise Invalid(
            f"请写明{what}", way_out="提出人会看到，最多 4000 字。", problems=[Problem("必填", field="text")]
        )
    return said


def _hold(actor: User, enquiry: Enquiry, step: str, permission: str, side: Side) -> Enquiry:
    held = (
        Enquiry.objects.select_for_update(of=("self",))
        .select_related("org_unit")
        .filter(pk=enquiry.pk)
        .first()
    )
    if held is None:
        raise NotFound("没有找到这条咨询或建议", way_out="请返回列表刷新。")
    scope.check_object(actor, permission, held)
    other = Side.HOSPITAL if side is Side.SUPPLIER else Side.SUPPLIER
    stands = contracts.side_of(actor)
    if stands == other.value or (side is Side.SUPPLIER and stands != side.value):
        raise Forbidden(f"{rules.STEPS[step]}只能由{side.label}办理", way_out=f"请{side.label}人员登录办理。")
    if not rules.allows(held.kind, held.state, step):
        raise Conflict(
            f"{held.get_kind_display()}现为「{held.get_state_display()}」，不能{rules.STEPS[step]}",
            way_out="请刷新页面查看最新状态。",
            code="enquiry_step_refused",
        )
    return held


def _add(enquiry: Enquiry, actor: User, step: str, **facts: object) -> Enquiry:
    """Append the step and project the enquiry anew."""
    now = clock.now()
    side = contracts.side_of(actor) or Side.HOSPITAL.value
    EnquiryStep.objects.create(
        enquiry=enquiry, seq=enquiry.steps.count() + 1, step=step, side=side, by=actor, at=now, **facts
    )
    taken = list(selectors.steps(enquiry))
    enquiry.state = rules.state_of((one.step, one.decision) for one in taken)
    enquiry.responded_at = next((one.at for one in taken if one.side == Side.SUPPLIER.value), None)
    assigned = [one for one in taken if one.step == "assign"]
    enquiry.owner, enquiry.due_on = (assigned[-1].owner, assigned[-1].due_on) if assigned else (None, None)
    enquiry.save(update_fields=["state", "responded_at", "owner", "due_on"])
    if side == Side.SUPPLIER.value and step != "assign":
        notify.notify(
            recipients=[enquiry.asker],
            kind=KIND,
            title=f"已{rules.STEPS[step]}：{enquiry.title}",
            body=str(facts.get("text", ""))[:200],
            url=selectors.url_of(enquiry),
            dedupe_key=f"enquiry-step:{enquiry.pk}:{len(taken)}",
        )
    _log(actor, step, enquiry, f"{rules.STEPS[step]} {enquiry.title}")
    return enquiry


def _log(actor: User, act: str, enquiry: Enquiry, summary: str) -> None:
    audit.record(
        actor=actor,
        act=f"operations.enquiry.{act}",
        target=f"operations.enquiry:{enquiry.pk}",
        summary=summary,
        unit_id=enquiry.org_unit_id,
    )
