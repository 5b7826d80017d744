"""Children of the supervisor are restarted whatever they die of, and leave nobody behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from hrp.config import children, processes, running
from hrp.config.children import Child, rotate
from hrp.config.home import Home


def child(tmp_path: Path, code: str) -> Child:
    return Child("toy", [sys.executable, "-c", code], dict(os.environ), tmp_path, tmp_path / "toy.log")


def tended(toy: Child, times: int, seconds: float = 10) -> bool:
    def look() -> bool:
        toy.tend()
        return toy.restarts >= times

    return processes.wait_until(look, seconds)


@pytest.mark.parametrize(
    "code", ["raise SystemExit(0)", "raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"]
)
def test_is_started_again_whatever_it_died_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.01)
    toy = child(tmp_path, code)
    toy._pause = 0.01
    toy.start()
    assert tended(toy, 2)
    toy.kill()


def test_pause_grows_with_early_deaths(tmp_path: Path) -> None:
    toy = child(tmp_path, "raise SystemExit(1)")
    toy._pause = 0.2
    toy.start()
    started = time.monotonic()
    assert tended(toy, 2)
    assert time.monotonic() - started >= 0.2 + 0.4
    toy.kill()


def test_kill_takes_the_grandchildren(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)\n"
        "time.sleep(60)"
    )
    toy = child(tmp_path, code)
    toy.start()
    assert processes.wait_until(lambda: toy.log.read_text().strip().isdecimal(), 10)
    grandchild = int(toy.log.read_text())
    assert processes.is_alive(grandchild)
    toy.kill()
    assert processes.wait_until(lambda: not processes.is_alive(grandchild), 5)


def test_what_a_killed_supervisor_left_is_found_and_ended(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    home.prepare()
    toy = child(tmp_path, "import time; time.sleep(60)")
    toy.start()
    assert toy.process is not None
    running.note(home, {"toy": toy.process.pid})
    assert running.left_behind(home) == [toy.process.pid]
    assert running.end_left_behind(home) == 1
    assert toy.process.wait(5) != 0


def test_what_outlived_the_first_process_of_its_group_is_found_too(tmp_path: Path) -> None:
    """A web server killed together with its supervisor leaves workers that still hold the port."""
    home = Home(tmp_path / "data")
    home.prepare()
    code = "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    toy = child(tmp_path, code)
    toy.environment["HRP_HOME"] = str(home.root)
    toy.start()
    assert toy.process is not None
    group = toy.process.pid
    running.note(home, {"toy": group})
    assert processes.wait_until(lambda: len(processes.group(group)) == 2, 10)
    toy.process.kill()
    toy.process.wait()
    assert running.left_behind(home) == [group]
    assert running.left_behind(Home(tmp_path / "other")) == []
    assert running.end_left_behind(home) == 1
    assert processes.group(group) == []
    assert running.left_behind(home) == []


def test_nothing_runs_before_its_pid_is_written_down(tmp_path: Path) -> None:
    """A supervisor killed between starting a process and noting it leaves nobody behind who would be found no more."""
    toy = child(tmp_path, "print('ran')")

    def killed() -> None:
        raise RuntimeError

    toy.note = killed
    with pytest.raises(RuntimeError):
        toy.start()
    assert toy.process is not None
    assert toy.process.poll() is None
    assert toy.process.stdin is not None
    toy.process.stdin.close()  # what the end of the supervisor does
    assert toy.process.wait(5) != 0
    assert toy.log.read_text() == ""


def test_a_pid_given_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    home.prepare()
    running.note(home, {"toy": os.getpid()})
    text = (home.run / "children.json").read_text()
    (home.run / "children.json").write_text(text.replace(processes.identity(os.getpid()), "1"))
    assert running.left_behind(home) == []


def test_log_is_cut_and_three_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    for number in range(5):
        log.write_text(f"run {number} " + "x" * 10)
        rotate(log)
    assert log.stat().st_size == 0
    assert sorted(f.name for f in tmp_path.iterdir()) == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert (tmp_path / "web.log.1").read_text().startswith("run 4")
