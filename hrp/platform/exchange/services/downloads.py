"""The 下载中心: large exports are made once, kept for their owner, and purged when they expire."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import NotFound
from hrp.platform.exchange.models import ExportFile

KEEP = dt.timedelta(days=7)


def create(
    *,
    actor: User,
    title: str,
    kind: str,
    make: Callable[[BinaryIO], int | None],
    keep: dt.timedelta = KEEP,
) -> ExportFile:
    """Let ``make`` write a file of ``kind`` (xlsx, csv, pdf, docx, zip), then list it; ``make`` returns its row count.

    A failure leaves neither row nor file behind.
    """
    path = files.new_path("exports", kind)
    target = files.resolve(path, must_exist=False)
    try:
        with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as stream:
            rows = make(stream)
            stream.flush()
            os.fsync(stream.fileno())
        with target.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        with transaction.atomic():
            now = clock.now()
            export = ExportFile.objects.create(
                actor=actor,
                title=title[:80],
                file_name=files.clean_name(
                    f"{re.sub(r'[/:*?<>|]', '_', title[:80])}_{clock.local(now):%Y%m%d_%H%M}.{kind}"
                ),
                path=path,
                mime=files.MIMES[kind],
                sha256=digest,
                size=target.stat().st_size,
                row_count=rows,
                created_at=now,
                expires_at=now + keep,
            )
            audit.record(
                actor=actor,
                act="exchange.export.create",
                target=f"exchange.export:{export.pk}",
                summary=export.title,
                data={"rows": rows, "size": export.size, "sha256": digest},
            )
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return export


def mine(*, actor: User) -> list[ExportFile]:
    """What the actor may still download, newest first."""
    return list(
        ExportFile.objects.filter(actor_id=actor.pk, expires_at__gt=clock.now()).order_by("-created_at")[:200]
    )


def fetch(*, actor: User, export_id: int) -> tuple[ExportFile, Path]:
    """The file to send, with the download logged. Another person's, an expired or a lost file is NotFound alike."""
    with transaction.atomic():
        export = ExportFile.objects.filter(
            pk=export_id, actor_id=actor.pk, expires_at__gt=clock.now()
        ).first()
        if export is None:
            raise NotFound(
                _("没有这个下载文件，或已过期。"), way_out=_("请回到列表重新导出。"), code="export_missing"
            )
        path = files.resolve(export.path)
        export.downloaded_at = clock.now()
        export.save(update_fields=["downloaded_at"])
        audit.record(
            actor=actor,
            act="exchange.export.download",
            target=f"exchange.export:{export.pk}",
            summary=export.title,
        )
    return export, path


def purge() -> int:
    """Delete expired files and their rows; returns how many. A duty, run by the scheduler."""
    with transaction.atomic():
        due = list(
            ExportFile.objects.select_for_update(skip_locked=True).filter(expires_at__lte=clock.now())[:1000]
        )
        paths = [export.path for export in due]
        ExportFile.objects.filter(pk__in=[export.pk for export in due]).delete()
        if due:
            audit.record(
                actor=None, act="exchange.export.purge", target="exchange.export", data={"count": len(due)}
            )
        transaction.on_commit(lambda: _remove_all(paths))
    return len(due)


def _remove_all(paths: list[str]) -> None:
    for path in paths:
        if path:
            files.remove(path)
