"""到场路程 and 签到点: small registers around going on site."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.incidents.models import Gate, TravelTime
from hrp.operations.incidents.services import onsite
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org.models import Campus
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, RegisterScreen

PERMISSIONS = {
    "operations.travel.view": "查看到场路程",
    "operations.travel.edit": "登记到场路程",
    "operations.travel.export": "导出到场路程",
    "operations.gate.view": "查看签到点",
    "operations.gate.edit": "维护签到点与签到码",
    "operations.gate.export": "导出签到点",
}


def _people(actor: Any) -> list[tuple[str, str]]:
    return [(str(member.user_id), member.user.display_name) for member in contracts.members(Side.SUPPLIER)]


def _too_far(row: TravelTime) -> str:
    version = contracts.version_in_force(clock.now())
    most = contracts.terms_of(version).plan["travel_max_s"] if version else None
    return "超过约定" if most and row.minutes * 60 > most else "可按时到场"


def _campuses(actor: Any) -> list[tuple[str, str]]:
    return [
        (str(one.pk), f"{one.hospital.name} {one.name}") for one in Campus.objects.select_related("hospital")
    ]


def _save_gate(*, actor: User, pk: int | None, values: dict[str, Any]) -> Gate:
    gate = Gate.objects.get(pk=pk) if pk else Gate()
    gate.campus_id = int(values["campus"] or 0)
    gate.name, gate.place = str(values["name"]), str(values["place"])
    return onsite.set_up_gate(actor=actor, gate=gate)


def _new_code(*, actor: User, obj: Gate, values: dict[str, Any]) -> str:
    onsite.set_up_gate(actor=actor, gate=obj, new_code=True)
    return "已换新签到码，请重新张贴"


TRAVEL = RegisterScreen(
    key="operations.travel",
    model=TravelTime,
    title="到场路程",
    icon="route",
    url="operations/travel",
    menu=("operations", "应急"),
    order=50,
    ordering=("minutes",),
    queryset=lambda actor: TravelTime.objects.select_related("user"),
    columns=(
        Column("user", title="工程师", card="title"), Column("starts_from", card="line"), Column("minutes", sort=True, card="amount"),
        Column("reach", title="时限", value=_too_far), "phone", Column("verified_on", sort=True, card="meta"),
    ),
    filters=(Filter("q", title="工程师", kind="text", lookups=("user__display_name__icontains", "starts_from__icontains")),),
    fields=(
        Field("user", title="工程师", kind="choice", choices=_people, immutable=True), "starts_from",
        Field("minutes", help="最堵的时候从住处到机房"), "phone", "verified_on",
    ),
    search=("user__display_name__icontains",),
    exact=(),
)  # fmt: skip

GATES = RegisterScreen(
    key="operations.gate",
    model=Gate,
    title="签到点",
    icon="qrcode",
    url="operations/gates",
    menu=("operations", "应急"),
    order=60,
    ordering=("campus_id", "name"),
    queryset=lambda actor: Gate.objects.select_related("campus"),
    save=_save_gate,
    disable=lambda *, actor, obj, reason: onsite.switch_gate(actor=actor, gate=obj, on=False),
    enable=lambda *, actor, obj: onsite.switch_gate(actor=actor, gate=obj, on=True),
    columns=(Column("name", card="title"), Column("campus", card="line"), Column("place", card="meta"), Column("is_active", title="启用")),
    fields=(Field("campus", kind="choice", choices=_campuses), "name", "place"),
    actions=(Action("renew", "更换签到码", _new_code, permission="operations.gate.edit", icon="refresh", confirm="旧的签到码立即失效，须重新张贴。"),),
    outputs=(Output("签到码", lambda gate: reverse("operations.gate.code", args=[gate.pk]), icon="qrcode", permission="operations.gate.edit"),),
    search=("name__icontains", "place__icontains"),
    exact=(),
)  # fmt: skip
