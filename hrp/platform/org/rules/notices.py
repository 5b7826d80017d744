"""Reading the State Council's yearly notice on holidays (国务院办公厅关于某年部分节假日安排的通知).

Understands the sentences the notices have been written in for years, such as
``六、国庆节：10月1日至7日放假调休，共7天。9月28日（星期日）、10月11日（星期六）上班。`` Every check a reader would make by eye is
made: the number of days named, the weekday of each make-up day, that it falls on a weekend.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hrp.platform.org.rules.calendar import ONE_DAY, DayKind, weekly_kind

_YEAR = re.compile(r"(\d{4})年部分节假日安排")
_DOCUMENT = re.compile(r"国办发明电\s*[〔\[［(（]\s*(\d{4})\s*[〕\]］)）]\s*(\d+)\s*号")
_SECTION = re.compile(r"^[一二三四五六七八九十]+、\s*([^：:]{2,20})[：:]\s*(.+)$")
_DATE = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日"
_NOTE = r"(?:[（(][^（()）]*[)）])?"
_OFF = re.compile(rf"{_DATE}{_NOTE}(?:(?:至|—|-|－|~|～){_DATE}{_NOTE})?放假(?:调休)?(?:[，,]?共?(\d+)天)?")
_WORK_CLAUSE = re.compile(rf"((?:{_DATE}{_NOTE}[、，,和]?)+)\s*(?:均)?(?:照常)?上班")
_WORK_DATE = re.compile(rf"{_DATE}({_NOTE})")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}


@dataclass(frozen=True)
class NamedDay:
    """An exceptional day: off (HOLIDAY) or made up (MAKEUP), and for which festival."""

    date: dt.date
    kind: DayKind
    name: str


@dataclass(frozen=True)
class Notice:
    """A notice as read. With ``problems`` nothing may be imported from it."""

    year: int
    document: str
    days: tuple[NamedDay, ...]
    problems: tuple[str, ...] = field(default=())


def read_notice(text: str, *, year: int | None = None, document: str = "") -> Notice:
    """Read a pasted notice. ``year`` and ``document`` are used where the text does not name them."""
    flat = re.sub(r"[ \t\u3000]+", "", text)
    found_year, found_document = _YEAR.search(flat), _DOCUMENT.search(flat)
    year = int(found_year[1]) if found_year else year
    if found_document:
        document = f"国办发明电〔{found_document[1]}〕{found_document[2]}号"
    problems = [] if year else ["没有读到年度：应有“××××年部分节假日安排”，或请另行指明年度。"]
    if not document:
        problems.append("没有读到文号：应有“国办发明电〔××××〕×号”，或请另行指明。")
    days: list[NamedDay] = []
    if year:
        for name, body in _sections(flat):
            days.extend(_read_section(name, body, year, problems))
        if not days:
            problems.append("没有读到任何放假安排：每条应为“一、元旦：1月1日放假，共1天。”的形式。")
        problems.extend(_contradictions(days))
    return Notice(year or 0, document, tuple(sorted(days, key=lambda d: d.date)), tuple(problems))


def _sections(flat: str) -> Iterator[tuple[str, str]]:
    for line in re.split(r"[\r\n]+|(?=[一二三四五六七八九十]、[^：:。，,\d]{2,20}[：:])", flat):
        match = _SECTION.match(line.strip())
        if match:
            yield match[1], match[2]


def _read_section(name: str, body: str, year: int, problems: list[str]) -> Iterator[NamedDay]:
    """The days of one festival, in the order of the text."""
    offs = list(_OFF.finditer(body))
    if not offs:
        problems.append(f"{name}：没有读到放假日期。")
        return
    month = 1
    for match in offs:
        first, month = _date(match.group(1, 2, 3), year, month, name, problems)
        last, month = _date(match.group(4, 5, 6), year, month, name, problems) if match[6] else (first, month)
        if first is None or last is None:
            continue
        if last < first:
            problems.append(f"{name}：放假止日 {last} 早于起日 {first}。")
            continue
        length = (last - first).days + 1
        if match[7] and int(match[7]) != length:
            problems.append(f"{name}：写明共 {match[7]} 天，按日期是 {length} 天。")
        for number in range(length):
            yield NamedDay(first + number * ONE_DAY, DayKind.HOLIDAY, name)
    rest = body[offs[-1].end() :]
    for clause in _WORK_CLAUSE.finditer(rest):
        for match in _WORK_DATE.finditer(clause[1]):
            day, month = _date(match.group(1, 2, 3), year, month, name, problems)
            if day is None:
                continue
            weekday = _WEEKDAY.search(match[4] or "")
            if weekday and _WEEKDAYS[weekday[1]] != day.weekday():
                problems.append(f"{name}：{day} 不是星期{weekday[1]}。")
            if weekly_kind(day) is not DayKind.RESTDAY:
                problems.append(f"{name}：调休上班日 {day} 不是周末。")
            yield NamedDay(day, DayKind.MAKEUP, name)
    if "上班" in rest and not _WORK_CLAUSE.search(rest):
        problems.append(f"{name}：没有读懂调休上班日期“{rest}”。")


def _date(
    groups: tuple[str | None, ...], year: int, month: int, name: str, problems: list[str]
) -> tuple[dt.date | None, int]:
    """A date whose year and month may be left out: then they are those of the date before."""
    written_year, written_month, day = groups
    month = int(written_month) if written_month else month
    try:
        return dt.date(int(written_year) if written_year else year, month, int(day or 0)), month
    except ValueError:
        problems.append(f"{name}：没有 {month} 月 {day} 日。")
        return None, month


def _contradictions(days: list[NamedDay]) -> Iterator[str]:
    seen: dict[dt.date, NamedDay] = {}
    for day in days:
        earlier = seen.setdefault(day.date, day)
        if earlier.kind is not day.kind:
            yield f"{day.date} 既放假（{earlier.name}）又上班（{day.name}）。"


def lay_out(year: int, named: Mapping[dt.date, NamedDay]) -> list[NamedDay]:
    """All days of ``year``: the named ones as announced, the others by the week."""
    first = dt.date(year, 1, 1)
    length = (dt.date(year + 1, 1, 1) - first).days
    everyday = (first + number * ONE_DAY for number in range(length))
    return [named.get(day, NamedDay(day, weekly_kind(day), "")) for day in everyday]
