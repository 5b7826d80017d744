"""The patient's charge follows the use and never holds it up; both lists are empty or explained before the close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from defusedxml import ElementTree

from hrp.config.processes import free_port
from hrp.logistics.highvalue import jobs, selectors
from hrp.logistics.highvalue.models import HisCharge, PatientUse, UseCharge
from hrp.logistics.highvalue.services import charging, using
from hrp.logistics.highvalue.tests.world import NOON, Theatre
from hrp.platform.base import clock, health
from hrp.platform.exchange.messages import outbound, partners
from hrp.platform.exchange.models import PartnerMessage
from hrp.platform.jobs import inline
from hrp.platform.notify import http
from hrp.platform.notify.tests import receiver
from hrp.platform.notify.tests.receiver import Receiver

pytestmark = pytest.mark.django_db
LATER = NOON + dt.timedelta(hours=25)


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


@pytest.fixture
def his(db: None) -> Iterator[Receiver]:
    with receiver.running() as one:
        one.answer = {"charge_no": "C-77"}
        for code in ("his", "emr"):
            _register(code, f"{one.url}/{code}", one.pair)
        yield one


def _register(code: str, url: str, pair: str) -> None:
    row = partners.save(
        pk=None, values={"code": code, "title": code, "url": url, "allowed": pair, "timeout_s": 1}
    )
    partners.set_secret(partner=row, secret="his-and-hospital-0001")
    partners.switch(partner=row, active=True)


def used(theatre: Theatre) -> PatientUse:
    unit, *_ = theatre.consign(1)
    return theatre.use(unit)


def charge_of(use: PatientUse) -> UseCharge:
    return UseCharge.objects.get(use=use)


def test_a_use_is_charged_and_written_into_the_record(theatre: Theatre, his: Receiver) -> None:
    use = used(theatre)
    assert charge_of(use).state == "waiting"
    jobs.charge()
    assert charge_of(use).state == "told"
    inline.run_waiting(queue="exchange")
    charge = charge_of(use)
    assert (charge.state, charge.charge_no) == ("charged", "C-77")
    by_kind = {asked.json["kind"]: asked.json["body"] for asked in his.asked}
    told = by_kind["his.charge"]
    assert (told["visit_no"], told["uid"], told["quantity"]) == (use.visit_no, use.unit.uid, 1)
    assert "张" not in str(told), "no more of the patient than the visit"
    root = ElementTree.fromstring(by_kind["emr.implant_use"]["xml"])
    values = {
        code.get("displayName"): (code.get("code"), value.text)
        for observation in root.iter("{urn:hl7-org:v3}observation")
        if (code := observation.find("{urn:hl7-org:v3}code")) is not None
        and (value := observation.find("{urn:hl7-org:v3}value")) is not None
    }
    assert values["产品供应商"] == ("DE08.50.035.00", "测试供应商")
    assert values["植入性耗材标志"] == ("DE08.50.058.00", "true")
    assert values["唯一码"] == (None, use.unit.uid)


def test_a_dead_his_holds_nobody_up(theatre: Theatre) -> None:
    dead = f"127.0.0.1:{free_port()}"
    _register("his", f"http://{dead}/", dead)
    use = used(theatre)
    jobs.charge()
    message = PartnerMessage.objects.get(kind="his.charge")
    for _ in range(len(outbound.SCHEDULE) + 1):
        with pytest.raises((OSError, http.GatewayError)):
            outbound.attempt(message.pk)
    assert charge_of(use).state == "failed"
    assert PatientUse.objects.filter(pk=use.pk, cancel=None).exists()
    with receiver.running() as back:
        partners.save(pk=message.partner_id, values={"url": f"{back.url}/his", "allowed": back.pair})
        jobs.charge_again()
        inline.run_waiting(queue="exchange")
    assert charge_of(use).state == "charged"


def test_without_a_partner_the_charge_waits_with_its_reason(theatre: Theatre, his: Receiver) -> None:
    from hrp.platform.exchange.models import Partner

    Partner.objects.all().delete()
    use = used(theatre)
    jobs.charge()
    charge = charge_of(use)
    assert charge.state == "failed"
    assert "接口伙伴" in charge.error


def test_taking_a_use_back_takes_its_charge_back(theatre: Theatre, his: Receiver) -> None:
    use = used(theatre)
    jobs.charge()
    inline.run_waiting(queue="exchange")
    with clock.pinned(NOON):
        using.cancel(actor=theatre.nurse, use=use, reason="扫错")
    inline.run_waiting(queue="exchange")
    assert charge_of(use).state == "cancelled"
    assert [a.json["body"]["charge_no"] for a in his.asked if a.json["kind"] == "his.uncharge"] == ["C-77"]


def test_what_differs_stops_the_close_until_it_is_explained(theatre: Theatre) -> None:
    use = used(theatre)
    with clock.pinned(NOON):
        assert not selectors.used_not_charged()
    his = charging.save_his(
        actor=theatre.nurse, pk=None,
        values={"charge_no": "C9", "uid": "YN999999999", "visit_no": "ZY9", "amount": "798", "charged_on": "2026-11-10"},
    )  # fmt: skip
    with clock.pinned(LATER):
        assert [row.use_id for row in selectors.used_not_charged()] == [use.pk]
        assert list(selectors.charged_not_used()) == [his]
        broken = {o.id for o in health.run("logistics") if o.state != "ok"}
        assert broken == {"LOG-HV4", "LOG-HV5"}
        charging.explain(actor=theatre.nurse, charge=charge_of(use), text="患者减免，科主任签字")
        charging.explain(actor=theatre.nurse, charge=his, text="收费串号，已退费")
        assert {o.id for o in health.run("logistics") if o.state != "ok"} == set()


def test_his_own_list_counts_as_charged(theatre: Theatre) -> None:
    use = used(theatre)
    for visit, found in (("ZY-other", 1), (use.visit_no, 0)):
        charging.save_his(
            actor=theatre.nurse, pk=None,
            values={"charge_no": "C1", "uid": use.unit.uid, "visit_no": visit, "charged_on": "2026-11-10"},
        )  # fmt: skip
        with clock.pinned(LATER):
            assert len(selectors.used_not_charged()) == found
            assert len(selectors.charged_not_used()) == found
    assert HisCharge.objects.count() == 1
