"""值班人员 as a register."""

from __future__ import annotations

from typing import Any

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.duty.models import DutyPerson
from hrp.operations.duty.services import rota
from hrp.platform.access.models import User
from hrp.platform.ui.screens import Column, Field, Filter, Lookup, RegisterScreen

PERMISSIONS = {
    "operations.duty.view": "查看值班表与呼叫",
    "operations.duty.edit": "排班、顶班、批准换班（乙方主管）",
    "operations.duty.work": "换班、交班、应答呼叫（乙方）",
    "operations.duty.check": "核验甲方联系方式",
}

SUPPLIER_USERS = Lookup(
    key="operations.supplier_user",
    title="乙方人员",
    queryset=lambda actor, params: User.objects.filter(
        pk__in=contracts.members(Side.SUPPLIER).values("user_id"), is_active=True
    ).order_by("username"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    permissions=("operations.duty.edit",),
)


def _save(*, actor: User, pk: int | None, values: dict[str, Any]) -> DutyPerson:
    user = DutyPerson.objects.get(pk=pk).user if pk is not None else User.objects.get(pk=values["user"])
    minutes = str(values.get("travel_minutes") or "").strip()
    return rota.save_person(
        actor=actor,
        user=user,
        travel_minutes=int(minutes) if minutes else None,
        home=str(values.get("home") or ""),
        is_active=values.get("is_active") in (True, "on", "true", "True", "1"),
    )


def _switch(actor: User, person: DutyPerson, *, on: bool) -> DutyPerson:
    return rota.save_person(
        actor=actor,
        user=person.user,
        travel_minutes=person.travel_minutes,
        home=person.home,
        is_active=on,
    )


PEOPLE = RegisterScreen(
    key="operations.duty_person",
    model=DutyPerson,
    title="值班人员",
    icon="users-group",
    url="operations/duty/people",
    menu=("operations", "值班"),
    order=40,
    permission="operations.duty",
    save=_save,
    disable=lambda *, actor, obj, reason: _switch(actor, obj, on=False),
    enable=lambda *, actor, obj: _switch(actor, obj, on=True),
    queryset=lambda actor: DutyPerson.objects.select_related("user"),
    ordering=("user__username",),
    columns=(
        Column("user__username", title="工号", sort="user__username", fixed=True, card="meta"),
        Column("user", title="姓名", card="title"),
        Column("home", card="line"),
        Column("travel_minutes", sort=True, card="meta"),
        Column("is_active", title="参加值班", card="tag"),
    ),
    filters=(Filter("is_active", title="参加值班", kind="bool"),),
    fields=(
        Field("user", immutable=True, lookup="operations.supplier_user"),
        Field("travel_minutes", help="从常驻地到医院；超过合同计划的会在值班表上标出"),
        Field("home"),
        Field("is_active"),
    ),
    search=("user__username__istartswith", "user__display_name__icontains"),
    exact=(),
)
