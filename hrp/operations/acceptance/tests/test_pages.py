"""The screens of acceptance: the clause board, making a report in the background, reading, signing and taking it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from hrp.operations.acceptance.models import ReportSignature, ServiceReport
from hrp.operations.acceptance.services import reports
from hrp.operations.contracts.models import Contract
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World, later
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.jobs.models import JobRecord

pytestmark = pytest.mark.django_db
ALL = ("operations.acceptance.view", "operations.acceptance.make", "operations.acceptance.sign")


@pytest.fixture
def world() -> World:
    return desk.make()


@pytest.fixture
def hospital(world: World) -> User:
    user = people.person(*desk.HOSPITAL, *ALL)
    desk.contracts.add_member(actor=world.clerk, user=user, side=desk.Side.HOSPITAL, titles=[])
    return user


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_board_shows_every_clause_and_narrows_by_verdict(world: World, hospital: User) -> None:
    world.call()
    with clock.pinned(later(10)):
        page = door(hospital).get(reverse("operations.clauses")).content.decode()
        unproven = door(hospital).get(reverse("operations.clauses"), {"verdict": "证据不足"}).content.decode()
        month = door(hospital).get(
            reverse("operations.clauses"), {"kind": "monthly", "first": "2026-11-01"}
        ).content.decode()  # fmt: skip
    assert all(f"AC-{n:02d}" in page for n in range(1, 39))
    shown = {f"AC-{n:02d}" for n in range(1, 39) if f"AC-{n:02d}" in unproven}
    assert "AC-37" in shown
    assert "AC-05" not in shown
    assert "2026-11-01 至 2026-11-30" in month


def test_without_the_right_there_is_no_board_and_no_report(world: World) -> None:
    nobody = door(world.nurse)
    for url in (reverse("operations.clauses"), reverse("operations.report.list")):
        assert nobody.get(url).status_code == 403
    assert nobody.post(reverse("operations.report.make"), {"span": "monthly:2026-11-01"}).status_code == 403


def test_a_report_is_made_in_the_background_signed_and_taken(world: World, hospital: User) -> None:
    world.call()
    with clock.pinned(later(30)):
        answer = door(hospital).post(reverse("operations.report.make"), {"span": "monthly:2026-11-01"})
        assert answer.status_code == 302
        bad = door(hospital).post(reverse("operations.report.make"), {"span": "monthly:2026-11-02"})
    assert bad.status_code == 422
    assert JobRecord.objects.get().title == "月度服务报告 2026-11-01 至 2026-11-30"
    with clock.pinned(later(31)):
        report = reports.make_report(
            actor=hospital, contract=Contract.objects.get(), kind="monthly", first=dt.date(2026, 11, 1)
        )
        url = reverse("operations.report.detail", args=[report.pk])
        page = door(hospital).get(url).content.decode()
        assert report.archive_sha256 in page
        assert "甲方签署" in page
        assert door(hospital).post(f"{url}/sign", {"opinion": "同意"}).status_code == 302
        files = {
            name: door(hospital).get(reverse("operations.report.file", args=[report.pk, name]))
            for name in ("pdf", "docx", "archive")
        }
    assert ReportSignature.objects.get().opinion == "同意"
    assert files["pdf"].content.startswith(b"%PDF-")
    assert all(files[name].content.startswith(b"PK") for name in ("docx", "archive"))
    assert report.number in door(hospital).get(reverse("operations.report.list")).content.decode()
    assert door(hospital).get(reverse("operations.report.file", args=[report.pk, "other"])).status_code == 404
    assert door(hospital).get(reverse("operations.report.detail", args=[report.pk + 1])).status_code == 404
    assert ServiceReport.objects.count() == 1
