"""A report from the facts, archived, signed by both sides, and verified by somebody who has only the archive."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from pypdf import PdfReader

from hrp.operations.acceptance import selectors, verify
from hrp.operations.acceptance.models import ServiceReport
from hrp.operations.acceptance.services import reports
from hrp.operations.contracts import proofs
from hrp.operations.contracts.models import Contract
from hrp.operations.contracts.proofs import Finding, Verdict
from hrp.operations.desk.services import breaches, closing
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, World, later
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.base.registry import Registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


@pytest.fixture
def maker() -> User:
    return people.person(*desk.SUPPLIER, "operations.acceptance.view", "operations.acceptance.make")


def lived(world: World) -> None:
    """One emergency from call to close, and one B ticket answered too late."""
    ticket = desk.resolved(world)
    with clock.pinned(later(60)):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    with clock.pinned(later(90)):
        closing.confirm_by_hospital(actor=world.head, ticket=ticket, opinion="已恢复")
    ticket = desk.reviewed(world, ticket, 100)
    with clock.pinned(later(110)):
        closing.close(actor=world.head, ticket=ticket)
    world.call("B", at=later(120), answered_s=None)
    with clock.pinned(later(200)):
        breaches.scan(actor=system_actor("desk"))


def made(world: World, maker: User, *, minute: float = 300) -> ServiceReport:
    contract = Contract.objects.get()
    with clock.pinned(later(minute)):
        first = next(
            d for d in reports.spans("monthly", *_year(contract)) if d.first <= clock.today() <= d.last
        ).first
        return reports.make_report(actor=maker, contract=contract, kind="monthly", first=first)


def _year(contract: Contract) -> tuple:
    with clock.pinned(later(0)):
        year = selectors.year_shown(contract, clock.today())
    return year.starts_on, year.ends_on


def test_the_report_says_what_the_facts_say(world: World, maker: User) -> None:
    lived(world)
    report = made(world, maker)
    body = json.loads(report.body)
    assert (body["tickets"], body["closed"], len(body["checks"])) == (2, 1, 38)
    rows = {(row["level"], row["kind"]): row for row in body["sla"]}
    assert (rows["1", "response"]["met"], rows["1", "response"]["rate"]) == (1, "1/1（100.0%）")
    assert (rows["B", "response"]["breached"], rows["B", "response"]["rate"]) == (1, "0/1（0.0%）")
    [grave] = body["graves"]
    assert [step["what"] for step in grave["timeline"]][:2] == ["联系", "启动应急服务"]
    assert sum(body["tally"].values()) == 38
    for name in ("pdf", "docx", "archive"):
        content = selectors.content(report, name)
        assert hashlib.sha256(content).hexdigest() == getattr(report, f"{name}_sha256")
    assert hashlib.sha256(report.body.encode()).hexdigest() == report.body_sha256


def test_the_pdf_prints_the_figures_of_the_data(world: World, maker: User) -> None:
    lived(world)
    report = made(world, maker)
    pages = PdfReader(io.BytesIO(selectors.content(report, "pdf"))).pages
    text = "\n".join(page.extract_text() for page in pages)
    body = json.loads(report.body)
    assert report.number in text
    assert report.body_sha256 in text
    for row in body["sla"]:
        assert row["rate"] in text
    assert all(check["code"] in text for check in body["checks"])


def test_a_broken_proof_proves_nothing(world: World, maker: User, monkeypatch: pytest.MonkeyPatch) -> None:
    registry: Registry[proofs.Proof] = Registry("条款证明")
    registry.register("AC-10", lambda span: Finding(Verdict.MET, "1/0") if 1 / 0 else Finding(Verdict.MET))
    monkeypatch.setattr(proofs, "proofs", registry)
    lived(world)
    check = next(c for c in json.loads(made(world, maker).body)["checks"] if c["code"] == "AC-10")
    assert check["verdict"] == "证据不足"
    assert "ZeroDivisionError" in check["missing"][0]


def run_offline(archive: bytes, folder: Path) -> tuple[int, str]:
    """As a third party would: only the archive, an isolated Python, an empty folder."""
    folder.mkdir()
    file = folder / "evidence.zip"
    file.write_bytes(archive)
    with zipfile.ZipFile(file) as packed:
        (folder / "verify.py").write_bytes(packed.read("verify.py"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "evidence.zip"],
        cwd=folder, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def changed(archive: bytes, name: str, old: bytes, new: bytes, *, forge_manifest: bool) -> bytes:
    """The archive with one file altered, and the manifest made to fit when the forger is careful."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        contents = {one: packed.read(one) for one in packed.namelist()}
    assert old in contents[name], name
    contents[name] = contents[name].replace(old, new, 1)
    if forge_manifest:
        manifest = json.loads(contents["manifest.json"])
        manifest["files"][name] = {
            "sha256": hashlib.sha256(contents[name]).hexdigest(),
            "size": len(contents[name]),
        }
        contents["manifest.json"] = json.dumps(manifest).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for one, data in contents.items():
            packed.writestr(one, data)
    return buffer.getvalue()


def test_a_third_party_verifies_the_archive_offline(world: World, maker: User, tmp_path: Path) -> None:
    lived(world)
    report = made(world, maker)
    archive = selectors.content(report, "archive")
    code, said = run_offline(archive, tmp_path / "good")
    assert (code, "核验通过" in said) == (0, True), said
    assert report.archive_sha256 in said
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        names = packed.namelist()
        [emergency] = [
            n
            for n in names
            if n.startswith("evidence/tickets/") and "清理归档后恢复出库".encode() in packed.read(n)
        ]
        [record] = [n for n in names if n.startswith("evidence/records/") and n.endswith(".json")]
    forgeries = {
        "edited": ("report.json", b'"closed":1', b'"closed":2', False),
        "event": (emergency, "清理归档后恢复出库".encode(), "清理归档后恢复入库".encode(), True),
        "verdict": (emergency, b'"verdict": "met"', b'"verdict": "moot"', True),
        "closed": ("report.json", b'"closed":1', b'"closed":2', True),
        "figures": ("report.json", b'"breached":1', b'"breached":0', True),
        "tally": ("report.json", b'"verdict":"', b'"verdict":"\xe7\xac\xa6', True),
        "record": (record, "归档".encode(), "归案".encode(), True),
        "head": (emergency, b'"head_hash": "', b'"head_hash": "0', True),
    }
    for name, (file, old, new, forge) in forgeries.items():
        code, said = run_offline(changed(archive, file, old, new, forge_manifest=forge), tmp_path / name)
        assert (code, "核验不通过" in said) == (1, True), (name, said)
    assert verify.main([str(tmp_path / "missing.zip")]) == 2


def test_both_sides_sign_and_the_span_is_locked(world: World, maker: User) -> None:
    lived(world)
    report = made(world, maker)
    hospital = people.person(*desk.HOSPITAL, "operations.acceptance.view", "operations.acceptance.sign")
    supplier = people.person(*desk.SUPPLIER, "operations.acceptance.view", "operations.acceptance.sign")
    desk.contracts.add_member(actor=world.clerk, user=hospital, side=desk.Side.HOSPITAL, titles=[])
    desk.contracts.add_member(actor=world.clerk, user=supplier, side=desk.Side.SUPPLIER, titles=[])
    with pytest.raises(Forbidden):
        reports.sign_report(actor=maker, report=report)
    reports.sign_report(actor=hospital, report=report, opinion="同意")
    with pytest.raises(Conflict):
        reports.sign_report(actor=hospital, report=report)
    assert made(world, maker, minute=301).number.endswith(
        "0002"
    )  # only one side has signed: it may be made again
    reports.sign_report(actor=supplier, report=report)
    with pytest.raises(Conflict) as locked:
        made(world, maker, minute=302)
    assert "更正" in locked.value.way_out
    second = ServiceReport.objects.get(number__endswith="0002")
    with pytest.raises(Conflict):
        reports.sign_report(actor=hospital, report=second)


def test_what_changes_after_signing_stands_in_the_next_report(
    world: World, maker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = {"AC-05": "2/2"}
    registry: Registry[proofs.Proof] = Registry("条款证明")
    registry.register("AC-05", lambda span: Finding(Verdict.MET, figure["AC-05"]))
    monkeypatch.setattr(proofs, "proofs", registry)
    lived(world)
    report = made(world, maker)
    for side, group in ((desk.Side.HOSPITAL, desk.HOSPITAL), (desk.Side.SUPPLIER, desk.SUPPLIER)):
        signer = people.person(*group, "operations.acceptance.view", "operations.acceptance.sign")
        desk.contracts.add_member(actor=world.clerk, user=signer, side=side, titles=[])
        reports.sign_report(actor=signer, report=report)
    figure["AC-05"] = "2/3"
    contract = Contract.objects.get()
    with clock.pinned(later(60 * 24 * 20)):
        following = next(d for d in reports.spans("monthly", *_year(contract)) if d.first > report.last_day)
        body = json.loads(
            reports.make_report(actor=maker, contract=contract, kind="monthly", first=following.first).body
        )
    assert body["corrections"] == [
        {"report": report.number, "code": "AC-05", "was": "符合 2/2", "now": "符合 2/3"}
    ]


def test_days_that_are_no_span_or_lie_ahead_are_refused(world: World, maker: User) -> None:
    contract = Contract.objects.get()
    with clock.pinned(later(300)):
        first = reports.spans("monthly", *_year(contract))[-1].first
        with pytest.raises(Invalid):
            reports.make_report(actor=maker, contract=contract, kind="monthly", first=first)
        with pytest.raises(Invalid):
            reports.make_report(actor=maker, contract=contract, kind="monthly", first=clock.today())
        with pytest.raises(Forbidden):
            reports.make_report(actor=world.engineer, contract=contract, kind="monthly", first=first)


def test_neither_report_nor_signature_can_be_changed(world: World, maker: User) -> None:
    lived(world)
    report = made(world, maker)
    for statement in (
        "UPDATE operations_service_report SET body = '{}'",
        "DELETE FROM operations_service_report",
        "INSERT INTO operations_report_signature (report_id, side, signer_id, signed_at, opinion, archive_sha256)"
        f" VALUES ({report.pk}, 'hospital', {maker.pk}, now(), '', 'other')",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
