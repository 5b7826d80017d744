"""业务参数: every declared parameter with what holds, where it comes from and whether somebody checked it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Refusal
from hrp.platform.org import parameters
from hrp.platform.org.models import Parameter
from hrp.platform.org.parameters import Held, Spec
from hrp.platform.org.services.parameters import EDIT, VERIFY, set_parameter, verify_parameter
from hrp.platform.ui import inputs, menu
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

VIEW = "org.parameter.view"
SEEN_BY = (VIEW, VERIFY, EDIT)
TITLES = {
    "logistics": "物资",
    "costing": "成本",
    "operations": "运营",
    "hr": "人事",
    "assets": "资产",
    "org": "平台",
}
"""What the first word of a key is called."""


@dataclass(frozen=True)
class Value:
    """One entered value; ``mine`` cannot be verified by who looks."""

    row: Parameter
    text: str
    state: str  # past | now | coming
    mine: bool


@dataclass(frozen=True)
class Shown:
    """A declared parameter as its row on the page."""

    spec: Spec
    held: Held
    text: str
    values: list[Value] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """Values that wait for another person's check."""
        return sum(1 for value in self.values if not value.row.verified_by and value.state != "past")


def shown(actor: Any) -> list[tuple[str, list[Shown]]]:
    """Every declared parameter by the system it belongs to, in the order declared."""
    today = clock.today()
    rows: dict[str, list[Parameter]] = {}
    for row in Parameter.objects.order_by("key", "-valid_from"):
        rows.setdefault(row.key, []).append(row)
    groups: dict[str, list[Shown]] = {}
    for spec in parameters.registry:
        held = parameters.held(spec.key, today)
        values = [
            Value(row, _text(spec, row.value), _state(row, held, today), row.entered_by == actor.display_name)
            for row in rows.get(spec.key, [])
        ]
        head = spec.key.partition(".")[0]
        groups.setdefault(TITLES.get(head, head), []).append(
            Shown(spec, held, parameters.shown(spec, held.value), values)
        )
    return list(groups.items())


def _text(spec: Spec, stored: str) -> str:
    return parameters.shown(spec, parameters.parse(spec, stored))


def _state(row: Parameter, held: Held, today: Any) -> str:
    if row.valid_from > today:
        return "coming"
    return "now" if row.valid_from == held.since else "past"


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not any(scope.has(actor, code) for code in SEEN_BY):
        raise Forbidden(
            _("您没有“查看业务参数”权限。"), way_out=_("如工作需要，请联系安全管理员授予含此权限的角色。")
        )
    groups = shown(actor)
    everything = [one for _title, ones in groups for one in ones]
    context = {
        "page_title": _("业务参数"),
        "groups": groups,
        "count": len(everything),
        "unverified": sum(1 for one in everything if not one.held.verified),
        "may_edit": scope.has(actor, EDIT),
        "may_verify": scope.has(actor, VERIFY),
        "today": clock.today(),
    }
    return render(request, "ui/parameters.html", context)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """A new value from a day on."""
    actor, given = actor_of(request), request.POST
    scope.require(actor, EDIT)

    def verb() -> object:
        return set_parameter(
            actor=actor, key=given.get("key", ""), value=given.get("value", ""),
            valid_from=inputs.date_or_refuse(given.get("valid_from", "")), source=given.get("source", ""),
        )  # fmt: skip

    return _answer(request, f"set-{slugify(given.get('key', ''))}", verb, _("已设置；请另一位人员核对"))


@require_POST
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Another person's word that a value is right."""
    actor = actor_of(request)
    return _answer(request, "parameters", lambda: verify_parameter(actor=actor, pk=pk), _("已核对"))


def _answer(request: HttpRequest, form: str, verb: Any, said: str) -> HttpResponse:
    """Back to the page when it worked; the refusal inside the dialog, or above the table, when not."""
    try:
        verb()
    except Refusal as refusal:
        refused = errors.refused(request, refusal)
        if errors.is_fragment(request):
            refused["HX-Retarget"] = f"#alert-{form}"
            refused["HX-Reswap"] = "innerHTML"
        return refused
    messages.success(request, said)
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": request.headers.get("HX-Current-URL", "/")})
    return redirect("system.parameters")


def register() -> None:
    menu.add(
        "settings", "组织机构",
        menu.Item("业务参数", icon="adjustments", url_name="system.parameters", any_of=SEEN_BY, order=40),
    )  # fmt: skip
