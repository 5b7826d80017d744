"""Approval: which route a submission takes, and who may decide a level."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Q, QuerySet

from hrp.platform.access.models import RoleGrant, User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden
from hrp.platform.documents.models import ApprovalRoute, ApprovalTask, Delegation, Document
from hrp.platform.org import selectors as org
from hrp.platform.org.models import valid_on


def route_for(document: Document) -> ApprovalRoute | None:
    """The most particular active route that covers type, unit and amount: a unit's own before the hospital's."""
    amount: Decimal = getattr(document, document.spec.amount_by)
    above = [document.org_unit_id, *org.ancestors(document.org_unit_id, on=document.business_date)]
    depth = {unit: place for place, unit in enumerate(above)}
    routes = ApprovalRoute.objects.filter(
        kind=document.spec.kind, is_active=True, amount_from__lte=abs(amount)
    ).filter(Q(amount_below=None) | Q(amount_below__gt=abs(amount)), Q(org_unit=None) | Q(org_unit__in=above))
    return min(
        routes, key=lambda r: (depth.get(r.org_unit_id or 0, len(depth)), -r.amount_from, -r.pk), default=None
    )


def open_tasks(document: Document, *, at: dt.datetime) -> list[ApprovalTask]:
    """Create the tasks of a new submission; the first is pending. No route means no task."""
    route = route_for(document)
    if route is None:
        return []
    return ApprovalTask.objects.bulk_create(
        ApprovalTask(
            kind=document.spec.kind,
            document_id=document.pk,
            submission=document.version,
            position=place,
            title=level.title,
            role_id=level.role_id,
            org_unit_id=document.org_unit_id,
            summary=str(document)[:200],
            amount=getattr(document, document.spec.amount_by),
            maker_id=document.maker_id,
            state=ApprovalTask.State.PENDING if place == 1 else ApprovalTask.State.WAITING,
            created_at=at,
        )
        for place, level in enumerate(route.levels.all(), start=1)
    )


def tasks_of(document: Document) -> QuerySet[ApprovalTask]:
    return ApprovalTask.objects.filter(kind=document.spec.kind, document_id=document.pk).select_related(
        "role", "decided_by", "on_behalf_of"
    )


def pending(document: Document) -> ApprovalTask | None:
    return tasks_of(document).filter(state=ApprovalTask.State.PENDING).first()


def is_decided(document: Document) -> bool:
    """Whether somebody has passed a level of the present submission; one approved by rule nobody has."""
    since = document.submitted_at
    passed = tasks_of(document).filter(state=ApprovalTask.State.APPROVED)
    return since is not None and passed.filter(created_at=since).exists()


def covers(grant: RoleGrant, unit_id: int, *, on: dt.date) -> bool:
    """Whether a grant reaches a unit on a day, through the tree it was given in."""
    if grant.org_unit_id is None or grant.org_unit_id == unit_id:
        return True
    return grant.include_children and unit_id in org.descendants([grant.org_unit_id], tree=grant.tree, on=on)


def holders(role_id: int, unit_id: int, *, on: dt.date) -> list[int]:
    """Ids of users whose grant of ``role`` covers ``unit`` on a day, sorted."""
    grants = RoleGrant.objects.filter(valid_on(on), role_id=role_id, user__is_active=True)
    return sorted({grant.user_id for grant in grants if covers(grant, unit_id, on=on)})


def principal_for(task: ApprovalTask, actor: User) -> int | None:
    """Whose right ``actor`` would use: their own, or that of a holder who delegated to them. None: nobody's."""
    today = clock.today()
    able = holders(task.role_id, task.org_unit_id, on=today)
    if actor.pk in able:
        return actor.pk
    return (
        Delegation.objects.filter(
            deputy=actor, principal_id__in=able, valid_from__lte=today, valid_to__gte=today
        )
        .exclude(principal_id=task.maker_id)
        .values_list("principal_id", flat=True)
        .first()
    )


def may_decide(document: Document, actor: User) -> bool:
    task = pending(document)
    return bool(task and actor.pk != document.maker_id and principal_for(task, actor))


def decide(document: Document, *, actor: User, state: str, opinion: str) -> ApprovalTask:
    """Decide the pending level. Raises Forbidden when it is not this user's to decide, Conflict when none is."""
    task = (
        ApprovalTask.objects.select_for_update()
        .filter(kind=document.spec.kind, document_id=document.pk, state=ApprovalTask.State.PENDING)
        .first()
    )
    if task is None:
        raise Conflict(f"{document} 没有待审核的环节", way_out="请刷新页面查看最新状态。")
    if actor.pk == document.maker_id:
        raise Forbidden(
            f"{document} 由您制单，不能由您审核",
            way_out="制单与审核须为不同的人，请交由其他审核人处理。",
            code="maker_is_approver",
        )
    principal = principal_for(task, actor)
    if principal is None:
        raise Forbidden(
            f"{document} 的“{task.title}”须由{task.role.title}审核",
            way_out="如需代为审核，请由有权人设置审批代理。",
        )
    task.state = state
    task.decided_by = actor
    task.on_behalf_of_id = principal if principal != actor.pk else None
    task.decided_at = clock.now()
    task.opinion = opinion[:300]
    task.save(update_fields=["state", "decided_by", "on_behalf_of", "decided_at", "opinion"])
    return task


def tasks_for(actor: User) -> QuerySet[ApprovalTask]:
    """待办: pending levels this user may decide, for roles held directly or by delegation, oldest first.

    Grants by unit are narrowed with the same rule as :func:`principal_for`.
    """
    today = clock.today()
    people = [
        actor.pk,
        *Delegation.objects.filter(deputy=actor, valid_from__lte=today, valid_to__gte=today).values_list(
            "principal_id", flat=True
        ),
    ]
    covered = Q(pk__in=[])
    for grant in RoleGrant.objects.filter(valid_on(today), user_id__in=people):
        if grant.org_unit_id is None:
            covered |= Q(role_id=grant.role_id)
            continue
        units = {grant.org_unit_id}
        if grant.include_children:
            units |= org.descendants([grant.org_unit_id], tree=grant.tree, on=today)
        covered |= Q(role_id=grant.role_id, org_unit_id__in=units)
    return (
        ApprovalTask.objects.filter(covered, state=ApprovalTask.State.PENDING)
        .exclude(maker=actor)
        .select_related("maker", "org_unit", "role")
        .order_by("created_at")
    )
