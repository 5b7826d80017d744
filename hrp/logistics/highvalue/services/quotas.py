"""Quotas of use: what a use has gone beyond, in words."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from hrp.logistics.highvalue.models import PatientUse, UseQuota
from hrp.platform.base import clock
from hrp.platform.org import parameters


def counted(quota: UseQuota, use: PatientUse | None = None) -> QuerySet[PatientUse]:
    """Living uses a quota counts: of the month of a use (today without one), or of its stay."""
    living = PatientUse.objects.filter(cancel=None)
    if quota.item_id is not None:
        living = living.filter(unit__item=quota.item_id)
    first = (use.used_on if use is not None else clock.today()).replace(day=1)
    if quota.kind == UseQuota.Kind.OPERATOR:
        return living.filter(operator=quota.name, used_on__gte=first)
    living = living.filter(diagnosis__icontains=quota.name)
    return living.filter(used_on__gte=first) if use is None else living.filter(visit_no=use.visit_no)


def beyond(use: PatientUse) -> list[str]:
    """A warning for each quota this use goes beyond; a warning too when one patient got unusually many in a day."""
    most = parameters.value("highvalue.department_quota", use.used_on)
    today = PatientUse.objects.filter(visit_no=use.visit_no, used_on=use.used_on, cancel=None).count()
    found = [f"该患者今日已使用 {today} 件，超过提示件数 {most}"] if today > most else []
    item = Q(item=None) | Q(item=use.unit.item_id)
    for quota in UseQuota.objects.filter(item, is_active=True).select_related("item"):
        if quota.kind == UseQuota.Kind.OPERATOR and quota.name != use.operator:
            continue
        if quota.kind == UseQuota.Kind.DIAGNOSIS and quota.name not in use.diagnosis:
            continue
        found += _over(quota, counted(quota, use))
    return found


def _over(quota: UseQuota, uses: QuerySet[PatientUse]) -> list[str]:
    sums = uses.aggregate(pieces=Count("pk"), amount=Sum("unit__price"))
    span = "本月" if quota.kind == UseQuota.Kind.OPERATOR else "本次住院"
    words = []
    if quota.pieces is not None and sums["pieces"] > quota.pieces:
        words.append(f"{quota} {span}已用 {sums['pieces']} 件，超过定额 {quota.pieces} 件")
    amount = sums["amount"] or Decimal(0)
    if quota.amount is not None and amount > quota.amount:
        words.append(f"{quota} {span}已用 {amount:,.2f} 元，超过定额 {quota.amount:,.2f} 元")
    return words
