"""Reading what people typed: days, instants, people, and where a refusal is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, NotFound, Problem, Refusal
from hrp.platform.ui.views import errors


def day(given: Mapping[str, str], name: str, title: str) -> dt.date:
    written = given.get(name, "").strip().replace("/", "-")
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise Invalid(
            f"{title}「{written}」看不懂",
            way_out="写成 2026-11-23。",
            problems=[Problem("日期格式不对", field=name)],
        ) from None


def instant(given: Mapping[str, str], name: str, title: str) -> dt.datetime:
    """A wall-clock time written 2026-11-23 08:00."""
    written = " ".join(given.get(name, "").replace("T", " ").replace("/", "-").replace("：", ":").split())
    try:
        read = dt.datetime.strptime(f"{written[:16]} +0800", "%Y-%m-%d %H:%M %z")
    except ValueError:
        raise Invalid(
            f"{title}「{written}」看不懂",
            way_out="写成 2026-11-23 08:00。",
            problems=[Problem("时间格式不对", field=name)],
        ) from None
    return read.astimezone(clock.HOSPITAL_ZONE)


def number(given: Mapping[str, str], name: str, title: str) -> int:
    written = given.get(name, "").strip()
    if not written.isdecimal() or len(written) > 9:
        raise Invalid(f"{title}应为整数", problems=[Problem("应为整数", field=name)])
    return int(written)


def person(given: Mapping[str, str], name: str, title: str) -> User:
    found = User.objects.filter(pk=number(given, name, title), is_active=True).first()
    if found is None:
        raise NotFound(f"没有找到{title}", way_out="请从列表选择。")
    return found


def people(ids: Iterable[str]) -> list[User]:
    """The users of a list of ids, in its order."""
    wanted = [int(one) for one in ids if one.isdecimal() and len(one) < 10]
    found = User.objects.in_bulk(wanted)
    return [found[one] for one in dict.fromkeys(wanted) if one in found]


def answer(
    request: HttpRequest, form: str, verb: Callable[[], object], *, said: str, back: str
) -> HttpResponse:
    """Run one verb: back to the page when it worked, its refusal inside the dialog that asked for it when not."""
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
        return HttpResponse(status=204, headers={"HX-Redirect": back})
    return redirect(back)
