"""One chooses what to label and how many; a second print says that it is one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hrp.logistics.bins.models import Bin
from hrp.logistics.bins.services import registering
from hrp.logistics.catalogue.services import scanning
from hrp.logistics.labels import kinds
from hrp.logistics.labels.models import LabelPrint
from hrp.logistics.labels.services.printing import print_labels
from hrp.logistics.models import StockBalance
from hrp.logistics.requesting.models import QuotaCard
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.world.grant(
        made.keeper, "logistics.bin.view", "logistics.bin.edit", "logistics.label.print", "logistics.stock.view",
        "logistics.quota_card.view",
    )  # fmt: skip
    made.receive(made.room.syringe, 10, "10.00", "NEAR", "2027-01-31")
    registering.lay_out(
        actor=made.keeper, store=made.store, zone="a", racks=1, levels=1, places=3, kind="pick"
    )
    QuotaCard.objects.create(
        code="DS-1", org_unit=made.ward, item=made.room.gauze, quantity=20, store=made.store
    )
    return made


def test_every_kind_has_a_label_that_is_read_back(ward: Ward) -> None:
    batch = kinds.registry["batch"]
    row = StockBalance.objects.select_related("item", "batch").get(batch__lot="NEAR")
    label = batch.label(row)
    assert label.code == "HC01*NEAR"
    found = scanning.resolve(label.code)
    assert (found.item, found.lot, str(found.expiry)) == (ward.room.syringe, "NEAR", "2027-01-31")
    assert kinds.registry["bin"].label(Bin.objects.first()).code == "HW*A-01-01-01"
    assert kinds.registry["card"].label(QuotaCard.objects.get()).code == "DS-1"
    assert [kind.key for kind in kinds.ordered()][:4] == ["batch", "unit", "bin", "card"]


def test_choosing_printing_and_printing_again(ward: Ward, client: Client) -> None:
    client.force_login(ward.keeper)
    page = client.get("/logistics/labels", {"kind": "bin"}).content.decode()
    assert page.count('name="id"') == 3
    first, second, _ = Bin.objects.order_by("code")
    given = {
        "kind": "bin",
        "id": [first.pk, second.pk],
        f"copies-{first.pk}": "2",
        f"copies-{second.pk}": "1",
        "way": "zpl",
    }
    done = client.post("/logistics/labels", given)
    text = done.content.decode()
    assert done.headers["Content-Disposition"] == 'attachment; filename="labels-bin.zpl"'
    assert text.count("^XA") == 2
    assert "^PQ2" in text
    assert "补打" not in text
    assert sorted(LabelPrint.objects.values_list("code", "copies")) == [
        ("HW*A-01-01-01", 2),
        ("HW*A-01-01-02", 1),
    ]
    again = client.post("/logistics/labels", given | {"id": [first.pk], "way": "pdf"})
    assert again.content.startswith(b"%PDF")
    assert "补打 2" in client.post("/logistics/labels", given | {"id": [first.pk]}).content.decode()
    assert "2 次" not in client.get("/logistics/labels", {"kind": "bin", "q": "A-01-01-03"}).content.decode()


def test_nothing_and_too_much_are_refused(ward: Ward, client: Client) -> None:
    client.force_login(ward.keeper)
    first = Bin.objects.order_by("code")[0]
    for given, words in (
        ({}, "没有选择要打印的标签"), ({"id": [first.pk], f"copies-{first.pk}": "0"}, "没有选择要打印的标签"),
        ({"id": [first.pk], f"copies-{first.pk}": "999"}, "每个对象最多 200 张"), ({"id": [first.pk], "way": "fax"}, "打印方式"),
        ({"id": ["9" * 30]}, "没有选择要打印的标签"),
    ):  # fmt: skip
        answer = client.post("/logistics/labels", {"kind": "bin", "way": "pdf"} | given)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not LabelPrint.objects.exists()


def test_who_may_not_see_or_print_does_not(ward: Ward, client: Client) -> None:
    client.force_login(ward.nurse)
    assert client.get("/logistics/labels").status_code == 403
    rows = list(Bin.objects.all())
    with pytest.raises(Forbidden):
        print_labels(kinds.registry["bin"], rows, {rows[0].pk: 1}, way="pdf", hospital="", actor=ward.nurse)
    with pytest.raises(Invalid):
        print_labels(kinds.registry["bin"], rows, {}, way="pdf", hospital="", actor=ward.keeper)
    elsewhere = ward.world.user(
        "elsewhere", "外科库管", "logistics.bin.view", "logistics.label.print", unit=ward.ward
    )
    client.force_login(elsewhere)
    assert 'name="id"' not in client.get("/logistics/labels", {"kind": "bin"}).content.decode()
