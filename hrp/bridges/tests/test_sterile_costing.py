"""What sterile supply gave out reaches costing once, weighed by price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from hrp.bridges import sterile_costing
from hrp.costing.services import reference
from hrp.logistics.sterile.tests.test_cycle import MORNING, Cssd
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY
from hrp.platform.org.models import OrgUnit

pytestmark = pytest.mark.django_db


def test_packs_given_out_are_internal_services_of_the_month(db: None) -> None:
    cssd = Cssd()
    reference.install(actor=cssd.world.owner)
    accountant = cssd.world.user(
        "cost", "成本会计", "logistics.pack.view", *(f"costing.stat_entry.{act}" for act in ACTS)
    )
    server = OrgUnit.objects.create(
        campus=cssd.world.campus, code="0301", name="消毒供应中心", valid_from=cssd.world.unit.valid_from
    )
    with clock.pinned(MORNING):
        with pytest.raises(Conflict) as none:
            sterile_costing.draft(actor=accountant, server=server, month=DAY)
        assert none.value.code == "nothing_given"
        packs = cssd.packs(count=3)
        cssd.sterile(*packs)
        for pack in packs:
            cssd.scan(pack, "issue")
        client = Client()
        client.force_login(accountant)
        assert "生成成本统计量" in client.get("/logistics/pack-issues/").content.decode()
        document = sterile_costing.draft(actor=accountant, server=server, month=DAY)
        [line] = document.lines.all()
        assert (line.server, line.receiver, line.quantity) == (server, cssd.world.unit, Decimal("85.50"))
        with pytest.raises(Conflict) as twice:
            sterile_costing.draft(actor=accountant, server=server, month=DAY)
        assert twice.value.code == "counted_twice"
        services.void(document, actor=accountant, reason="重算")
        sterile_costing.draft(actor=accountant, server=server, month=DAY)
