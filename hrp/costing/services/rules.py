"""Verbs on allocation rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max

from hrp.costing.models import AllocationRule, RuleFallback, RuleSet
from hrp.platform.access import scope
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Conflict, Invalid, Problem

if TYPE_CHECKING:
    from hrp.platform.access.models import User

EDIT = "costing.rule_set.edit"
USED_SQL = "SELECT 1 FROM costing_run WHERE rule_set_id = %s AND state IN ('posted', 'reversed') LIMIT 1"


@transaction.atomic
def add_rule(*, actor: User, obj: RuleSet, values: Mapping[str, Any]) -> AllocationRule:
    """Add a rule to a version no posted run has used. Refuses what could never take effect."""
    scope.require(actor, EDIT)
    _refuse_used(obj)
    rule = AllocationRule(rule_set=obj, **values)
    try:
        rule.full_clean(exclude=["rule_set"])
    except ValidationError as error:
        problems = [
            Problem(message, field=field) for field, many in error.message_dict.items() for message in many
        ]
        raise Invalid("规则不成立", problems=problems, way_out="请按标红处修改。") from error
    rule.save()
    audit.record(
        actor=actor, act="costing.rule.add", target=f"costing.rule_set:{obj.pk}", summary=f"{obj} 新增规则 {rule.driver}",
        data={"rule": rule.pk},
    )  # fmt: skip
    return rule


@transaction.atomic
def copy_rule_set(*, actor: User, obj: RuleSet, values: Mapping[str, Any] | None = None) -> str:
    """Copy a version with its rules and fallbacks to the next one; returns the address of the copy."""
    scope.require(actor, EDIT)
    version = (RuleSet.objects.aggregate(latest=Max("version"))["latest"] or 0) + 1
    copy = RuleSet.objects.create(
        version=version,
        title=f"{obj.title}（自第 {obj.version} 版）"[:60],
        valid_from=obj.valid_from,
        valid_to=obj.valid_to,
    )
    for rule in AllocationRule.objects.filter(rule_set=obj).order_by("pk"):
        fallbacks = list(RuleFallback.objects.filter(rule=rule))
        rule.pk, rule.rule_set = None, copy
        rule._state.adding = True
        rule.save()
        RuleFallback.objects.bulk_create(
            RuleFallback(
                rule=rule,
                position=f.position,
                driver_id=f.driver_id,
                approval=f.approval,
                approved_by_id=f.approved_by_id,
            )
            for f in fallbacks
        )
    audit.record(
        actor=actor,
        act="costing.rule_set.copy",
        target=f"costing.rule_set:{copy.pk}",
        summary=f"{obj} 复制为 {copy}",
    )
    return f"/costing/rule-sets/{copy.pk}"


def _refuse_used(rule_set: RuleSet) -> None:
    with connection.cursor() as cursor:
        cursor.execute(USED_SQL, [rule_set.pk])
        if cursor.fetchone():
            raise Conflict(
                f"{rule_set} 已用于过账的分摊，不能修改",
                way_out="请复制为新版本后修改。",
                code="rule_set_used",
            )
