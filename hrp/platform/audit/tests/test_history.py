"""The history of registers: every change kept by trigger, whoever made it and however."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from hrp.platform.access.models import User
from hrp.platform.audit.middleware import OriginMiddleware, client_ip
from hrp.platform.audit.models import ActionLog
from hrp.platform.audit.selectors import history_of
from hrp.platform.audit.services import record
from hrp.platform.base import history, origin
from hrp.platform.base.append_only import append_only_tables
from hrp.platform.jobs import inline, services
from hrp.platform.jobs.models import Duty
from hrp.platform.jobs.tasks import task
from hrp.platform.org.models import Campus, Hospital

TRACKED = ("org_hospital", "org_campus", "access_user", "access_role_grant")


@task(name="test.rename", title="改名")
def rename(*, pk: int, name: str) -> None:
    Hospital.objects.filter(pk=pk).update(name=name)


@pytest.fixture
def hospital(db: None) -> Hospital:
    return Hospital.objects.create(code="H1", name="杏林医院")


def test_a_change_reads_as_field_old_new_who_when(hospital: Hospital, auditor: User):
    here = origin.Origin(request_id="r-12345678", ip="10.1.1.1", actor=auditor, reason="更名批复")
    with origin.entered(here):
        Hospital.objects.filter(pk=hospital.pk).update(name="杏林市人民医院")
    changed, inserted = history_of(hospital)
    assert (changed.title, changed.who, changed.actor_id) == ("修改", "沈稽", auditor.pk)
    assert (changed.request, changed.ip, changed.reason) == ("r-12345678", "10.1.1.1", "更名批复")
    (field,) = changed.fields
    assert (field.title, field.old, field.new) == ("名称", "杏林医院", "杏林市人民医院")
    assert (inserted.title, inserted.who[:3]) == ("新增", "命令行")
    assert {(f.title, f.new) for f in inserted.fields} == {("编码", "H1"), ("名称", "杏林医院")}


def test_foreign_keys_choices_and_flags_read_as_words(hospital: Hospital):
    campus = Campus.objects.create(hospital=hospital, code="C1", name="总院")
    other = Hospital.objects.create(code="H2", name="分院")
    Campus.objects.filter(pk=campus.pk).update(hospital=other)
    (field,) = history_of(campus)[0].fields
    assert (field.title, field.old, field.new) == ("医院", "杏林医院", "分院")
    user = User.objects.create_user("zhang", display_name="张")
    User.objects.filter(pk=user.pk).update(duty="audit", is_locked=True, phone="139")
    words = {f.title: (f.old, f.new) for f in history_of(user)[0].fields}
    assert words == {"职责": ("业务", "审计管理员"), "锁定": ("否", "是"), "手机": ("（空）", "139")}


def test_a_deletion_and_raw_sql_are_kept_too(hospital: Hospital, auditor: User):
    with origin.entered(origin.Origin(request_id="r-1", actor=auditor)), connection.cursor() as cursor:
        cursor.execute("UPDATE org_hospital SET name = 'x' WHERE id = %s", [hospital.pk])
        cursor.execute(
            "WITH gone AS (DELETE FROM org_hospital WHERE id = %s RETURNING 1) SELECT * FROM gone",
            [hospital.pk],
        )
    deleted, changed, _inserted = history_of(hospital)
    assert (deleted.title, deleted.fields, deleted.who) == ("删除", (), "沈稽")
    assert changed.who == "沈稽"


def test_what_did_not_change_leaves_no_event(hospital: Hospital, auditor: User):
    hospital.save()
    assert len(history_of(hospital)) == 1
    assert "password" not in {f.name for f in User.pgh_event_models["insert"]._meta.fields}  # type: ignore[attr-defined]


def test_the_context_does_not_leak_into_the_next_act(hospital: Hospital, auditor: User):
    with origin.entered(origin.Origin(request_id="r-1", actor=auditor)):
        Hospital.objects.filter(pk=hospital.pk).update(name="a")
    Hospital.objects.filter(pk=hospital.pk).update(name="b")
    newest, before, _inserted = history_of(hospital)
    assert (newest.actor_id, before.actor_id) == (None, auditor.pk)


def test_only_writes_of_tracked_tables_pay(hospital: Hospital, django_assert_num_queries: Any):
    assert history._writes_tracked('UPDATE "org_hospital" SET "name" = %s')
    assert history._writes_tracked("  delete from org_hospital where id = 1")
    assert history._writes_tracked("WITH a AS (INSERT INTO org_hospital VALUES (1)) SELECT 1")
    assert not history._writes_tracked("SELECT * FROM org_hospital")
    assert not history._writes_tracked("INSERT INTO audit_action VALUES (1)")
    with django_assert_num_queries(1):
        Hospital.objects.filter(pk=hospital.pk).update(name="y")


def test_a_job_writes_as_its_actor(hospital: Hospital, auditor: User):
    services.defer(rename, actor=auditor, pk=hospital.pk, name="新名")
    inline.run_waiting()
    change = history_of(hospital)[0]
    assert (change.who, change.request[:4]) == ("沈稽", "job:")


def test_an_untracked_model_says_so(db: None):
    with pytest.raises(LookupError, match="不保留变更历史"):
        history_of(Duty(name="x"))


@pytest.mark.parametrize("table", TRACKED)
def test_no_session_setting_switches_the_history_off(db: None, table: str):
    """pgtrigger's own triggers look at ``pgtrigger.ignore``; ours exist, always fire and do not look."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT t.tgname, t.tgenabled::text, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
               WHERE t.tgrelid = %s::regclass AND t.tgname LIKE 'pgtrigger_%%'""",
            [table],
        )
        triggers = cursor.fetchall()
    assert len(triggers) == 3
    assert {enabled for _name, enabled, _source in triggers} == {"A"}
    assert not any("ignore" in source for _name, _enabled, source in triggers)


def test_ignoring_is_ignored(hospital: Hospital):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'org_hospital'::regclass AND NOT tgisinternal"
        )
        names = ",".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + names + "}"])
        cursor.execute("UPDATE org_hospital SET name = 'secretly' WHERE id = %s", [hospital.pk])
    assert history_of(hospital)[0].fields[0].new == "secretly"


@pytest.mark.parametrize("verb", ["UPDATE {} SET pgh_label = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_event_tables_are_append_only(hospital: Hospital, verb: str):
    assert "org_hospital_event" in append_only_tables()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format("org_hospital_event"))


def test_event_tables_refuse_their_owner_too(owner_connection: psycopg.Connection):
    owner_connection.execute("INSERT INTO org_hospital (code, name) VALUES ('H9', 'x')")
    with pytest.raises(psycopg.errors.DatabaseError, match="只能追加"):
        owner_connection.execute("UPDATE org_hospital_event SET name = 'y'")


def test_every_tracked_model_has_an_append_only_history(db: None):
    tracked = [m for m in apps.get_models() if hasattr(m, "pgh_event_models")]
    assert len(tracked) >= 5
    for model in tracked:
        for event in set(model.pgh_event_models.values()):
            assert issubclass(event, history.HistoryRow), (
                f"{model._meta.label}: use hrp.platform.base.history.tracked"
            )


def answer(request: HttpRequest) -> HttpResponse:
    record(actor=request.user, act="seen", target="t:1")  # type: ignore[arg-type]
    Hospital.objects.update(name="经网页改名")
    return HttpResponse(origin.current().request_id)


def test_the_web_door_says_who_whence_and_which(hospital: Hospital, auditor: User):
    request = RequestFactory().post(
        "/", headers={"X-Request-ID": "proxy-0001-abcdef"}, REMOTE_ADDR="10.9.9.9"
    )
    request.user = auditor
    response = OriginMiddleware(answer)(request)
    assert response["X-Request-ID"] == "proxy-0001-abcdef" == response.content.decode()
    row = ActionLog.objects.get()
    assert (row.ip, row.request_id) == ("10.9.9.9", "proxy-0001-abcdef")
    change = history_of(hospital)[0]
    assert (change.who, change.ip, change.request) == ("沈稽", "10.9.9.9", "proxy-0001-abcdef")
    assert origin.current().request_id.startswith("cli:")
    assert dt.datetime.now(dt.UTC) - change.at < dt.timedelta(minutes=1)


@pytest.mark.parametrize("sent", ["", "short", "bad id with spaces", "x" * 65, "line\nbreak-id"])
def test_a_strange_request_id_is_replaced(db: None, auditor: User, sent: str):
    request = RequestFactory().get("/")
    request.META["HTTP_X_REQUEST_ID"] = sent
    request.user = auditor
    assert len(OriginMiddleware(lambda _request: HttpResponse())(request)["X-Request-ID"]) == 32


def test_only_the_proxy_is_believed(settings: Any):
    settings.HRP_PROXY_HEADER, settings.HRP_PROXIES = "HTTP_X_FORWARDED_FOR", ["127.0.0.1"]
    request = RequestFactory().get(
        "/", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.5"}, REMOTE_ADDR="127.0.0.1"
    )
    assert client_ip(request) == "10.0.0.5"
    request.META["REMOTE_ADDR"] = "10.0.0.9"
    assert client_ip(request) == "10.0.0.9"
