"""Importing a sheet: preview, commit or discard. Nothing is written until every cell is right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.exchange.models import ImportRun
from hrp.platform.exchange.sheets import Preview, SheetSpec, WorkbookSpec, annotate, read
from hrp.platform.exchange.sheets.preview import value_text
from hrp.platform.exchange.sheets.specs import Limits, workbook

SAMPLE_ROWS = 100

Apply = Callable[[Preview], object]


def preview(
    *,
    actor: User,
    spec: SheetSpec | WorkbookSpec,
    file: BinaryIO,
    name: str = "",
    limits: Limits | None = None,
) -> tuple[ImportRun, Preview]:
    """Read a file and keep it beside its findings, so that committing needs no second upload."""
    limits = limits or Limits()
    shown = files.clean_name(name or str(getattr(file, "name", "") or ""))
    data = file.read(limits.file_bytes + 1)
    found = read(data, spec, name=shown, limits=limits)
    kind = "xlsx" if data.startswith(b"PK") else "csv"
    stored = files.store_bytes(data, name=shown, kind=kind, folder="imports")
    try:
        with transaction.atomic():
            run = ImportRun.objects.create(
                spec=found.spec.name,
                title=found.spec.title,
                actor=actor,
                file_name=shown,
                path=stored.path,
                sha256=found.sha256,
                created_at=clock.now(),
                **_findings(found),
            )
            audit.record(
                actor=actor,
                act="exchange.import.preview",
                target=f"exchange.import:{run.pk}",
                summary=f"{run.title} {run.file_name}",
                data={"sha256": run.sha256, "rows": run.row_count, "problems": run.problem_count},
            )
    except BaseException:
        files.remove(stored.path)
        raise
    return run, found


def _findings(found: Preview) -> dict[str, Any]:
    return {
        "row_count": found.row_count,
        "problem_count": found.problem_count,
        "problems": [
            {
                "sheet": problem.sheet,
                "row": problem.row,
                "column": problem.column,
                "title": problem.title,
                "value": problem.value,
                "message": problem.message,
                "way_out": problem.way_out,
            }
            for problem in found.problems
        ],
        "warnings": found.warnings[:500],
        "totals": {
            name: {k: _json(v) for k, v in sheet.totals.items()} for name, sheet in found.sheets.items()
        },
        "sample": [
            {"sheet": name, "row": row.number, "values": {k: value_text(v) for k, v in row.values.items()}}
            for name, sheet in found.sheets.items()
            for row in sheet.rows[:SAMPLE_ROWS]
        ],
    }


def _json(value: int | Decimal) -> int | str:
    return value if isinstance(value, int) else format(value, "f")


def own_run(*, actor: User, run_id: int, lock: bool = False) -> ImportRun:
    """A run of the actor's own; anybody else's does not exist for them."""
    runs = ImportRun.objects.select_for_update() if lock else ImportRun.objects.all()
    run = runs.filter(pk=run_id, actor_id=actor.pk).first()
    if run is None:
        raise NotFound(_("没有这次导入。"), way_out=_("请重新上传文件。"), code="import_missing")
    return run


def earlier(run: ImportRun) -> ImportRun | None:
    """The latest committed import of the very same file, by anybody."""
    same = ImportRun.objects.filter(spec=run.spec, sha256=run.sha256, state=ImportRun.State.COMMITTED)
    return same.exclude(pk=run.pk).order_by("-committed_at").first()


def commit(
    *,
    actor: User,
    run_id: int,
    spec: SheetSpec | WorkbookSpec,
    apply: Apply,
    confirm_repeat: bool = False,
    limits: Limits | None = None,
) -> ImportRun:
    """Apply a clean preview, all or nothing, in one transaction.

    The kept file is read again first, so that a code abolished since the preview is found. ``apply`` gets the preview
    and writes; whatever it raises undoes everything. The same file twice is a Conflict unless confirmed.
    """
    with transaction.atomic():
        run = own_run(actor=actor, run_id=run_id, lock=True)
        if run.state != ImportRun.State.PREVIEW:
            raise Conflict(
                _("这次导入{state}，不能再提交。").format(state=run.get_state_display()),
                way_out=_("如需再次导入，请重新上传文件。"),
                code="import_done",
            )
        if run.spec != workbook(spec).name:
            raise Conflict(_("导入类型不符。"), way_out=_("请从原来的页面提交。"), code="import_spec")
        before = earlier(run)
        if before is not None and not confirm_repeat:
            raise Conflict(
                _("同一个文件已于 {time} 由 {person} 导入过（{rows} 行）。").format(
                    time=clock.local(before.committed_at or before.created_at).strftime("%Y-%m-%d %H:%M"),
                    person=before.actor,
                    rows=before.row_count,
                ),
                way_out=_("如确需再导入一次，请勾选“确认重复导入”后提交；否则请放弃。"),
                code="import_repeated",
            )
        found = read(files.resolve(run.path).read_bytes(), spec, name=run.file_name, limits=limits)
        found.require_ok()
        apply(found)
        for name, value in _findings(found).items():
            setattr(run, name, value)
        run.state = ImportRun.State.COMMITTED
        run.committed_at = clock.now()
        run.repeats = before
        run.save()
        audit.record(
            actor=actor,
            act="exchange.import.commit",
            target=f"exchange.import:{run.pk}",
            summary=f"{run.title} {run.file_name}",
            data={"sha256": run.sha256, "rows": run.row_count, "repeats": before.pk if before else None},
        )
    return run


def discard(*, actor: User, run_id: int) -> ImportRun:
    """Give up a preview; its file goes with it."""
    with transaction.atomic():
        run = own_run(actor=actor, run_id=run_id, lock=True)
        if run.state != ImportRun.State.PREVIEW:
            raise Conflict(
                _("这次导入{state}，不能放弃。").format(state=run.get_state_display()), code="import_done"
            )
        path, run.path, run.state = run.path, "", ImportRun.State.DISCARDED
        run.save(update_fields=["path", "state"])
        audit.record(
            actor=actor, act="exchange.import.discard", target=f"exchange.import:{run.pk}", summary=run.title
        )
        transaction.on_commit(lambda: files.remove(path))
    return run


def error_workbook(*, actor: User, run_id: int, spec: SheetSpec | WorkbookSpec) -> bytes:
    """The person's own sheet with the problems written beside each row."""
    run = own_run(actor=actor, run_id=run_id)
    data = files.resolve(run.path).read_bytes()
    return annotate(data, read(BytesIO(data), spec, name=run.file_name), name=run.file_name)


def purge(*, older_than: dt.timedelta = dt.timedelta(days=7)) -> int:
    """Discard forgotten previews and let go of their files; returns how many. A duty, run by the scheduler."""
    with transaction.atomic():
        due = list(
            ImportRun.objects.select_for_update(skip_locked=True).filter(
                state=ImportRun.State.PREVIEW, created_at__lt=clock.now() - older_than
            )[:1000]
        )
        paths = [run.path for run in due]
        ImportRun.objects.filter(pk__in=[run.pk for run in due]).update(
            state=ImportRun.State.DISCARDED, path=""
        )
        if due:
            audit.record(
                actor=None, act="exchange.import.purge", target="exchange.import", data={"count": len(due)}
            )
        transaction.on_commit(lambda: _remove_all(paths))
    return len(due)


def _remove_all(paths: list[str]) -> None:
    for path in paths:
        if path:
            files.remove(path)
