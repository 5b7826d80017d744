"""Every refusal of the start says what is wrong and the way out, and leaves nothing half done."""

from __future__ import annotations

import ast
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hrp.config import commands, doors, running
from hrp.config import home as homes
from hrp.config.home import Home
from hrp.config.postgres import binaries, roles
from hrp.config.postgres.cluster import Cluster
from hrp.config.settings.paths import BASE_DIR
from hrp.config.setup import assets, environment, machine
from hrp.config.testing import TestServer
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Refusal


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "data")


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_busy_port_names_the_program_and_a_free_port(home: Home, listener: int) -> None:
    with pytest.raises(Conflict) as refused:
        doors.check(home, doors.Door("127.0.0.1", listener))
    assert str(listener) in refused.value.reason
    if Path("/proc").is_dir():
        assert str(os.getpid()) in refused.value.reason
    assert "HRP_PORT=" in refused.value.way_out
    assert f"HRP_PORT={listener} " not in refused.value.way_out


@pytest.mark.parametrize("given", ["http", "0", "70000", "80.5"])
def test_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("HRP_PORT", given)
    with pytest.raises(Invalid, match=given):
        doors.from_environment()


def test_second_start_on_the_same_folder_names_the_first(home: Home) -> None:
    home.prepare()
    with running.only_one(home, running.Holder(4711, "http://127.0.0.1:8000")):
        with pytest.raises(Conflict) as refused:
            doors.check(home, doors.Door("127.0.0.1", 1))
        assert "http://127.0.0.1:8000" in refused.value.reason
        assert "4711" in refused.value.reason
        with pytest.raises(Conflict), running.only_one(home, running.Holder(1, "other")):
            pass
    assert running.holder(home) is None


@pytest.mark.parametrize("folder", ["/proc/hrp-data", "/proc/1/hrp/data"])
def test_unwritable_home(folder: str) -> None:
    with pytest.raises(Conflict) as refused:
        Home(Path(folder)).prepare()
    assert refused.value.code == "home_unwritable"
    assert folder in refused.value.reason
    assert "HRP_HOME=" in refused.value.way_out


def test_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(Invalid, match="不是文件夹"):
        Home(tmp_path / "data").prepare()
    assert (tmp_path / "data").read_text() == "mine"


def test_disk_full_while_writing_a_secret(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.prepare()

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(Conflict) as refused:
        homes.write_private(home.secrets / "key", "x")
    assert refused.value.code == "disk_full"
    assert not (home.secrets / "key").exists()


def test_home_below_a_closed_folder_while_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(binaries, "as_service_user", lambda: {"user": 65534})
    monkeypatch.setattr(binaries, "give_to_service_user", lambda *paths: None)
    home = Home(closed / "data")
    home.prepare()
    with pytest.raises(Conflict) as refused:
        Cluster(home).create()
    assert refused.value.code == "home_closed"
    assert str(home.root) in refused.value.reason
    assert closed.stat().st_mode & 0o777 == 0o700, "parents are never opened up"
    assert not Cluster(home).exists


@pytest.mark.parametrize(("major", "code"), [("19", "data_newer"), ("16", "data_older")])
def test_data_folder_of_another_postgresql(home: Home, major: str, code: str) -> None:
    home.prepare()
    data = Cluster(home).data
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{major}\n")
    with pytest.raises(Conflict) as refused:
        Cluster(home).start()
    assert refused.value.code == code
    assert major in refused.value.reason
    assert [file.name for file in data.iterdir()] == ["PG_VERSION"]


def test_too_little_room_for_a_database(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.prepare()
    monkeypatch.setattr(homes, "free_bytes", lambda folder: 10 * 1024 * 1024)
    with pytest.raises(Conflict) as refused:
        Cluster(home).create()
    assert refused.value.code == "disk_full"
    assert not home.pg.exists()


@pytest.mark.parametrize(
    ("complaint", "code"),
    [
        ("could not write to file: No space left on device", "disk_full"),
        ("initdb: error: something else", "initdb_failed"),
    ],
)
def test_initdb_that_fails_leaves_no_half_made_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch, complaint: str, code: str
) -> None:
    home.prepare()
    monkeypatch.setattr(binaries, "as_service_user", dict)
    cluster = Cluster(home)

    def fail(target: Path) -> subprocess.CompletedProcess[str]:
        target.mkdir()
        (target / "half").touch()
        return subprocess.CompletedProcess(["initdb"], 1, "", complaint)

    monkeypatch.setattr(cluster, "_initdb", fail)
    with pytest.raises(Conflict) as refused:
        cluster.create()
    assert refused.value.code == code
    assert refused.value.way_out
    assert not cluster.exists
    assert not list(home.pg.glob("data*"))


def test_missing_node_and_no_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "VENV", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    def cannot(name: str) -> None:
        raise Invalid("连不上软件源")

    monkeypatch.setattr(environment, "install", cannot)
    with pytest.raises(Invalid) as refused:
        assets._node()
    assert refused.value.code == "node_missing"
    assert "连不上软件源" in refused.value.reason
    assert "nodejs" in refused.value.way_out


@pytest.mark.parametrize(("said", "good"), [("v20.11.0", True), ("v18.19.0", False), ("", False)])
def test_node_must_be_new_enough(tmp_path: Path, said: str, good: bool) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {said}\n")
    node.chmod(0o755)
    assert assets._good(str(node)) is good


def test_missing_ensurepip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(Invalid) as refused:
        machine.require_ensurepip()
    assert "apt-get install -y python3-venv" in refused.value.way_out


def test_missing_packages_are_named_with_the_line_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing_for_tests", lambda: ["chromium", "mariadb-server"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Invalid) as refused:
        machine.prepare_for_tests()
    assert "apt-get install -y --no-install-recommends chromium mariadb-server" in refused.value.way_out


def test_old_python_is_refused_before_anything_else() -> None:
    source = (BASE_DIR / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    code = f"import sys; sys.version_info = (3, 9, 2, 'final', 0); exec(compile({source!r}, 'bootstrap.py', 'exec'))"
    result = subprocess.run(
        [sys.executable, "-c", code, "run"], capture_output=True, text=True, check=False, cwd="/"
    )
    assert result.returncode == 1
    assert "Python 3.11" in result.stderr
    assert "3.9" in result.stderr
    assert "Traceback" not in result.stderr


def test_unknown_command_suggests_the_near_one() -> None:
    refusal = commands.unknown("migrat")
    assert isinstance(refusal, NotFound)
    assert "hrp migrate" in refusal.way_out


def test_help_lists_every_command_in_chinese() -> None:
    overview = commands.overview()
    for name in ("run", "setup-database", "invariants", "verify"):
        assert f"  {name} " in overview


class TestExistingPostgreSQL:
    """``HRP_DATABASE_URL``: each refusal names the variable or the statement to run."""

    @pytest.fixture
    def home(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
        monkeypatch.delenv("HRP_APP_DATABASE_URL", raising=False)
        home.prepare()
        return home

    def refused(self, home: Home, address: str) -> Refusal:
        with pytest.raises(Refusal) as refused:
            roles.prepare_external(home, address)
        assert not list(home.addresses.glob("*.url")), "nothing half done"
        return refused.value

    def test_malformed_address(self, home: Home) -> None:
        assert "HRP_DATABASE_URL" in self.refused(home, "postgresql://[bad").reason

    def test_server_that_does_not_answer(self, home: Home) -> None:
        refusal = self.refused(home, "postgresql://a:b@127.0.0.1:1/c")
        assert refusal.code == "database_unreachable"
        assert "pg_hba.conf" in refusal.way_out

    def test_owner_who_may_not_create_roles_gets_the_statement(
        self, home: Home, test_server: TestServer
    ) -> None:
        refusal = self.refused(home, test_server.session.owner_url)
        assert refusal.code == "application_role_missing"
        assert "CREATE ROLE" in refusal.way_out
        assert "HRP_APP_DATABASE_URL=" in refusal.way_out

    def test_application_role_that_owns_tables(
        self, home: Home, test_server: TestServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HRP_APP_DATABASE_URL", test_server.session.owner_url)
        assert self.refused(home, test_server.session.owner_url).code == "application_role_too_strong"

    def test_two_given_roles_are_taken(
        self, home: Home, test_server: TestServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HRP_APP_DATABASE_URL", test_server.session.app_url)
        roles.prepare_external(home, test_server.session.owner_url)
        file = home.addresses / "app.url"
        assert file.read_text() == test_server.session.app_url
        assert file.stat().st_mode & 0o777 == 0o600

    def test_application_role_is_made_where_it_may_be(self, home: Home, test_server: TestServer) -> None:
        if test_server.cluster is None:
            pytest.skip("an external server gives us no superuser")
        admin = test_server.cluster.address(test_server.session.name)
        roles.prepare_external(home, admin)
        with psycopg.connect((home.addresses / "app.url").read_text()) as connection:
            made = f"{test_server.session.name}_app"
            assert connection.info.user == made
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP ROLE "{made}"')
