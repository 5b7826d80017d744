"""The embedded server survives what happens to servers: kill -9, stale pid files, a port taken by somebody else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from hrp.config import processes
from hrp.config.home import Home
from hrp.config.postgres.cluster import Cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One cluster for the file, outside pytest's own folders: those are closed to the user the server runs as."""
    home = Home(Path(settings.HRP_HOME) / f"cluster-{os.getpid()}")
    home.prepare()
    cluster = Cluster(home, throwaway=True)
    cluster.start()
    with psycopg.connect(cluster.address(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (42)")
        connection.execute("CHECKPOINT")
    yield cluster
    cluster.stop()
    shutil.rmtree(home.root)


def kept(cluster: Cluster) -> int:
    with psycopg.connect(cluster.address()) as connection:
        row = connection.execute("SELECT n FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_only_loopback_with_a_password(cluster: Cluster) -> None:
    with psycopg.connect(cluster.address()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW password_encryption").fetchone() == ("scram-sha-256",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW TimeZone").fetchone() == ("Asia/Shanghai",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(cluster.address(), password="wrong")
    assert cluster.password_file.stat().st_mode & 0o777 == 0o600


def test_server_does_not_run_as_root(cluster: Cluster) -> None:
    pid = cluster.postmaster()
    assert pid is not None
    assert os.stat(f"/proc/{pid}").st_uid != 0


def test_start_attaches_to_a_running_server(cluster: Cluster) -> None:
    before = cluster.postmaster()
    Cluster(cluster.home, throwaway=True).start()
    assert cluster.postmaster() == before


def test_comes_back_after_kill_9(cluster: Cluster) -> None:
    pid = cluster.postmaster()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not cluster.answers(), 5)
    cluster.start()
    assert cluster.postmaster() != pid
    assert kept(cluster) == 42


def test_pid_file_that_names_another_program(cluster: Cluster) -> None:
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n0\n1\n\n127.0.0.1\n")
    assert cluster.postmaster() is None
    cluster.start()
    assert kept(cluster) == 42


def test_port_taken_by_somebody_else_since(cluster: Cluster) -> None:
    cluster.stop()
    old = cluster.port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", old))
        stranger.listen()
        assert not cluster.answers()
        cluster.start()
        assert cluster.port != old
        assert kept(cluster) == 42


def test_stop_is_repeatable(cluster: Cluster) -> None:
    cluster.stop()
    cluster.stop()
    assert not cluster.answers()
    assert cluster.postmaster() is None
