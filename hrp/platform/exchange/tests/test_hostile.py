"""Each hostile file: refused or named in words, within two seconds and 300 MB, in a process that survives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets import SheetColumn, SheetSpec, annotate, read, reading
from hrp.platform.exchange.tests.hostile import CORPUS

SPEC = SheetSpec(
    "items",
    "物资",
    [
        SheetColumn("code", "编码", "code", required=True),
        SheetColumn("name", "名称", required=True),
        SheetColumn("quantity", "数量", "integer"),
        SheetColumn("amount", "金额", "money"),
        SheetColumn("day", "日期", "date"),
    ],
    unique=[("code",)],
)


def said(data: bytes, name: str) -> str:
    """Everything the reader has to say about a file; empty when it is fine."""
    try:
        found = read(data, SPEC, name=name)
    except Invalid as refusal:
        if not refusal.way_out:
            pytest.fail(f"no way out: {refusal.reason}")
        return f"{refusal.reason}{refusal.way_out}"
    return "\n".join(str(problem) for problem in found.problems)


def test_corpus_is_large() -> None:
    assert len(CORPUS) >= 60


@pytest.mark.parametrize("name", list(CORPUS))
def test_file(name: str) -> None:
    build, expected = CORPUS[name]
    data = build()
    started = sum(os.times()[:4])  # ours and our children's
    words = said(data, name)
    assert sum(os.times()[:4]) - started < 2
    assert (expected in words) if expected else not words, words


@pytest.mark.parametrize(
    "name", ["half_quantity.xlsx", "twice.xlsx", "data_merge.xlsx", "missing_column.csv"]
)
def test_error_workbook_reads_back(name: str) -> None:
    """The workbook handed back carries the same problems, so it can be corrected and sent again."""
    data = CORPUS[name][0]()
    found = read(data, SPEC, name=name)
    again = read(annotate(data, found, name=name), SPEC)
    wanted = [p.message for p in found.problems if "合并" not in p.message]
    assert [p.message for p in again.problems if "没有数据行" not in p.message] == wanted
    with pytest.raises(Invalid):
        found.require_ok()


MEASURE = """
import pathlib, sys
import django
django.setup()
from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets import read
from hrp.platform.exchange.tests.test_hostile import SPEC
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        read(file.read_bytes(), SPEC, name=file.name)
    except Invalid:
        pass
status = pathlib.Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak of a process from /proc")
def test_memory_stays_bounded(tmp_path: Path) -> None:
    """The whole corpus, one file after the other, in one process of at most 300 MB."""
    for name, (build, _expected) in CORPUS.items():
        (tmp_path / name).write_bytes(build())
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "hrp.config.settings"}
    out = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], check=True, capture_output=True, env=environment
    )
    assert int(out.stdout) < 300 * 1024


def test_a_parser_that_dies_takes_nobody_with_it() -> None:
    """Straight past the guard: the far cell kills the parser's own process, and the answer is a refusal."""
    with pytest.raises(Invalid, match="超出内存或时间限制"):
        reading._parsed(CORPUS["far_cell.xlsx"][0](), ["物资"])
