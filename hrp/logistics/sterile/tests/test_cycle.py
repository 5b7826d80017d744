"""A pack's round scan by scan: order, monitors, implants, expiry, recall of a load, foreign instruments."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Supplier
from hrp.logistics.sterile import selectors
from hrp.logistics.sterile.models import (
    Load,
    Machine,
    Pack,
    PackContent,
    PackingMaterial,
    PackStep,
    PackSupply,
    PackType,
)
from hrp.logistics.sterile.services import cycle, flushing, foreign, loads
from hrp.logistics.sterile.services.cycle import Station
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.access.models import User
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.notify.models import Message

RIGHTS = (
    "logistics.pack.work",
    "logistics.pack.release",
    "logistics.pack.use",
    "logistics.pack.view",
    "logistics.pack_type.view",
)
MORNING = clock.at(DAY, 8)


class Cssd:
    """A washer, a steriliser, a basic pack and one with an implant, and two people."""

    def __init__(self) -> None:
        self.world = World()
        paper = PackingMaterial.objects.create(code="ZS", name="纸塑袋", shelf_days=180)
        self.washer = Machine.objects.create(code="Q1", name="清洗消毒器", kind="washer")
        self.oven = Machine.objects.create(code="M1", name="脉动真空灭菌器", kind="steriliser")
        self.basic = PackType.objects.create(code="B1", name="清创缝合包", material=paper, price="28.50")
        PackContent.objects.create(pack_type=self.basic, instrument="持针器", quantity=2)
        self.implant = PackType.objects.create(code="B2", name="骨科植入包", material=paper, implant=True)
        self.clerk = self.world.user("clerk", "许护士", *RIGHTS)
        self.chief = self.world.user("chief", "冯护士长", *RIGHTS)

    def packs(self, kind: PackType | None = None, count: int = 1, **more: Any) -> list[Pack]:
        return cycle.register(
            actor=self.clerk, pack_type=kind or self.basic, count=count, campus=self.world.campus, **more
        )

    def scan(self, pack: Pack, step: str, **more: Any) -> PackStep:
        given: dict[str, Any] = (
            {"machine": self.washer, "cycle_no": "7"} if step in ("wash", "disinfect") else {}
        )
        if step in ("recover", "issue"):
            given = {"org_unit_id": self.world.unit.pk}
        return cycle.step(actor=self.clerk, station=Station(step, **(given | more)), barcode=pack.barcode)

    def load(self, *packs: Pack) -> Load:
        load = loads.start_load(actor=self.clerk, machine=self.oven, programme="134℃ 4min")
        for pack in packs:
            for step in ("recover", "wash", "disinfect", "pack"):
                self.scan(pack, step)
            self.scan(pack, "sterilise", load=load)
        return load

    def read(self, load: Load, **results: bool) -> None:
        for kind, passed in results.items():
            loads.record_result(actor=self.chief, load=load, kind=kind, passed=passed)

    def sterile(self, *packs: Pack) -> Load:
        load = self.load(*packs)
        self.read(load, physical=True, chemical=True)
        loads.release(actor=self.chief, load=load)
        return load

    def use(self, pack: Pack, visit: str = "ZY1") -> PackStep:
        self.scan(pack, "store")
        self.scan(pack, "issue")
        return self.scan(pack, "use", visit_no=visit, patient="张三丰")


@pytest.fixture
def cssd(db: None) -> Cssd:
    return Cssd()


def state(pack: Pack) -> str:
    pack.refresh_from_db()
    return pack.state


def check() -> None:
    assert [
        (o.id, o.rows) for o in health.run("logistics") if o.id.startswith("LOG-ST") and o.state != "ok"
    ] == []


def test_a_whole_round_and_the_next(cssd: Cssd) -> None:
    [pack] = cssd.packs()
    with clock.pinned(MORNING):
        load = cssd.sterile(pack)
        use = cssd.use(pack)
    pack.refresh_from_db()
    assert (pack.state, pack.round, pack.load, pack.expiry) == ("used", 1, load, DAY + dt.timedelta(days=179))
    assert (use.patient, use.visit_no) == ("张**", "ZY1")
    steps = list(pack.steps.values_list("step", "machine__code", "programme"))
    assert ("sterilise", "M1", "134℃ 4min") in steps
    assert [step for step, *_ in steps] == [
        "recover", "wash", "disinfect", "pack", "sterilise", "release", "store", "issue", "use"
    ]  # fmt: skip
    cssd.scan(pack, "recover")
    pack.refresh_from_db()
    assert (pack.round, pack.load, pack.expiry) == (2, None, None)
    issued = PackStep.objects.get(step="issue")
    assert (issued.org_unit, issued.price) == (cssd.world.unit, pack.pack_type.price)
    check()


def test_a_step_out_of_turn_names_the_last_one(cssd: Cssd) -> None:
    [pack] = cssd.packs()
    cssd.scan(pack, "recover")
    with pytest.raises(Conflict, match="许护士") as refused:
        cssd.scan(pack, "pack")
    assert refused.value.code == "pack_state"
    cssd.scan(pack, "wash", passed=False)
    assert state(pack) == "soiled"
    with pytest.raises(NotFound):
        cycle.step(actor=cssd.clerk, station=Station("store"), barcode="XD?")
    for step in ("wash", "sterilise", "issue", "use"):
        with pytest.raises(Invalid):
            cycle.step(actor=cssd.clerk, station=Station(step), barcode=pack.barcode)


def test_nothing_is_released_before_its_monitors(cssd: Cssd) -> None:
    plain, implant = *cssd.packs(), *cssd.packs(cssd.implant)
    load = cssd.load(plain, implant)
    with pytest.raises(Conflict):
        loads.release(actor=cssd.chief, load=load)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Conflict):
        cssd.read(load, physical=False)
    count, staying = loads.release(actor=cssd.chief, load=load)
    assert (count, len(staying)) == (1, 1)
    assert (state(plain), state(implant)) == ("sterile", "in_load")
    with pytest.raises(Conflict) as late:
        cssd.scan(plain, "recover")
        for step in ("wash", "disinfect", "pack"):
            cssd.scan(plain, step)
        cssd.scan(plain, "sterilise", load=load)
    assert late.value.code == "load_closed"
    cssd.read(load, biological=True)
    loads.release(actor=cssd.chief, load=load)
    assert state(implant) == "sterile"
    check()


def test_an_implant_goes_early_by_another_person_and_is_followed_up(cssd: Cssd) -> None:
    [implant] = cssd.packs(cssd.implant)
    load = cssd.load(implant)
    early = {
        "pack": implant,
        "reason": "急诊手术",
        "indicator": "5C-2611",
        "indicator_passed": True,
        "visit_no": "ZY9",
    }
    with pytest.raises(Conflict):
        loads.release_early(actor=cssd.chief, **early)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Forbidden):
        loads.release_early(actor=cssd.clerk, **early)
    with pytest.raises(Invalid):
        loads.release_early(actor=cssd.chief, **early | {"indicator": ""})
    with pytest.raises(Conflict) as failed:
        loads.release_early(actor=cssd.chief, **early | {"indicator_passed": False})
    assert failed.value.code == "indicator_failed"
    release = loads.release_early(actor=cssd.chief, **early)
    assert state(implant) == "sterile"
    cssd.scan(implant, "issue")
    with pytest.raises(Conflict, match="ZY9"):
        cssd.scan(implant, "use", visit_no="ZY8")
    cssd.scan(implant, "use", visit_no="ZY9")
    assert selectors.not_followed().count() == 1
    with pytest.raises(Invalid):
        loads.follow_up(actor=cssd.chief, release=release, text="合格")
    cssd.read(load, biological=True)
    loads.follow_up(actor=cssd.chief, release=release, text="生物监测合格，已告知手术室")
    assert not selectors.not_followed().exists()
    check()


def test_a_failed_monitor_takes_the_load_back_and_recalls_what_is_out(cssd: Cssd) -> None:
    here, out, used = cssd.packs(count=3)
    load = cssd.sterile(out, used)
    cssd.use(used, "ZY7")
    cssd.scan(out, "issue")
    second = cssd.load(here)
    cssd.read(second, physical=False)
    assert state(here) == "soiled"
    cssd.read(load, biological=False)
    assert (state(out), state(used)) == ("recalled", "used")
    load.refresh_from_db()
    assert load.recalled_by == cssd.chief
    rows = {row["pack"]: (row["visit_no"], row["org_unit"]) for row in loads.whereabouts(load)}
    assert rows == {out.barcode: ("", "心内科"), used.barcode: ("ZY7", "心内科")}
    with pytest.raises(Conflict):
        loads.recall_load(actor=cssd.chief, load=load, reason="再来")
    cssd.scan(out, "recover")
    check()


def test_a_monitor_that_fails_late_finds_patients_of_packs_that_went_round_again(cssd: Cssd) -> None:
    packs = cssd.packs(count=2)
    load = cssd.sterile(*packs)
    for pack in packs:
        cssd.use(pack, f"ZY{pack.pk}")
        cssd.scan(pack, "recover")
    cssd.read(load, biological=False)
    load.refresh_from_db()
    assert load.recalled_at is not None
    assert [row["visit_no"] for row in loads.whereabouts(load)] == [f"ZY{pack.pk}" for pack in packs]
    assert {row["state"] for row in loads.whereabouts(load)} == {"已进入下一循环"}
    told = Message.objects.get(recipient=cssd.clerk)
    assert "2 个已用于患者" in told.body
    assert [state(pack) for pack in packs] == ["soiled", "soiled"]
    check()


def test_only_an_implant_is_released_early_and_no_load_without_programme(cssd: Cssd) -> None:
    [plain] = cssd.packs()
    load = cssd.load(plain)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Conflict, match="不含植入物"):
        loads.release_early(
            actor=cssd.chief, pack=plain, reason="急", indicator="5C", indicator_passed=True, visit_no="ZY1"
        )
    with pytest.raises(Invalid):
        loads.start_load(actor=cssd.clerk, machine=cssd.oven, programme=" ")


def test_a_pack_stays_where_it_was_used_and_each_step_names_its_run(cssd: Cssd) -> None:
    [pack] = cssd.packs()
    load = cssd.sterile(pack)
    cssd.use(pack)
    pack.refresh_from_db()
    assert pack.org_unit == cssd.world.unit
    runs = dict(pack.steps.values_list("step", "cycle_no"))
    assert (runs["wash"], runs["sterilise"]) == ("7", str(load.number))
    with pytest.raises(Invalid) as bare:
        cycle.step(actor=cssd.clerk, station=Station("wash", machine=cssd.washer), barcode=pack.barcode)
    assert [p.field for p in bare.value.problems] == ["cycle_no"]


def test_supplies_of_packs_are_issued_to_sterile_supply_once(cssd: Cssd) -> None:
    room = Stockroom(cssd.world)
    cssd.world.grant(
        cssd.clerk, *(f"logistics.{kind}.{act}" for kind in ("stock_receipt", "stock_issue") for act in ACTS)
    )
    PackSupply.objects.create(pack_type=cssd.basic, item=room.gauze, quantity="2")
    room.receive(
        cssd.clerk,
        {"item": room.gauze.pk, "lot": "G1", "expiry": "2028-01-01", "quantity": "20", "price": "1.5"},
    )
    with clock.pinned(MORNING):
        cssd.load(*cssd.packs(count=3))
        flush = {
            "actor": cssd.clerk, "store": room.store, "org_unit_id": cssd.world.unit.pk, "first": DAY, "last": DAY, "kind": "pack",
        }  # fmt: skip
        flushing.back_flush(**flush)
        document = StockIssue.objects.get()
        assert [(line.item, line.quantity) for line in document.lines.all()] == [(room.gauze, 6)]
        with pytest.raises(Conflict) as twice:
            flushing.back_flush(**flush)
        assert twice.value.code == "flushed_twice"
        posted = posting.post(services.submit(document, actor=cssd.clerk), actor=cssd.clerk)
    assert posted.total == 9


def test_an_expired_pack_goes_nowhere_but_back(cssd: Cssd) -> None:
    [pack] = cssd.packs()
    with clock.pinned(MORNING):
        cssd.sterile(pack)
    with clock.pinned(MORNING + dt.timedelta(days=180)):
        with pytest.raises(Conflict) as refused:
            cssd.scan(pack, "issue")
        assert refused.value.code == "pack_expired"
        cssd.scan(pack, "recover")


def test_foreign_instruments_are_counted_in_and_out_and_kept_for_their_patient(cssd: Cssd) -> None:
    values: dict[str, Any] = {
        "supplier": Supplier.objects.create(code="G9", name="骨科器械商").pk, "name": "脊柱内固定工具", "contents": "撑开器 2；起子 1",
        "pieces": "3", "weight_g": "4200", "visit_no": "ZY5", "has_implant": "on",
    }  # fmt: skip
    with pytest.raises(Invalid) as missing:
        foreign.receive_foreign(actor=cssd.clerk, pk=None, values=values | {"weight_g": ""})
    assert "weight_g" in {p.field for p in missing.value.problems}
    for wrong in ({"pieces": "4"}, {"contents": "撑开器；起子 1"}):
        with pytest.raises(Invalid):
            foreign.receive_foreign(actor=cssd.clerk, pk=None, values=values | wrong)
    found = foreign.receive_foreign(actor=cssd.clerk, pk=None, values=values)
    [pack] = cssd.packs(foreign_set=found)
    load = cssd.load(pack)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Conflict):
        loads.release(actor=cssd.chief, load=load)
    cssd.read(load, biological=True)
    loads.release(actor=cssd.chief, load=load)
    cssd.scan(pack, "issue")
    with pytest.raises(Conflict) as other:
        cssd.scan(pack, "use", visit_no="ZY6")
    assert other.value.code == "pack_other"
    cssd.scan(pack, "use", visit_no="ZY5")
    with pytest.raises(Conflict) as dirty:
        foreign.give_back(actor=cssd.clerk, foreign_set=found, pieces=3)
    assert dirty.value.code == "not_clean"
    with pytest.raises(Conflict) as busy:
        foreign.use_again(actor=cssd.clerk, foreign_set=found, visit_no="ZY6")
    assert busy.value.code == "foreign_busy"
    with pytest.raises(Conflict) as changed:
        foreign.receive_foreign(actor=cssd.clerk, pk=found.pk, values={"visit_no": "ZY6"})
    assert changed.value.code == "foreign_visit"
    second = cssd.load(pack)
    cssd.read(second, physical=True, chemical=True, biological=True)
    loads.release(actor=cssd.chief, load=second)
    foreign.use_again(actor=cssd.clerk, foreign_set=found, visit_no="ZY6")
    cssd.scan(pack, "issue")
    cssd.scan(pack, "use", visit_no="ZY6")
    used = PackStep.objects.filter(pack__foreign_set=found, step="use").values_list("visit_no", flat=True)
    assert list(used) == ["ZY5", "ZY6"], "both uses are traced"
    for step in ("recover", "wash", "disinfect"):
        cssd.scan(pack, step)
    with pytest.raises(Invalid, match="收 3 件，还 2 件"):
        foreign.give_back(actor=cssd.clerk, foreign_set=found, pieces=2)
    foreign.give_back(actor=cssd.clerk, foreign_set=found, pieces=3)
    with pytest.raises(Conflict):
        foreign.receive_foreign(actor=cssd.clerk, pk=found.pk, values={"name": "改"})
    check()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE logistics_pack SET state = 'sterile'", "DELETE FROM logistics_pack", "DELETE FROM logistics_pack_step",
        "UPDATE logistics_sterile_result SET passed = true", "DELETE FROM logistics_sterile_load",
    ],
)  # fmt: skip
def test_the_database_keeps_the_round(cssd: Cssd, statement: str) -> None:
    [pack] = cssd.packs()
    load = cssd.load(pack)
    cssd.read(load, physical=True)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_two_scanners_at_one_pack(committed_db: Any) -> None:
    cssd = Cssd()
    [pack] = cssd.packs()
    cssd.sterile(pack)

    def scan(person: User) -> str:
        try:
            cycle.step(
                actor=person, station=Station("issue", org_unit_id=cssd.world.unit.pk), barcode=pack.barcode
            )
        except Conflict as refused:
            return refused.code
        else:
            return "issued"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        outcomes = sorted(people.map(scan, [cssd.clerk, cssd.chief] * 2))
    assert outcomes == ["issued", "pack_state", "pack_state", "pack_state"]


def test_the_station_and_every_page_opens(cssd: Cssd) -> None:
    [pack] = cssd.packs()
    client = Client()
    client.force_login(cssd.clerk)
    for step in ("recover", "wash", "sterilise", "issue", "use"):
        assert client.get(reverse("logistics.sterile") + f"?step={step}").status_code == 200
    given = {"step": "recover", "org_unit": cssd.world.unit.pk, "code": pack.barcode}
    for sound in ("ok", "stop"):
        said = client.post(reverse("logistics.sterile.scan"), given, headers={"HX-Request": "true"})
        assert f'data-sound="{sound}"' in said.content.decode()
    load = cssd.load(*cssd.packs())
    for path in (
        "packs/", f"packs/{pack.pk}", "sterile-loads/", f"sterile-loads/{load.pk}", "emergency-releases/", "foreign-sets/",
        "foreign-sets/new", "pack-types/", f"pack-types/{cssd.basic.pk}", "packing-materials/", "pack-issues/", "sterile-machines/",
        f"sterile-loads/{load.pk}/list", f"pack-labels?load={load.pk}",
    ):  # fmt: skip
        assert client.get(f"/logistics/{path}").status_code == 200, path
    assert client.get("/logistics/pack-labels?pack=0").status_code == 404
    assert client.get("/logistics/foreign-photos/0").status_code == 404
    stranger = Client()
    stranger.force_login(cssd.world.user("x", "路人"))
    assert stranger.get(reverse("logistics.sterile")).status_code == 403
