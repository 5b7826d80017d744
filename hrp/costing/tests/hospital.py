"""A small hospital with one department of each category, costs and statistics of one month."""

from __future__ import annotations

from typing import Any

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import Driver, RuleSet
from hrp.costing.screens import registers
from hrp.costing.selectors import runs
from hrp.costing.services import intake, reference
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, SINCE, World
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.models import OrgUnit, OrgUnitCategory

MONTH_END = DAY.replace(day=30)


class CostedHospital:
    """``world.unit`` 心内科 is clinical (inpatient), ``world.other`` 骨科 clinical (outpatient)."""

    def __init__(self, world: World) -> None:
        self.world = world
        reference.install(actor=world.owner)
        self.lab = self.unit("T1", "检验科", "medtech")
        self.supply = self.unit("X1", "供应室", "auxiliary")
        self.office = self.unit("A1", "院办", "admin")
        self.categorise(world.unit, "clinical", "inpatient")
        self.categorise(world.other, "clinical", "outpatient")
        self.rules = RuleSet.objects.get()
        kinds = (CostEntry.spec, StatEntry.spec, AllocationRun.spec)
        self.accountant = world.user(
            "accountant", "成本会计", runs.VIEW, runs.EXPORT, intake.PERMISSION, *registers.PERMISSIONS,
            *(s.permission(a) for s in kinds for a in ACTS),
        )  # fmt: skip

    def unit(self, code: str, name: str, category: str) -> OrgUnit:
        unit = OrgUnit.objects.create(campus=self.world.campus, code=code, name=name, valid_from=SINCE)
        self.categorise(unit, category)
        return unit

    def categorise(self, unit: OrgUnit, category: str, setting: str = "none") -> None:
        OrgUnitCategory.objects.create(unit=unit, category=category, setting=setting, valid_from=SINCE)

    def header(self, **more: Any) -> dict[str, Any]:
        return {
            "campus": self.world.campus.pk, "org_unit": self.office.pk, "business_date": MONTH_END, **more,
        }  # fmt: skip

    def cost(
        self, unit: OrgUnit, account: str, amount: str, fund: str = "F1", memo: str = ""
    ) -> dict[str, Any]:
        return {
            "bearer": unit.pk, "account": Account.objects.get(code=account).pk,
            "fund": Fund.objects.get(code=fund).pk, "amount": amount, "memo": memo,
        }  # fmt: skip

    def stat(
        self, driver: str, receiver: OrgUnit, quantity: str, server: OrgUnit | None = None
    ) -> dict[str, Any]:
        return {
            "driver": Driver.objects.get(code=driver).pk, "server": server.pk if server else None,
            "receiver": receiver.pk, "quantity": quantity,
        }  # fmt: skip

    def post(self, model: Any, header: dict[str, Any], lines: list[dict[str, Any]] | None = None) -> Any:
        draft = services.save_draft(model, actor=self.accountant, header=header, lines=lines or [])
        return posting.post(services.submit(draft, actor=self.accountant), actor=self.accountant)

    def enter_costs(self, *lines: dict[str, Any]) -> CostEntry:
        return self.post(CostEntry, self.header(cost_kind="other"), list(lines))

    def enter_stats(self, *lines: dict[str, Any]) -> StatEntry:
        return self.post(StatEntry, self.header(), list(lines))

    def run_header(self, **more: Any) -> dict[str, Any]:
        return self.header(
            **{"purpose": "statutory", "rule_set": self.rules.pk, "credit_pools": "allocate", **more}
        )

    def allocate(self, **more: Any) -> AllocationRun:
        return self.post(AllocationRun, self.run_header(**more))

    def enter_month(self) -> None:
        """1,000.00 in the office, 300.00 in supply, 500.00 in the lab, 2,000.00 and 4,000.00 in the clinics."""
        world = self.world
        self.costs = self.enter_costs(
            self.cost(self.office, "5101.01", "1000.00", memo="院办工资"),
            self.cost(self.supply, "5001.07", "300.00"),
            self.cost(self.lab, "5001.02.04", "500.00"),
            self.cost(world.unit, "5001.01", "2000.00"),
            self.cost(world.other, "5001.01", "4000.00", fund="F2"),
        )
        self.stats = self.enter_stats(
            *(self.stat("P01", unit, n) for unit, n in [
                (world.unit, "3"), (world.other, "3"), (self.lab, "2"), (self.supply, "1"), (self.office, "9"),
            ]),
            *(self.stat("P05", unit, n, self.supply) for unit, n in [
                (world.unit, "10"), (world.other, "10"), (self.lab, "1"),
            ]),
            *(self.stat("P04.4", unit, n, self.lab) for unit, n in [(world.unit, "7"), (world.other, "5")]),
        )  # fmt: skip
