"""What has happened to a document and what comes next: the steps of its head and the approval timeline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from hrp.platform.documents import approvals, posting
from hrp.platform.documents.models import ApprovalTask, Document, State
from hrp.platform.ui import formats

_PASSED = (State.POSTED, State.REVERSED)


@dataclass(frozen=True)
class Step:
    title: str
    note: str
    css: str  # ok | now | rejected | ""


@dataclass(frozen=True)
class Event:
    """One line of the timeline, newest first."""

    who: str
    what: str
    at: dt.datetime | None
    css: str  # now | passed | rejected | ""
    result: str = ""
    opinion: str = ""


def _role_holders(task: ApprovalTask) -> str:
    return _("待{role}处理").format(role=task.role.title)


class Progress:
    """Steps and events of one document, from its tasks (one query) and its own dates."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tasks: list[ApprovalTask] = list(approvals.tasks_of(document)) if document.pk else []
        self.reversal = posting.reversal_of(document) if document.state == State.REVERSED else None

    @property
    def latest(self) -> list[ApprovalTask]:
        last = max((task.submission for task in self.tasks), default=0)
        return [task for task in self.tasks if task.submission == last and task.state != "cancelled"]

    def steps(self) -> list[Step]:
        document, state = self.document, self.document.state
        made = document.pk is not None
        editing = state in (State.DRAFT, State.RETURNED)
        first = Step(
            _("制单"),
            f"{document.maker} {formats.when(document.created_at)}" if made else _("填写中"),
            "rejected" if state == State.RETURNED else "now" if editing else "ok",
        )
        return [first, *self._middle(editing), self._last()]

    def _middle(self, editing: bool) -> list[Step]:
        state = self.document.state
        if editing or not self.latest:
            passed = state in (State.APPROVED, *_PASSED)
            note = _("无须审批") if passed else _("待提交")
            return [Step(_("审核"), note if state != State.VOID else "", "ok" if passed else "")]
        steps = []
        for task in self.latest:
            css = {"approved": "ok", "pending": "now", "returned": "rejected"}.get(task.state, "")
            note = (
                f"{task.decided_by} {formats.when(task.decided_at)}"
                if task.decided_by
                else (_role_holders(task) if task.state == "pending" else _("待处理"))
            )
            steps.append(Step(task.title, note, css))
        return steps

    def _last(self) -> Step:
        document, state = self.document, self.document.state
        if state in _PASSED:
            return Step(_("过账"), f"{document.posted_by} {formats.when(document.posted_at)}", "ok")
        if state == State.VOID:
            return Step(_("已作废"), formats.when(document.updated_at), "rejected")
        return Step(
            _("过账"),
            _("待过账") if state == State.APPROVED else "",
            "now" if state == State.APPROVED else "",
        )

    def events(self) -> list[Event]:
        document = self.document
        found: list[tuple[dt.datetime, Event]] = []
        if document.pk is None:
            return []
        if document.posted_at:
            posted = Event(
                str(document.posted_by), _("过账"), document.posted_at, "passed", document.display_number
            )
            found.append((document.posted_at, posted))
        if self.reversal is not None:
            said = self.reversal
            event = Event(str(said.actor), _("红冲"), said.recorded_at, "rejected", said.number, said.reason)
            found.append((said.recorded_at, event))
        if document.state == State.VOID:
            found.append((document.updated_at, Event("", _("作废"), document.updated_at, "rejected")))
        for task in self.tasks:
            if task.state == "pending":
                continue
            if task.decided_at is not None:
                ok = task.state == ApprovalTask.State.APPROVED
                behalf = _("（代{name}）").format(name=task.on_behalf_of) if task.on_behalf_of else ""
                event = Event(
                    f"{task.decided_by}{behalf}", task.title, task.decided_at, "passed" if ok else "rejected",
                    _("通过") if ok else _("驳回"), task.opinion,
                )  # fmt: skip
                found.append((task.decided_at, event))
        submissions = {(t.submission, t.created_at) for t in self.tasks}
        if not submissions and document.submitted_at:
            submissions = {(document.version, document.submitted_at)}
        for _version, at in submissions:
            found.append((at, Event(str(document.maker), _("提交"), at, "passed")))
        found.append(
            (document.created_at, Event(str(document.maker), _("制单"), document.created_at, "passed"))
        )
        # things of one instant are told in the order they were found: deciding, submitting, drafting
        rank = {id(event): place for place, (_at, event) in enumerate(found)}
        ordered = [
            event
            for _at, event in sorted(found, key=lambda pair: (pair[0], -rank[id(pair[1])]), reverse=True)
        ]
        waiting = [t for t in self.tasks if t.state == "pending"]
        return [*(Event(_role_holders(t), t.title, None, "now") for t in waiting), *ordered]


def elapsed(document: Any) -> str:
    """How long it has been under way, in words, from submission to now or to its end."""
    from hrp.platform.base import clock

    if document.pk is None or document.submitted_at is None:
        return ""
    minutes = int(((document.posted_at or clock.now()) - document.submitted_at).total_seconds() // 60)
    if minutes < 60:
        return _("已用时 {minutes} 分钟").format(minutes=minutes)
    if minutes < 60 * 48:
        return _("已用时 {hours} 小时").format(hours=minutes // 60)
    return _("已用时 {days} 天").format(days=minutes // 1440)
