"""Bringing in the working calendar of a year."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from hrp.platform.base import acts, clock, stamps
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models import CalendarDay, CalendarYear
from hrp.platform.org.rules.calendar import DayKind, weekly_kind
from hrp.platform.org.rules.notices import NamedDay, Notice, lay_out, read_notice

IMPORT = "system.calendar.import"
SHIPPED = Path(__file__).resolve().parents[1] / "data" / "calendar.json"
MAX_BYTES = 1_000_000
MAX_ROWS = 400
_KINDS = {
    "放假": DayKind.HOLIDAY,
    "节假日": DayKind.HOLIDAY,
    "上班": DayKind.MAKEUP,
    "调休上班": DayKind.MAKEUP,
    "工作日": DayKind.WORKDAY,
    "休息日": DayKind.RESTDAY,
}


@dataclass(frozen=True)
class Preview:
    """What an import would do: each day of the year that differs from what is stored, and why nothing may be done."""

    notice: Notice
    is_new: bool
    changes: tuple[tuple[dt.date, str, str], ...]  # day, kind now ("" when unknown), kind then
    problems: tuple[str, ...]


def preview_calendar(notice: Notice) -> Preview:
    """Read-only: what :func:`import_calendar` would change."""
    stored = dict(CalendarDay.objects.filter(date__year=notice.year).values_list("date", "kind"))
    wanted = lay_out(notice.year, _in_year(notice)) if notice.year else []
    changes = tuple(
        (day.date, stored.get(day.date, ""), day.kind.value)
        for day in [*wanted, *_elsewhere(notice)]
        if stored.get(day.date, "") != day.kind.value and (stored or day.kind is not weekly_kind(day.date))
    )
    return Preview(notice, not stored, changes, notice.problems)


@transaction.atomic
def import_calendar(*, actor: Any, notice: Notice, verified: bool = False) -> CalendarYear:
    """Make the notice's year known, or correct it: the revision counts up, past verdicts keep the one they used.

    A notice also speaks of days of the year before (30 December); these are changed where that year is known.
    """
    acts.require(actor, IMPORT)
    return _store(actor, notice, verified=verified)


@transaction.atomic
def load_shipped_years(*, actor: Any) -> list[int]:
    """Import the years that come with the product and are not yet known; what is there is left alone."""
    known = set(CalendarYear.objects.values_list("year", flat=True))
    loaded = []
    for notice, verified in shipped_notices():
        if notice.year not in known:
            _store(actor, notice, verified=verified)
            loaded.append(notice.year)
    return loaded


def shipped_notices() -> list[tuple[Notice, bool]]:
    """The notices of the data file, oldest first, each with whether somebody compared it with the original text."""
    found = []
    for entry in json.loads(SHIPPED.read_text(encoding="utf-8"))["years"]:
        days = [
            NamedDay(first + dt.timedelta(days=n), DayKind.HOLIDAY, name)
            for name, first, last in (
                (n, dt.date.fromisoformat(a), dt.date.fromisoformat(b)) for n, a, b in entry["off"]
            )
            for n in range((last - first).days + 1)
        ]
        days += [NamedDay(dt.date.fromisoformat(day), DayKind.MAKEUP, name) for name, day in entry["worked"]]
        found.append(
            (
                Notice(entry["year"], entry["document"], tuple(sorted(days, key=lambda d: d.date))),
                entry["verified"],
            )
        )
    return found


def read_calendar_file(path: Path, *, year: int | None = None, document: str = "") -> Notice:
    """A notice from a text file (.txt), or from a sheet (.csv, .xlsx) with the columns 日期, 性质, 节日."""
    if path.stat().st_size > MAX_BYTES:
        raise Invalid(f"{path.name} 超过 1 MB，不像是一份节假日安排。", way_out="请检查文件。")
    kind = path.suffix.lower()
    if kind == ".txt":
        return read_notice(_decode(path.read_bytes()), year=year, document=document)
    if kind == ".csv":
        rows = list(csv.reader(io.StringIO(_decode(path.read_bytes()))))
    elif kind == ".xlsx":
        rows = _sheet_rows(path)
    else:
        raise Invalid(
            f"不认识的文件类型 {path.suffix}。", way_out="请使用 .xlsx、.csv，或把通知全文存为 .txt。"
        )
    return _read_rows(rows, year=year, document=document)


def _read_rows(rows: list[list[Any]], *, year: int | None, document: str) -> Notice:
    """Rows as of a sheet: a heading row naming 日期, 性质 and perhaps 节日, then one row per exceptional day."""
    heading = [str(cell or "").strip() for cell in rows[0]] if rows else []
    if "日期" not in heading or "性质" not in heading:
        raise Invalid(
            "第 1 行没有“日期”和“性质”两个列名。", way_out="请用列名：日期、性质（放假 或 上班）、节日。"
        )
    if len(rows) > MAX_ROWS:
        raise Invalid(f"超过 {MAX_ROWS} 行。", way_out="一份文件只放一年的安排。")
    date_at, kind_at = heading.index("日期"), heading.index("性质")
    name_at = heading.index("节日") if "节日" in heading else None
    days, problems = [], []
    for number, row in enumerate(rows[1:], start=2):
        if not any(str(cell or "").strip() for cell in row):
            continue
        cells = [*row, *[None] * (len(heading) - len(row))]
        date, kind = _cell_date(cells[date_at]), _KINDS.get(str(cells[kind_at] or "").strip())
        if date is None:
            problems.append(Problem(f"第 {number} 行“日期”不是日期：{cells[date_at]!r}", line=number - 2))
        if kind is None:
            problems.append(
                Problem(f"第 {number} 行“性质”应为 放假 或 上班：{cells[kind_at]!r}", line=number - 2)
            )
        if date and kind:
            days.append(
                NamedDay(date, kind, str(cells[name_at] or "").strip() if name_at is not None else "")
            )
    if problems:
        raise Invalid(
            "文件中有无法识别的单元格，没有导入任何内容。", problems=problems, way_out="请逐格改正后重试。"
        )
    years = {day.date.year for day in days}
    year = year or (max(years) if years else None)
    messages = [] if year else ["文件中没有日期。"]
    if not document:
        messages.append("请指明依据文号，如 国办发明电〔2025〕7号。")
    twice = sorted({str(d.date) for d in days if sum(o.date == d.date for o in days) > 1})
    messages += [f"{date} 出现了两次。" for date in twice]
    messages += [
        f"{d} 不属于 {year} 年。"
        for d in sorted({day.date for day in days})
        if year and d.year not in (year, year - 1)
    ]
    return Notice(year or 0, document, tuple(sorted(days, key=lambda d: d.date)), tuple(messages))


def _store(actor: Any, notice: Notice, *, verified: bool) -> CalendarYear:
    if notice.problems:
        raise Invalid(
            f"{notice.year or '该'}年的通知没有读懂，没有导入任何内容。",
            code="calendar_unreadable",
            way_out="请对照原文改正后重试。",
            problems=[Problem(message) for message in notice.problems],
        )
    year = CalendarYear.objects.select_for_update().filter(pk=notice.year).first()
    if year is None:
        year = CalendarYear(year=notice.year, revision=0)
    year.source_doc, year.verified = notice.document, verified
    year.revision += 1
    year.imported_by, year.imported_at = str(actor), clock.now()
    year.save()
    rows = [
        CalendarDay(date=day.date, year=year, kind=day.kind, name=day.name)
        for day in lay_out(notice.year, _in_year(notice))
    ]
    CalendarDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["date"], update_fields=["kind", "name", "source"]
    )
    for day in _elsewhere(notice):
        changed = CalendarDay.objects.filter(date=day.date).exclude(kind=day.kind)
        if changed.update(kind=day.kind, name=day.name, source=notice.document):
            CalendarYear.objects.filter(pk=day.date.year).update(revision=_next_revision(day.date.year))
    stamps.forget()
    acts.record(
        actor=actor,
        act="org.calendar.import",
        target=f"org.calendar_year:{notice.year}",
        summary=f"导入 {notice.year} 年工作日历（{notice.document}），第 {year.revision} 版",
        data={"named": len(notice.days)},
    )
    return year


def _next_revision(year: int) -> int:
    return CalendarYear.objects.values_list("revision", flat=True).get(pk=year) + 1


def _in_year(notice: Notice) -> dict[dt.date, NamedDay]:
    return {day.date: day for day in notice.days if day.date.year == notice.year}


def _elsewhere(notice: Notice) -> list[NamedDay]:
    return [day for day in notice.days if day.date.year != notice.year]


def _decode(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("文件编码无法识别。", way_out="请另存为 UTF-8 或 GBK 编码。")


def _sheet_rows(path: Path) -> list[list[Any]]:
    from openpyxl import load_workbook  # a fifth of a second, once a year instead of at every start

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(item.file_size for item in packed.infolist()) > 20 * MAX_BYTES:
                raise Invalid(f"{path.name} 解压后过大。", way_out="请检查文件。")
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise Invalid(f"{path.name} 不是可读的 Excel 文件。", way_out="请另存为 .xlsx 后重试。") from error
    try:
        sheet = book.worksheets[0]
        return [list(row) for row in sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=20, values_only=True)]
    finally:
        book.close()


def _cell_date(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value or "").strip().replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    try:
        return dt.date(*(int(part) for part in text.split("-")))
    except (ValueError, TypeError):
        return None
