"""Named reads of the trail: the action log, and the history of one record as readable changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet

from hrp.platform.audit.models import ActionLog, Block
from hrp.platform.base import clock

EMPTY = "（空）"
LABELS = {"insert": "新增", "update": "修改", "delete": "删除"}


def actions(
    *,
    target: str = "",
    actor_id: int | None = None,
    act: str = "",
    unit_ids: Iterable[int] | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> QuerySet[ActionLog]:
    """The action log, newest first; page it by keyset on ``-id``. ``target`` is exact, ``act`` a prefix."""
    found = ActionLog.objects.all()
    if target:
        found = found.filter(target=target)
    if actor_id is not None:
        found = found.filter(actor_id=actor_id)
    if act:
        found = found.filter(act__startswith=act)
    if unit_ids is not None:
        found = found.filter(unit_id__in=list(unit_ids))
    if since is not None:
        found = found.filter(at__gte=since)
    if until is not None:
        found = found.filter(at__lt=until)
    return found


def actions_on(target: str, *, limit: int = 100) -> list[ActionLog]:
    """What was done to one thing ("logistics.stock_issue:4711"), newest first: the panel on its page."""
    return list(actions(target=target)[:limit])


@dataclass(frozen=True)
class SealState:
    """Where the chain stands."""

    seq: int
    hash: str
    sealed_at: dt.datetime | None
    unsealed: int


def seal_state() -> SealState:
    """The head of the chain, and how many rows of the action log wait for the next block."""
    head = Block.objects.order_by("-seq").first()
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*) FROM audit_action a LEFT JOIN (
                SELECT epoch, max(to_xact) AS upto FROM audit_block WHERE source = 'audit_action' GROUP BY epoch
            ) b ON b.epoch = a.epoch WHERE a.xact_id >= coalesce(b.upto, 0)""")
        ((unsealed,),) = cursor.fetchall()
    if head is None:
        return SealState(0, "", None, unsealed)
    return SealState(head.seq, bytes(head.hash).hex(), head.sealed_at, unsealed)


def blocks() -> QuerySet[Block]:
    """The blocks of the chain, newest first."""
    return Block.objects.all()


@dataclass(frozen=True)
class FieldChange:
    """One field of one change, as people read it."""

    field: str
    title: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One event in the life of a record. ``who`` is the actor's name, or the command or job that did it."""

    at: dt.datetime
    label: str
    title: str
    who: str
    actor_id: int | None
    request: str
    ip: str
    reason: str
    fields: tuple[FieldChange, ...]


def history_of(obj: models.Model, *, limit: int = 200) -> list[Change]:
    """Every kept change of a ``@tracked`` record, newest first.

    An insertion lists its filled fields, a change the fields that differ from the event before, a deletion none.
    Raises LookupError for a model whose history is not kept.
    """
    event_model = _event_model(type(obj))
    events = list(event_model.objects.filter(pgh_obj_id=obj.pk).order_by("-pgh_id")[: limit + 1])
    names = _Names(type(obj), events)
    changes = []
    for i, event in enumerate(events[:limit]):
        before = events[i + 1] if i + 1 < len(events) else None
        context = event.pgh_context or {}
        changes.append(
            Change(
                at=event.pgh_created_at,
                label=event.pgh_label,
                title=LABELS.get(event.pgh_label, event.pgh_label),
                who=context.get("name") or _source(context.get("request", "")),
                actor_id=context.get("actor"),
                request=context.get("request", ""),
                ip=context.get("ip", ""),
                reason=context.get("reason", ""),
                fields=() if event.pgh_label == "delete" else tuple(_differences(event, before, names)),
            )
        )
    return changes


def _event_model(model: type[models.Model]) -> Any:
    found = list(getattr(model, "pgh_event_models", {}).values())
    if not found:
        raise LookupError(f"{model._meta.label} 不保留变更历史")
    return found[0]


def _source(request: str) -> str:
    door, _, rest = request.partition(":")
    words = {"cli": "命令行", "job": "后台任务", "duty": "定期职责"}
    return f"{words[door]} {rest}" if door in words else "未登记的来源"


def _differences(event: Any, before: Any | None, names: _Names) -> Iterable[FieldChange]:
    for field in names.fields:
        new = getattr(event, field.attname)
        if event.pgh_label == "insert" or before is None:
            if new in (None, "", [], {}) or field.primary_key:
                continue
            yield FieldChange(field.name, str(field.verbose_name), "", names.text(field, new))
        else:
            old = getattr(before, field.attname)
            if old != new:
                yield FieldChange(
                    field.name, str(field.verbose_name), names.text(field, old), names.text(field, new)
                )


class _Names:
    """Turns stored values into words: choices, foreign keys (one query per related model), dates, yes and no."""

    def __init__(self, model: type[models.Model], events: list[Any]) -> None:
        self.fields: list[Any] = [
            f for f in model._meta.concrete_fields if events and hasattr(events[0], f.attname)
        ]
        self._related: dict[str, dict[Any, str]] = {}
        for field in self.fields:
            if isinstance(field, models.ForeignKey):
                keys = {getattr(event, field.attname) for event in events} - {None}
                rows = field.related_model._base_manager.filter(**{f"{field.target_field.name}__in": keys})
                self._related[field.name] = {
                    getattr(row, field.target_field.attname): str(row) for row in rows
                }

    def text(self, field: Any, value: Any) -> str:
        if value is None or value == "":
            return EMPTY
        if isinstance(field, models.ForeignKey):
            return self._related[field.name].get(value, f"#{value}")
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, dt.datetime):
            return clock.local(value).strftime("%Y-%m-%d %H:%M:%S")
        return str(value)


def is_tracked(model: type[models.Model]) -> bool:
    """Whether the model's history is kept."""
    return bool(getattr(model, "pgh_event_models", {}))
