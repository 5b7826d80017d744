"""Reading what people typed: instants of the hospital's wall clock, departments, plain text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.http import HttpRequest, QueryDict

from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models import OrgUnit

_DAY, _YEAR = "{0:%Y-%m-%d} ", "{0:%Y}-"
_FORMS = (
    ("%Y-%m-%d %H:%M:%S", ""),
    ("%Y-%m-%d %H:%M", ""),
    ("%Y-%m-%d %H:%M:%S", _YEAR),
    ("%Y-%m-%d %H:%M", _YEAR),
    ("%Y-%m-%d %H:%M:%S", _DAY),
    ("%Y-%m-%d %H:%M", _DAY),
)
"""How a time may be written, and what of today is put before it."""


def text(given: Mapping[str, str], name: str, *, most: int = 4000) -> str:
    """The trimmed text of a field. Raises Invalid when it is longer than ``most`` characters."""
    value = given.get(name, "").strip()
    if len(value) > most:
        raise Invalid(
            f"内容太长（{len(value)} 字）",
            way_out=f"请缩短到 {most} 字以内。",
            problems=[Problem("太长", field=name)],
        )
    return value


def several(given: Mapping[str, str], name: str, *, most: int = 4000) -> str:
    """The ticked answers of a field, joined as people write them; a single text stays as it is."""
    ticked = given.getlist(name) if isinstance(given, QueryDict) else [given.get(name, "")]
    return text({name: "、".join(one.strip() for one in ticked if one.strip())}, name, most=most)


def instant(given: Mapping[str, str], name: str, title: str) -> dt.datetime | None:
    """A wall-clock time such as ``2026-11-23 10:05:30``, ``11-23 10:05`` or ``10:05`` (today); None when empty."""
    written = given.get(name, "").strip().replace("T", " ").replace("/", "-").replace("：", ":")
    if not written:
        return None
    today = clock.today()
    for pattern, known in _FORMS:
        try:
            read = dt.datetime.strptime(f"{known.format(today)}{written} +0800", f"{pattern} %z")
        except ValueError:
            continue
        return read.astimezone(clock.HOSPITAL_ZONE)
    raise Invalid(
        f"{title}「{written}」看不懂",
        way_out="写成 2026-11-23 10:05:30；当天的可只写 10:05。",
        problems=[Problem("时间格式不对", field=name)],
    )


def unit(given: Mapping[str, str], name: str) -> OrgUnit:
    """The department named by code or by exact name. Raises Invalid when there is none."""
    written = given.get(name, "").strip()
    code = written.split(" ", 1)[0]
    found = OrgUnit.objects.filter(code=code).first() or OrgUnit.objects.filter(name=written).first()
    if found is None:
        raise Invalid(
            f"没有科室「{written}」" if written else "请选择报修科室",
            way_out="请从下拉列表选择科室。",
            problems=[Problem("请选择科室", field=name)],
        )
    return found


def page_number(request: HttpRequest) -> int:
    raw = request.GET.get("page", "1")
    return int(raw) if raw.isdecimal() and 0 < int(raw) < 1_000_000 else 1
