"""What a patient keeps, what the record system takes, and quotas that warn."""

from __future__ import annotations

import datetime as dt

import pytest
from defusedxml.ElementTree import fromstring
from django.test import Client

from hrp.logistics.catalogue.models import License, LicenseKind
from hrp.logistics.highvalue.models import PatientUse, UseQuota
from hrp.logistics.highvalue.services import quotas, using
from hrp.logistics.highvalue.tests.world import NOON, Theatre
from hrp.logistics.purchasing.documents.inspection import Inspection, InspectionReceipt
from hrp.platform.audit.models import ActionLog
from hrp.platform.base import clock
from hrp.platform.documents.registry import load
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
EXPORT = "logistics.patient_use.export"


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


def used(theatre: Theatre) -> PatientUse:
    [unit] = theatre.consign(1)
    return theatre.use(unit)


def get(theatre: Theatre, path: str) -> tuple[int, bytes]:
    client = Client()
    client.force_login(theatre.nurse)
    answer = client.get(path)
    return answer.status_code, answer.content


def test_an_implant_has_a_card_until_its_use_is_taken_back(theatre: Theatre) -> None:
    use = used(theatre)
    path = f"/logistics/patient-uses/{use.pk}/implant-card"
    status, content = get(theatre, path)
    assert (status, content[:5]) == (200, b"%PDF-")
    assert get(theatre, f"/logistics/patient-uses/{use.pk}")[0] == 200
    with clock.pinned(NOON):
        using.cancel(actor=theatre.nurse, use=use, reason="扫错")
    assert get(theatre, path)[0] == 404
    theatre.stent.implant = False
    theatre.stent.save()
    assert get(theatre, f"/logistics/patient-uses/{used(theatre).pk}/implant-card")[0] == 404


def test_a_use_is_exported_as_c0022_and_that_is_logged(theatre: Theatre) -> None:
    theatre.world.grant(theatre.nurse, EXPORT)
    use = used(theatre)
    path = f"/logistics/patient-uses/{use.pk}/c0022"
    client = Client()
    client.force_login(theatre.other)
    assert client.get(path).status_code == 403
    status, content = get(theatre, path)
    assert status == 200
    root = fromstring(content)
    texts = [value.text for value in root.iter("{urn:hl7-org:v3}value")]
    assert use.unit.uid in texts
    assert "张三丰" not in content.decode()
    assert ActionLog.objects.filter(act=EXPORT).count() == 1
    assert get(theatre, "/logistics/patient-uses/0/c0022")[0] == 404


def test_the_trace_names_certificate_and_inspection(theatre: Theatre) -> None:
    paper = License.objects.create(
        kind=LicenseKind.REGISTRATION, number=theatre.stent.registration_number, manufacturer=theatre.stent.manufacturer,
        valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2030, 1, 1),
    )  # fmt: skip
    unit, *_ = theatre.buy(1)
    receipt = load(unit.source)
    common = {
        "campus": theatre.world.campus,
        "org_unit": theatre.world.unit,
        "business_date": DAY,
        "maker": theatre.nurse,
    }
    seen = Inspection.objects.create(
        supplier=theatre.supplier,
        store=theatre.store,
        fund=theatre.room.fund,
        created_at=clock.now(),
        updated_at=clock.now(),
        **common,
    )
    InspectionReceipt.objects.create(inspection=seen, receipt=receipt.pk)
    status, content = get(theatre, f"/logistics/trace/{unit.pk}")
    page = content.decode()
    assert status == 200
    assert f"/logistics/licenses/{paper.pk}" in page
    assert f"/logistics/inspections/{seen.pk}" in page


def test_quotas_warn_and_never_refuse(theatre: Theatre) -> None:
    UseQuota.objects.create(kind="operator", name="陈医生", pieces=2)
    UseQuota.objects.create(kind="diagnosis", name="冠心病", item=theatre.stent, amount=1600)
    UseQuota.objects.create(kind="operator", name="陈医生", item=theatre.room.syringe, pieces=1)
    units = theatre.consign(4)
    visit = theatre.visit("ZY1", diagnosis="冠心病 三支病变")
    said = [quotas.beyond(theatre.use(unit, visit)) for unit in units]
    assert said[:2] == [[], []]
    assert [one.split(" ")[0] for one in said[2]] == ["冠心病", "陈医生"]
    assert said[2][0].endswith("本次住院已用 2,394.00 元，超过定额 1,600.00 元")
    assert said[2][1] == "陈医生 全部高值 本月已用 3 件，超过定额 2 件"
    other = theatre.consign(1, "L9")[0]
    assert quotas.beyond(theatre.use(other, theatre.visit("ZY2", operator="李医生"))) == []
    assert get(theatre, "/logistics/use-quotas/")[0] == 200
    [quota, *_] = UseQuota.objects.filter(kind="operator", item=None)
    assert get(theatre, f"/logistics/use-quotas/{quota.pk}")[0] == 200
