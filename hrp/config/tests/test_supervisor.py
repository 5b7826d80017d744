"""The supervisor looks after a database that fell, also when it cannot have its old port back."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from hrp.config import doors, processes, testing
from hrp.config.children import Child
from hrp.config.home import Home
from hrp.config.postgres import roles
from hrp.config.postgres.cluster import Cluster
from hrp.config.settings.paths import BASE_DIR
from hrp.config.supervisor import Supervisor


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """One that has a database and one child, outside pytest's own folders: those are closed to the server's user."""
    monkeypatch.delenv("HRP_DATABASE_URL", raising=False)
    home = Home(Path(settings.HRP_HOME) / f"supervisor-{os.getpid()}")
    home.prepare()
    made = Supervisor(home, doors.Door("127.0.0.1", processes.free_port()), demo=False)
    made.cluster = Cluster(home, throwaway=True)
    made.cluster.start()
    roles.prepare_embedded(made.cluster)
    made._served_port = made.cluster.port
    toy = Child("toy", ["sleep", "60"], dict(os.environ), home.root, home.log / "toy.log")
    made.children.append(toy)
    toy.start()
    yield made
    toy.kill()
    made.cluster.stop()
    shutil.rmtree(home.root)


def kill_database(supervisor: Supervisor) -> None:
    assert supervisor.cluster is not None
    pid = supervisor.cluster.postmaster()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: supervisor.cluster.postmaster() is None, 5)  # type: ignore[union-attr]


def test_a_fallen_database_is_started_again_and_nobody_disturbed(supervisor: Supervisor) -> None:
    kill_database(supervisor)
    supervisor._tend_database()
    assert supervisor.cluster is not None
    assert supervisor.cluster.answers()
    assert not supervisor.children[0].ended()


def test_a_database_that_moved_gets_web_and_workers_that_know_where(supervisor: Supervisor) -> None:
    assert supervisor.cluster is not None
    before = supervisor.cluster.port
    kill_database(supervisor)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", before))
        stranger.listen()
        supervisor._tend_database()
    assert supervisor.cluster.port != before
    assert supervisor.children[0].ended(), "it speaks to the old port"
    with psycopg.connect((supervisor.home.addresses / "app.url").read_text()) as connection:
        assert connection.info.port == supervisor.cluster.port


def test_a_first_start_cut_short_still_wants_its_demo(test_server: testing.TestServer) -> None:
    """Killed after the last migration and before its marks, the start is taken up where it was left."""
    database = test_server.create("cut")

    def set_up() -> str:
        subprocess.run(
            [sys.executable, "-m", "hrp.config.cli", "setup-database", "--want-demo"],
            env=test_server.environment(database) | {"HRP_DB_ROLE": "owner"},
            cwd=BASE_DIR, check=True, capture_output=True,
        )  # fmt: skip
        with psycopg.connect(database.owner_url) as owner:
            rows = owner.execute("SELECT value FROM config_installation_mark WHERE name = 'demo'").fetchall()
        return "".join(value for (value,) in rows)

    assert set_up() == "", "an installation that was finished without a demo stays without one"
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM config_installation_mark")
    assert set_up() == "wanted"
