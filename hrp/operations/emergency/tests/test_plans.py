"""Plans: two signatures put a version in force, nothing changes what was signed, requests are answered once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.tests.world import World
from hrp.operations.emergency import rules, selectors
from hrp.operations.emergency.models import PlanVersion, RevisionAnswer
from hrp.operations.emergency.services import plans
from hrp.operations.emergency.tests import stage
from hrp.operations.emergency.tests.stage import CONTENT, JANUARY
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.notify.models import Message
from hrp.platform.org.models import CalendarDay, CalendarYear

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return stage.make()


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_version_is_in_force_from_the_second_signature_on(world: World) -> None:
    version = stage.in_force(world)
    assert selectors.in_force(world.contract, JANUARY + dt.timedelta(minutes=59)) == {}
    assert selectors.in_force(world.contract, JANUARY + dt.timedelta(hours=1)) == {"db_down": version}
    later = stage.in_force(world, at=JANUARY + dt.timedelta(days=9), rollback="不回切。")
    assert (str(version), str(later)) == ("EP-HRP-01 v1", "EP-HRP-01 v2")
    assert selectors.in_force(world.contract, JANUARY + dt.timedelta(days=1))["db_down"] == version
    assert selectors.in_force(world.contract, JANUARY + dt.timedelta(days=10))["db_down"] == later


def test_the_supplier_signs_first_each_side_once_and_only_the_newest(world: World) -> None:
    version = stage.draft(world)
    with pytest.raises(Conflict, match="尚未由乙方签署"):
        plans.sign(actor=world.head, version=version)
    plans.sign(actor=world.engineer, version=version)
    with pytest.raises(Conflict, match="已由乙方签署"):
        plans.sign(actor=world.engineer, version=version)
    newer = stage.draft(world, rollback="另写一版。")
    assert newer.number == 2
    with pytest.raises(Conflict, match="之后已有"):
        plans.sign(actor=world.head, version=version)


def test_an_unsigned_draft_is_written_anew_under_its_number(world: World) -> None:
    first = stage.draft(world)
    again = stage.draft(world, trigger="改写。")
    assert (first.pk, again.number) == (again.pk, 1)
    assert rules.read_body(PlanVersion.objects.get().body).trigger == "改写。"


def test_only_the_supplier_drafts_and_only_the_hospital_asks(world: World) -> None:
    with pytest.raises(Forbidden):
        plans.draft(actor=world.head, contract=world.contract, scenario="db_down", content=CONTENT)
    version = stage.in_force(world)
    with pytest.raises(Forbidden):
        plans.request_revision(actor=world.engineer, plan=version.plan, text="改")


def test_what_is_missing_is_named_and_nothing_is_kept(world: World) -> None:
    bare = rules.Content("", (rules.Role("指挥", ""),), (), (), "", "")
    with pytest.raises(Invalid) as refused:
        plans.draft(actor=world.engineer, contract=world.contract, scenario="db_down", content=bare)
    assert {problem.field for problem in refused.value.problems} == {
        "trigger", "roles", "steps", "contacts", "rollback", "specifics",
    }  # fmt: skip
    assert not PlanVersion.objects.exists()


def test_the_database_refuses_to_change_a_signed_version_or_forge_its_hash(
    world: World, owner_connection: psycopg.Connection
) -> None:
    version = stage.draft(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(body="{}")
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(
            hospital_signer=world.head, hospital_signed_at=JANUARY
        )
    plans.sign(actor=world.engineer, version=version)
    for change in ({"note": "改"}, {"supplier_signed_at": None}, {"supplier_signer": world.head}):
        with pytest.raises(DatabaseError, match="已签署"), transaction.atomic():
            PlanVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(DatabaseError, match="已签署"), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).delete()


def test_a_request_is_due_by_the_official_calendar_and_answered_once(world: World) -> None:
    year = CalendarYear.objects.create(
        year=2026, source_doc="国办发明电〔2025〕7号", imported_by="测试", imported_at=JANUARY
    )
    first = dt.date(2026, 1, 1)
    for offset in range(60):
        day = first + dt.timedelta(days=offset)
        kind = "makeup" if day == dt.date(2026, 1, 17) else "restday" if day.weekday() >= 5 else "workday"
        CalendarDay.objects.create(year=year, date=day, kind=kind)
    version = stage.in_force(world)
    with clock.pinned(JANUARY + dt.timedelta(hours=2)):
        asked = plans.request_revision(actor=world.head, plan=version.plan, text="夜间怎么开门")
    assert asked.due_at == clock.at(dt.date(2026, 1, 24), 0), (
        "ten working days, the 17th among them, to 24:00"
    )
    assert Message.objects.filter(recipient=world.engineer, title__contains="请求修订").exists()
    with clock.pinned(JANUARY + dt.timedelta(days=1)):
        stage.draft(world, at=clock.now(), specifics="总值班开门。")
        answer = plans.answer_revision(actor=world.engineer, request=asked, accepted=True, text="已补充")
        with pytest.raises(Conflict, match="已经答复"):
            plans.answer_revision(actor=world.engineer, request=asked, accepted=False, text="不")
    assert str(answer.version) == "EP-HRP-01 v2"
    assert RevisionAnswer.objects.count() == 1


def test_without_a_calendar_the_due_date_stays_open_instead_of_guessed(world: World) -> None:
    version = stage.in_force(world)
    with clock.pinned(JANUARY):
        assert plans.request_revision(actor=world.head, plan=version.plan, text="改").due_at is None


def test_differences_show_sentences_not_paragraphs() -> None:
    new = dataclasses.replace(CONTENT, specifics="主库在五楼机房。夜间由总值班开门。")
    changed = [part for part in rules.differences(CONTENT, new) if part.changed]
    assert [(part.title, part.lines) for part in changed] == [
        ("本院实际情况", (("-", "主库在三楼机房。"), ("+", "主库在五楼机房。"), (" ", "夜间由总值班开门。")))
    ]


def test_body_survives_its_round_trip() -> None:
    assert rules.read_body(json.dumps(rules.to_body(CONTENT))) == CONTENT


@pytest.mark.parametrize("label", ["EP-HRP-01 v1", "EP-HRP-01 v1 数据库宕机"])
def test_a_ticket_names_its_plan_by_code_and_number(world: World, label: str) -> None:
    version = stage.in_force(world)
    assert selectors.version_named(world.contract, label) == version
    for wrong in ("EP-HRP-01", "EP-HRP-01 v9", "EP-HRP-09 v1", "", "v1", "EP-HRP-01 v99999999999"):
        assert selectors.version_named(world.contract, wrong) is None


def test_plan_is_written_and_signed_through_its_pages(world: World) -> None:
    engineer, head = door(world.engineer), door(world.head)
    write = reverse("operations.plan.write", args=["disk_full"])
    form = {
        "trigger": "磁盘 95%", "rollback": "复制后清理", "specifics": "数据盘 2 TB",
        "roles.role": ["指挥", ""], "roles.person": ["张工", ""], "roles.duty": ["", ""],
        "steps.what": ["清理", ""], "steps.who": ["张工", ""], "steps.within": ["5 分钟", ""],
        "contacts.name": [""], "contacts.place": [""], "contacts.phone": [""],
    }  # fmt: skip
    answer = engineer.post(write, form)
    assert answer.status_code == 422
    assert "至少要有一行联系人" in answer.content.decode()
    assert "数据盘 2 TB" in answer.content.decode(), "what was typed comes back"
    form |= {"contacts.name": ["张工"], "contacts.place": ["杏林"], "contacts.phone": ["138"]}
    assert engineer.post(write, form).status_code == 302
    version = PlanVersion.objects.get()
    page = reverse("operations.plan.detail", args=[version.plan_id])
    assert "甲方签署" in head.get(page).content.decode()
    for client in (engineer, head):
        assert client.post(reverse("operations.plan.sign", args=[version.pk])).status_code == 302
    assert "生效中" in head.get(page).content.decode()
    assert "1/7" in head.get(reverse("operations.plan.list")).content.decode()
    pdf = head.get(reverse("operations.plan.pdf", args=[version.plan_id]))
    assert pdf.content.startswith(b"%PDF-")
    assert door(world.nurse).get(page).status_code == 403
