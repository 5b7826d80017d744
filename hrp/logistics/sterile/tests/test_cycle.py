"""A pack's round scan by scan: order, monitors, implants, expiry, recall of a load, foreign instruments."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from hrp.logistics.models import Supplier
from hrp.logistics.sterile import selectors
from hrp.logistics.sterile.models import Load, Machine, Pack, PackContent, PackingMaterial, PackStep, PackType
from hrp.logistics.sterile.services import cycle
from hrp.logistics.sterile.services.cycle import Station
from hrp.platform.access.models import User
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.documents.testing import DAY, World

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
        given = {"machine": self.washer} if step in ("wash", "disinfect") else {}
        if step in ("recover", "issue"):
            given = {"org_unit_id": self.world.unit.pk}
        return cycle.step(actor=self.clerk, station=Station(step, **(given | more)), barcode=pack.barcode)

    def load(self, *packs: Pack) -> Load:
        load = cycle.start_load(actor=self.clerk, machine=self.oven, programme="134℃ 4min")
        for pack in packs:
            for step in ("recover", "wash", "disinfect", "pack"):
                self.scan(pack, step)
            self.scan(pack, "sterilise", load=load)
        return load

    def read(self, load: Load, **results: bool) -> None:
        for kind, passed in results.items():
            cycle.record_result(actor=self.chief, load=load, kind=kind, passed=passed)

    def sterile(self, *packs: Pack) -> Load:
        load = self.load(*packs)
        self.read(load, physical=True, chemical=True)
        cycle.release(actor=self.chief, load=load)
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
        cycle.step(actor=cssd.clerk, station=Station("wash", machine=cssd.washer), barcode="XD?")
    for step in ("wash", "sterilise", "issue", "use"):
        with pytest.raises(Invalid):
            cycle.step(actor=cssd.clerk, station=Station(step), barcode=pack.barcode)


def test_nothing_is_released_before_its_monitors(cssd: Cssd) -> None:
    plain, implant = *cssd.packs(), *cssd.packs(cssd.implant)
    load = cssd.load(plain, implant)
    with pytest.raises(Conflict):
        cycle.release(actor=cssd.chief, load=load)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Conflict):
        cssd.read(load, physical=False)
    count, staying = cycle.release(actor=cssd.chief, load=load)
    assert (count, len(staying)) == (1, 1)
    assert (state(plain), state(implant)) == ("sterile", "in_load")
    with pytest.raises(Conflict) as late:
        cssd.scan(plain, "recover")
        for step in ("wash", "disinfect", "pack"):
            cssd.scan(plain, step)
        cssd.scan(plain, "sterilise", load=load)
    assert late.value.code == "load_closed"
    cssd.read(load, biological=True)
    cycle.release(actor=cssd.chief, load=load)
    assert state(implant) == "sterile"
    check()


def test_an_implant_goes_early_by_another_person_and_is_followed_up(cssd: Cssd) -> None:
    [implant] = cssd.packs(cssd.implant)
    load = cssd.load(implant)
    early = {"pack": implant, "reason": "急诊手术", "indicator": "5C-2611", "visit_no": "ZY9"}
    with pytest.raises(Conflict):
        cycle.release_early(actor=cssd.chief, **early)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Forbidden):
        cycle.release_early(actor=cssd.clerk, **early)
    with pytest.raises(Invalid):
        cycle.release_early(actor=cssd.chief, **early | {"indicator": ""})
    release = cycle.release_early(actor=cssd.chief, **early)
    assert state(implant) == "sterile"
    assert selectors.not_followed().count() == 1
    with pytest.raises(Invalid):
        cycle.follow_up(actor=cssd.chief, release=release, text="合格")
    cssd.read(load, biological=True)
    cycle.follow_up(actor=cssd.chief, release=release, text="生物监测合格，已告知手术室")
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
    rows = {row["pack"]: (row["visit_no"], row["org_unit"]) for row in cycle.whereabouts(load)}
    assert rows == {out.barcode: ("", "心内科"), used.barcode: ("ZY7", "心内科")}
    with pytest.raises(Conflict):
        cycle.recall_load(actor=cssd.chief, load=load, reason="再来")
    cssd.scan(out, "recover")
    check()


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
    values = {
        "supplier": Supplier.objects.create(code="G9", name="骨科器械商").pk, "name": "脊柱内固定工具", "contents": "撑开器 2；起子 1",
        "pieces": "3", "weight_g": "4200", "visit_no": "ZY5", "has_implant": "on",
    }  # fmt: skip
    with pytest.raises(Invalid) as missing:
        cycle.receive_foreign(actor=cssd.clerk, pk=None, values=values | {"weight_g": ""})
    assert "weight_g" in {p.field for p in missing.value.problems}
    found = cycle.receive_foreign(actor=cssd.clerk, pk=None, values=values)
    [pack] = cssd.packs(foreign_set=found)
    load = cssd.load(pack)
    cssd.read(load, physical=True, chemical=True)
    with pytest.raises(Conflict):
        cycle.release(actor=cssd.chief, load=load)
    cssd.read(load, biological=True)
    cycle.release(actor=cssd.chief, load=load)
    cssd.scan(pack, "issue")
    with pytest.raises(Conflict) as other:
        cssd.scan(pack, "use", visit_no="ZY6")
    assert other.value.code == "pack_other"
    cssd.scan(pack, "use", visit_no="ZY5")
    with pytest.raises(Conflict) as dirty:
        cycle.give_back(actor=cssd.clerk, foreign_set=found, pieces=3)
    assert dirty.value.code == "not_clean"
    for step in ("recover", "wash", "disinfect"):
        cssd.scan(pack, step)
    with pytest.raises(Invalid, match="收 3 件，还 2 件"):
        cycle.give_back(actor=cssd.clerk, foreign_set=found, pieces=2)
    cycle.give_back(actor=cssd.clerk, foreign_set=found, pieces=3)
    with pytest.raises(Conflict):
        cycle.receive_foreign(actor=cssd.clerk, pk=found.pk, values={"name": "改"})
    check()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE logistics_pack SET state = 'sterile'", "DELETE FROM logistics_pack", "DELETE FROM logistics_pack_step",
        "UPDATE logistics_sterile_result SET passed = true",
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
    ):  # fmt: skip
        assert client.get(f"/logistics/{path}").status_code == 200, path
    stranger = Client()
    stranger.force_login(cssd.world.user("x", "路人"))
    assert stranger.get(reverse("logistics.sterile")).status_code == 403
