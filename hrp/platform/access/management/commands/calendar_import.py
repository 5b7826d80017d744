"""``hrp calendar_import FILE``: the yearly notice, from a sheet or from its pasted text, with a preview first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hrp.platform.access.services import system_actor
from hrp.platform.base.refusals import Refusal
from hrp.platform.org.rules.calendar import DayKind
from hrp.platform.org.services.calendar import (
    Preview,
    import_calendar,
    load_shipped_years,
    preview_calendar,
    read_calendar_file,
)


class Command(BaseCommand):
    help = "导入国务院办公厅的年度节假日安排（.xlsx、.csv 或通知全文 .txt）；不带 --yes 时只预览"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--year", type=int, help="文件中没有写明年度时使用")
        parser.add_argument(
            "--document", default="", help="文件中没有写明文号时使用，如 国办发明电〔2025〕7号"
        )
        parser.add_argument("--verified", action="store_true", help="已与原文核对")
        parser.add_argument("--yes", action="store_true", help="导入，不只预览")
        parser.add_argument("--shipped", action="store_true", help="导入随产品附带的年度（已有的不动）")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = system_actor("operator", title="命令行")
        try:
            if options["shipped"]:
                loaded = load_shipped_years(actor=actor)
                self.stdout.write(
                    f"已导入 {'、'.join(map(str, loaded))} 年。" if loaded else "附带的年度都已在库中。"
                )
                return
            if options["file"] is None or not options["file"].is_file():
                raise CommandError("请给出一个存在的文件，或用 --shipped。")
            notice = read_calendar_file(options["file"], year=options["year"], document=options["document"])
            preview = preview_calendar(notice)
            self._show(preview)
            if not options["yes"]:
                self.stdout.write("以上为预览，没有写入。确认无误后加 --yes 导入。")
            elif not preview.problems:
                year = import_calendar(actor=actor, notice=notice, verified=options["verified"])
                self.stdout.write(f"已导入 {year.year} 年，第 {year.revision} 版。")
        except Refusal as refusal:
            lines = [f"{refusal.reason}{refusal.way_out}", *(f"  {p.message}" for p in refusal.problems)]
            raise CommandError("\n".join(lines)) from refusal
        if preview.problems:
            raise CommandError("有问题，未导入。")

    def _show(self, preview: Preview) -> None:
        notice = preview.notice
        self.stdout.write(
            f"{notice.year} 年 {notice.document}（{'新年度' if preview.is_new else '已有，将更正'}）"
        )
        for day in notice.days:
            self.stdout.write(
                f"  {day.date:%Y-%m-%d} 周{'一二三四五六日'[day.date.weekday()]} {day.kind.label} {day.name}"
            )
        if not preview.is_new:
            self.stdout.write(f"  与库中不同的日子：{len(preview.changes)} 天")
            for date, now, then in preview.changes:
                self.stdout.write(
                    f"    {date} {DayKind(now).label if now else '未知'} -> {DayKind(then).label}"
                )
        for problem in preview.problems:
            self.stdout.write(self.style.ERROR(f"  问题：{problem}"))
