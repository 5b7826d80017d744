"""Imports in two steps and downloads for their owner only, against the real database."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.db import IntegrityError, transaction

from hrp.platform.access.models import User
from hrp.platform.audit.models import ActionLog
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound
from hrp.platform.exchange.models import ExportFile, ImportRun
from hrp.platform.exchange.services import downloads, imports
from hrp.platform.exchange.sheets import Preview, SheetColumn, SheetSpec, read

pytestmark = pytest.mark.django_db

KNOWN = {"心内科": 1, "骨科": 2}
SPEC = SheetSpec(
    "test.people",
    "人员",
    [
        SheetColumn("name", "姓名", required=True),
        SheetColumn(
            "unit", "科室", "lookup", lookup=lambda texts: {t: KNOWN[t] for t in texts if t in KNOWN}
        ),
        SheetColumn("pay", "工资", "money"),
    ],
)
GOOD = "姓名,科室,工资\n张三,心内科,100.50\n李四,骨科,200\n".encode()
BAD = "姓名,科室,工资\n,心内科,100.505\n李四,外星科,200\n".encode()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def people() -> tuple[User, User]:
    return tuple(User.objects.create(username=f"u{i}", display_name=f"用户{i}") for i in (1, 2))


def kept(root: Path) -> int:
    return sum(path.is_file() for path in root.rglob("*"))


def uploaded(actor: User, data: bytes = GOOD) -> ImportRun:
    return imports.preview(actor=actor, spec=SPEC, file=io.BytesIO(data), name="人员.csv")[0]


def nothing(_preview: Preview) -> None:
    return None


def test_preview_then_commit(people: tuple[User, User]) -> None:
    run = uploaded(people[0])
    assert (run.state, run.row_count, run.problem_count) == ("preview", 2, 0)
    assert run.totals == {"test.people": {"pay": "300.50"}}
    assert run.sample[0] == {
        "sheet": "test.people",
        "row": 2,
        "values": {"name": "张三", "unit": "1", "pay": "100.50"},
    }
    seen: list[object] = []
    done = imports.commit(
        actor=people[0], run_id=run.pk, spec=SPEC, apply=lambda p: seen.extend(r.values for r in p.rows)
    )
    assert [row["unit"] for row in seen] == [1, 2]
    assert done.state == "committed"
    assert done.sha256 == hashlib.sha256(GOOD).hexdigest()
    acts = list(ActionLog.objects.order_by("pk").values_list("act", "target"))
    assert acts[-2:] == [
        (f"exchange.import.{act}", f"exchange.import:{run.pk}") for act in ("preview", "commit")
    ]
    with pytest.raises(Conflict):
        imports.commit(actor=people[0], run_id=run.pk, spec=SPEC, apply=nothing)


def test_a_bad_file_is_not_committed_and_comes_back_annotated(people: tuple[User, User]) -> None:
    run = uploaded(people[0], BAD)
    assert run.problem_count == 3
    called: list[int] = []
    with pytest.raises(Invalid) as refusal:
        imports.commit(actor=people[0], run_id=run.pk, spec=SPEC, apply=lambda p: called.append(1))
    assert "3 处问题" in refusal.value.reason
    assert called == []
    run.refresh_from_db()
    assert run.state == "preview"
    again = read(imports.error_workbook(actor=people[0], run_id=run.pk, spec=SPEC), SPEC)
    assert again.problem_count == 3


def test_apply_that_fails_undoes_everything(people: tuple[User, User]) -> None:
    run = uploaded(people[0])

    def half(_preview: Preview) -> None:
        User.objects.create(username="half", display_name="一半")
        raise Conflict("第二行写不进去")

    with pytest.raises(Conflict, match="第二行"):
        imports.commit(actor=people[0], run_id=run.pk, spec=SPEC, apply=half)
    assert not User.objects.filter(username="half").exists()
    run.refresh_from_db()
    assert run.state == "preview"


def test_what_changed_since_the_preview_is_found(
    people: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = uploaded(people[0])
    monkeypatch.delitem(KNOWN, "骨科")
    with pytest.raises(Invalid) as refusal:
        imports.commit(actor=people[0], run_id=run.pk, spec=SPEC, apply=nothing)
    assert "骨科" in refusal.value.problems[0].message


def test_the_same_file_twice_wants_confirmation(people: tuple[User, User]) -> None:
    imports.commit(actor=people[0], run_id=uploaded(people[0]).pk, spec=SPEC, apply=nothing)
    second = uploaded(people[1])
    with pytest.raises(Conflict) as refusal:
        imports.commit(actor=people[1], run_id=second.pk, spec=SPEC, apply=nothing)
    assert refusal.value.code == "import_repeated"
    assert "用户1" in refusal.value.reason
    done = imports.commit(actor=people[1], run_id=second.pk, spec=SPEC, apply=nothing, confirm_repeat=True)
    assert done.repeats_id is not None


def test_the_database_refuses_an_unconfirmed_repeat(people: tuple[User, User]) -> None:
    first, second = uploaded(people[0]), uploaded(people[0])
    now = clock.now()
    ImportRun.objects.filter(pk=first.pk).update(state="committed", committed_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportRun.objects.filter(pk=second.pk).update(state="committed", committed_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportRun.objects.filter(pk=first.pk).update(problem_count=1)


def test_another_persons_import_does_not_exist(people: tuple[User, User]) -> None:
    run = uploaded(people[0])
    for act in (
        lambda: imports.commit(actor=people[1], run_id=run.pk, spec=SPEC, apply=nothing),
        lambda: imports.discard(actor=people[1], run_id=run.pk),
        lambda: imports.error_workbook(actor=people[1], run_id=run.pk, spec=SPEC),
    ):
        with pytest.raises(NotFound):
            act()


def test_discard_and_purge_let_go_of_files(
    people: tuple[User, User], media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = uploaded(people[0]), uploaded(people[0])
    assert kept(media) == 2
    with django_capture_on_commit_callbacks(execute=True):
        imports.discard(actor=people[0], run_id=first.pk)
    assert kept(media) == 1
    with pytest.raises(Conflict):
        imports.commit(actor=people[0], run_id=first.pk, spec=SPEC, apply=nothing)
    assert imports.purge() == 0
    ImportRun.objects.filter(pk=second.pk).update(created_at=clock.now() - dt.timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        assert imports.purge() == 1
    assert kept(media) == 0


def test_refused_files_leave_nothing(people: tuple[User, User], media: Path) -> None:
    with pytest.raises(Invalid):
        imports.preview(
            actor=people[0], spec=SPEC, file=io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), name="a.xls"
        )
    assert kept(media) == 0
    assert not ImportRun.objects.exists()


def exported(actor: User) -> ExportFile:
    def make(stream: BinaryIO) -> int:
        stream.write("甲,乙\n".encode())
        return 1

    return downloads.create(actor=actor, title="科室/台账", kind="csv", make=make)


def test_download_is_for_its_owner_until_it_expires(
    people: tuple[User, User], media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    export = exported(people[0])
    assert export.row_count == 1
    assert export.file_name.startswith("科室_台账_")
    found, path = downloads.fetch(actor=people[0], export_id=export.pk)
    assert path.read_bytes() == "甲,乙\n".encode()
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert ActionLog.objects.filter(
        act="exchange.export.download", target=f"exchange.export:{export.pk}"
    ).exists()
    assert downloads.mine(actor=people[1]) == []
    with pytest.raises(NotFound):
        downloads.fetch(actor=people[1], export_id=export.pk)
    ExportFile.objects.update(
        created_at=clock.now() - dt.timedelta(days=9), expires_at=clock.now() - dt.timedelta(days=2)
    )
    with pytest.raises(NotFound):
        downloads.fetch(actor=people[0], export_id=export.pk)
    with django_capture_on_commit_callbacks(execute=True):
        assert downloads.purge() == 1
    assert (kept(media), ExportFile.objects.count()) == (0, 0)


def test_an_export_that_fails_leaves_nothing(people: tuple[User, User], media: Path) -> None:
    def broken(stream: BinaryIO) -> int:
        stream.write(b"half")
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError):
        downloads.create(actor=people[0], title="x", kind="csv", make=broken)
    assert (kept(media), ExportFile.objects.count()) == (0, 0)
