"""The doors for machines: process, readiness by parts, metrics for those who may."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.db import connection
from django.test import Client

from hrp.config import monitoring
from hrp.platform.access.models import ApiKey, User
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db


def heartbeat(seconds_ago: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def test_process_is_there(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_ready_with_database_migrations_and_worker(client: Client) -> None:
    heartbeat(1)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert {name: part["ok"] for name, part in answer.json()["parts"].items()} == {
        "database": True,
        "migrations": True,
        "worker": True,
    }


def test_not_ready_when_the_worker_is_silent(client: Client) -> None:
    heartbeat(monitoring.WORKER_SILENT_SECONDS + 5)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["worker"]["ok"] is False
    assert answer.json()["parts"]["database"]["ok"] is True


def test_not_ready_when_a_migration_waits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat(1)
    monkeypatch.setattr(monitoring, "_current_in", set())
    monkeypatch.setattr(monitoring.MigrationExecutor, "migration_plan", lambda *_: [("one", False)])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["migrations"] == {"ok": False, "detail": "1 waiting"}


def test_metrics_count_requests_by_view(client: Client) -> None:
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    assert 'hrp_requests_total{method="GET",status="200",view="healthz"}' in text
    assert "hrp_request_seconds_bucket" in text


def test_metrics_do_not_name_unknown_addresses(client: Client) -> None:
    client.get("/no-such-page-4711")
    assert "no-such-page-4711" not in client.get("/metrics").content.decode()


@pytest.mark.parametrize("meta", [{"REMOTE_ADDR": "10.0.0.9"}, {"HTTP_X_FORWARDED_FOR": "10.0.0.9"}])
def test_metrics_are_closed_to_strangers(client: Client, meta: dict[str, str]) -> None:
    assert client.get("/metrics", **meta).status_code == 403


def test_metrics_open_to_the_holder_of_a_key_until_it_expires(client: Client) -> None:
    actor = User.objects.create(username="monitor", display_name="监控")
    key = ApiKey.objects.create(
        user=actor,
        name="监控",
        prefix="hrp_",
        digest=hashlib.sha256(b"hrp_secret").digest(),
        expires_at=clock.now() + dt.timedelta(days=1),
        created_by=actor,
    )
    stranger = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}, **stranger).status_code == 403
    assert (
        client.get("/metrics", headers={"Authorization": "Bearer hrp_secret"}, **stranger).status_code == 200
    )
    User.objects.filter(pk=actor.pk).update(is_locked=True)
    assert (
        client.get("/metrics", headers={"Authorization": "Bearer hrp_secret"}, **stranger).status_code == 403
    )
    User.objects.filter(pk=actor.pk).update(is_locked=False)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=clock.now())
    assert (
        client.get("/metrics", headers={"Authorization": "Bearer hrp_secret"}, **stranger).status_code == 403
    )
