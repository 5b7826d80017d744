"""From a goods receipt to a department's full cost, and back from a cell of the report to the stock issue behind it.

November in a small hospital, told by its documents: gauze comes in, two departments draw it, wages and heads are
entered, the month is allocated, the head of 心内科 asks where her material cost comes from, and the month closes.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import Item7, RunCertificate
from hrp.costing.selectors import drill, ranges
from hrp.costing.tests.hospital import CostedHospital
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import StockBalance
from hrp.logistics.settlement.services import closing as materials
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Period
from hrp.platform.org.models import OrgUnit

pytestmark = pytest.mark.django_db


def test_every_fen_of_a_department_can_be_followed_to_its_document() -> None:
    world = World()
    hospital = CostedHospital(world)
    room = Stockroom(world)
    kinds = ("logistics.stock_receipt", "logistics.stock_issue")
    keeper = world.user("keeper", "王敏", *(f"{kind}.{act}" for kind in kinds for act in ACTS))
    accountant = world.user("materials", "何静", materials.CLOSE, materials.VIEW)
    clerk = hospital.accountant

    # 100 packs of gauze arrive for 333.33 yuan, a price that no unit price can say exactly
    room.receive(keeper, {"item": room.gauze.pk, "quantity": "100", "price": "3.3333", "amount": "333.33"})

    # 心内科 draws 30 packs, 检验科 10; both at the batch's own cost
    cardiology = issue(room, keeper, world.unit, "30")
    laboratory = issue(room, keeper, hospital.lab, "10")
    assert (cardiology.total, laboratory.total) == (Decimal("100.00"), Decimal("33.33"))
    left = StockBalance.objects.get(item=room.gauze)
    assert (left.quantity, left.amount) == (Decimal(60), Decimal("200.00"))

    # wages of all departments, and the statistics the three levels are allocated by
    wages = [
        hospital.cost(world.unit, "5001.01", "50000.00"),
        hospital.cost(world.other, "5001.01", "40000.00"),
        hospital.cost(hospital.lab, "5001.01", "20000.00"),
        hospital.cost(hospital.supply, "5001.01", "9000.00"),
        hospital.cost(hospital.office, "5101.01", "10000.01"),
    ]
    act(CostEntry, hospital, clerk, wages, cost_kind="payroll")
    heads = (
        (world.unit, "5"),
        (world.other, "4"),
        (hospital.lab, "2"),
        (hospital.supply, "1"),
        (hospital.office, "1"),
    )
    act(
        StatEntry, hospital, clerk,
        [
            *(hospital.stat("P01", unit, count) for unit, count in heads),
            hospital.stat("P05", world.unit, "60", hospital.supply),
            hospital.stat("P05", world.other, "30", hospital.supply),
            hospital.stat("P04.4", world.unit, "700", hospital.lab),
            hospital.stat("P04.4", world.other, "300", hospital.lab),
        ],
    )  # fmt: skip

    # 成本归集 and 三级分摊: what the journal holds is what the two clinical departments bear, to the fen
    run = act(AllocationRun, hospital, clerk, [], rule_set=hospital.rules.pk)
    certificate = RunCertificate.objects.get(run_id=run.pk)
    assert (certificate.before_fen, certificate.after_fen) == (12_900_001 + 13_333, 12_900_001 + 13_333)

    # the head of 心内科 asks: from the cell of the report to the journal line to the issue itself
    cell = drill.drill(run, drill.CellKey(world.unit.pk, Item7.MATERIALS, ranges.MEDICAL))
    assert cell.direct == Decimal("100.00")
    [line] = cell.lines
    assert line.amount == Decimal("100.00")
    assert registry.load(line.source) == cardiology
    assert registry.url_for(line.source) == f"/logistics/stock-issues/{cardiology.pk}"
    # 70 % of what 检验科 drew came with her examinations, and the page says why
    [hop] = cell.hops
    assert (hop.source_id, hop.amount) == (hospital.lab.pk, Decimal("23.33"))
    assert "700" in hop.text

    # a wrong issue is taken back by red ink, never by an eraser; the allocated month says that it is out of date
    posting.reverse(laboratory, actor=keeper, reason="领错科室", on=DAY)
    assert StockBalance.objects.get(item=room.gauze).amount == Decimal("233.33")
    with pytest.raises(Conflict):
        posting.reverse(laboratory, actor=keeper, reason="再撤一次", on=DAY)
    assert [o.id for o in health.run(module="logistics") if o.state != "ok"] == []
    posting.reverse(run, actor=clerk, reason="材料已红冲", on=run.business_date)
    act(AllocationRun, hospital, clerk, [], rule_set=hospital.rules.pk)

    # the month closes only when every invariant holds, materials first; then nothing more can be booked in it
    with pytest.raises(Conflict) as early:
        ledger.close_period(period=world.period, actor=world.owner)
    assert "物资" in early.value.problems[0].message
    materials.close(actor=accountant, period=world.period)
    ledger.close_period(period=world.period, actor=world.owner)
    assert Period.objects.get(pk=world.period.pk).state == Period.State.CLOSED
    with pytest.raises(Conflict) as refused:
        issue(room, keeper, world.unit, "1")
    assert refused.value.code == "period_closed"


def issue(room: Stockroom, keeper: object, unit: OrgUnit, quantity: str) -> StockIssue:
    header = {
        "campus": room.world.campus.pk, "org_unit": unit.pk, "business_date": DAY, "store": room.store.pk,
        "fund": room.fund.pk,
    }  # fmt: skip
    lines = [{"item": room.gauze.pk, "quantity": quantity}]
    draft = services.save_draft(StockIssue, actor=keeper, header=header, lines=lines)
    return posting.post(services.submit(draft, actor=keeper), actor=keeper)


def act(model: type, hospital: CostedHospital, clerk: object, lines: list, **header: object) -> Document:
    draft = services.save_draft(model, actor=clerk, header=hospital.header(**header), lines=lines)
    return posting.post(services.submit(draft, actor=clerk), actor=clerk)
