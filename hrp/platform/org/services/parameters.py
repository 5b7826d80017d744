"""Setting a business parameter from a day on, and another person's word that it is right."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hrp.platform.base import acts, clock, stamps
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.org import parameters
from hrp.platform.org.models import Parameter

EDIT = "system.parameter.edit"
VERIFY = "org.parameter.verify"


@transaction.atomic
def set_parameter(*, actor: Any, key: str, value: str, valid_from: dt.date, source: str) -> Parameter:
    """From ``valid_from`` the parameter has this value, until a later row.

    A row of that day is corrected as long as nobody has verified it; it is then entered by who corrected it. Refuses a
    value that cannot be read, a day in the past that figures may already stand on, and a value without its source.
    """
    acts.require(actor, EDIT)
    spec = _spec(key)
    value, source = value.strip(), source.strip()
    parameters.parse(spec, value)
    if not source:
        raise Invalid("请写明依据", problems=[Problem("例如文件名称、文号或院内决定", field="source")])
    today = clock.today()
    known = Parameter.objects.select_for_update().filter(key=key, valid_from=valid_from).first()
    if known is not None and known.verified_by:
        raise Conflict(
            f"{spec.title} 自 {valid_from} 的值已由{known.verified_by}核对，不能再改", code="verified",
            way_out="请设置一个更晚的生效日期。",
        )  # fmt: skip
    if valid_from < today and known is None:
        raise Invalid(
            f"{spec.title} 不能从过去的日期起改", problems=[Problem(f"最早 {today}", field="valid_from")],
            way_out="已经发生的业务按当时的参数处理；请从今天或以后生效。",
        )  # fmt: skip
    row = known or Parameter(key=key, valid_from=valid_from)
    row.value, row.source = value[:500], source[:200]
    row.entered_by, row.entered_at = actor.display_name, clock.now()
    row.save()
    stamps.forget()
    acts.record(
        actor=actor, act="system.parameter.set", target=f"org.parameter:{row.pk}",
        summary=f"设置业务参数 {spec.title}：自 {valid_from} 为 {value}（{source}）", data={"key": key, "value": value},
    )  # fmt: skip
    return row


@transaction.atomic
def verify_parameter(*, actor: Any, pk: int) -> Parameter:
    """Say that a value was compared with its source. Who entered it does not verify it; afterwards it stands."""
    acts.require(actor, VERIFY)
    row = Parameter.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound("没有找到该参数值", way_out="请刷新页面。")
    spec = _spec(row.key)
    if row.verified_by:
        raise Conflict(f"{spec.title} 已由{row.verified_by}核对", code="verified", way_out="请刷新页面。")
    if row.entered_by == actor.display_name:
        raise Conflict(
            "录入人不能核对自己录入的值", code="same_person", way_out="请由另一位有权限的人员核对。"
        )
    row.verified_by, row.verified_at = actor.display_name, clock.now()
    row.save(update_fields=["verified_by", "verified_at"])
    stamps.forget()
    acts.record(
        actor=actor, act="org.parameter.verify", target=f"org.parameter:{row.pk}",
        summary=f"核对业务参数 {spec.title}：自 {row.valid_from} 为 {row.value}（{row.source}）",
    )  # fmt: skip
    return row


def _spec(key: str) -> parameters.Spec:
    found = parameters.registry.get(key)
    if found is None:
        raise NotFound(f"没有业务参数 {key}", way_out="请从列表选择。")
    return found
