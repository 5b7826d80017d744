"""What becomes of cards in the hospital of the matrix: divided, joined, moved, let, leased and built, once in every place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hrp.assets.changes.documents.merge import Merge
from hrp.assets.changes.documents.reclassification import Reclassification
from hrp.assets.changes.documents.relocation import Relocation
from hrp.assets.changes.documents.split import Split
from hrp.assets.construction.documents.construction_cost import ConstructionCost
from hrp.assets.construction.services import projects
from hrp.assets.documents.booking import Booking
from hrp.assets.leasing.documents.rent_income import RentIncome
from hrp.assets.leasing.documents.rent_out import RentOut
from hrp.assets.leasing.services import leases
from hrp.platform.documents.testing import DAY
from tests.permissions.places import canary, common, heavy

if TYPE_CHECKING:
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world_assets import Assets


def furnish(assets: Assets, place: str, unit: OrgUnit) -> None:
    """Each paper being written, and something that waits to be taken over."""
    life = _Life(assets, place, unit)
    life.changed()
    life.let()
    life.leased()
    life.built()


class _Life:
    def __init__(self, assets: Assets, place: str, unit: OrgUnit) -> None:
        self.assets, self.builder = assets, assets.builder
        self.place, self.unit, self.word = place, unit, canary(place)
        self.cards = [assets.card(place, unit, name) for name in ("输液泵", "注射泵", "出租的监护仪")]
        self.builder.post(Booking, self._header(), [{"asset": one.pk} for one in self.cards])

    def _header(self, **more: Any) -> dict[str, Any]:
        return common(self.place, self.unit, **more)

    def changed(self) -> None:
        """Divided, joined, of another class, at another place."""
        first, second, _let = self.cards
        source = self.assets.source.pk
        parts = [{"part": part, "name": self.word, "source": source, "amount": "1000.00"} for part in (1, 2)]
        reason = self._header(reason=self.word)
        self.builder.draft(Split, self.place, {**reason, "asset": first.pk}, parts)
        lines = [{"asset": one.pk} for one in (first, second)]
        self.builder.draft(Merge, self.place, {**reason, "name": self.word}, lines)
        other = {**reason, "asset_class": self.assets.kinds[-1].pk, "life": "keep"}
        self.builder.draft(Reclassification, self.place, other, lines[:1])
        to = {**reason, "keeper": self.assets.actor.pk}
        self.builder.draft(Relocation, self.place, to, lines[:1])
        self.assets.hospital.put("assets.handover", self.place, self.builder.post(Relocation, to, lines[1:]))

    def let(self) -> None:
        """Let to somebody outside who has paid the first rent."""
        terms = self._header(
            way="rent", counterpart=self.word, approver="主管部门", approval_number=self.word, ends_on=self.assets.year_end,
            rent=heavy(self.place, "100.00"), every_months=1, reason=self.word,
        )  # fmt: skip
        self.builder.draft(RentOut, self.place, terms, [{"asset": self.cards[0].pk}])
        contract = self.builder.post(RentOut, terms, [{"asset": self.cards[2].pk}])
        income = {"rent_out": contract.pk, "due_on": DAY, "received": "10.00", "fund": self.assets.fund.pk}
        self.builder.draft(RentIncome, self.place, self._header(payer=self.word, **income), [])

    def leased(self) -> None:
        """A contract by which something is rented."""
        lease = leases.save(actor=self.assets.actor, pk=None, values={
            "number": self.word, "kind": "operating", "lessor": self.word, "org_unit": self.unit, "rent": 10, "every_months": 1,
            "starts_on": DAY, "ends_on": self.assets.year_end,
        })  # fmt: skip
        self.assets.hospital.put("assets.lease", self.place, lease)
        leases.pay(actor=self.assets.actor, lease=lease, due_on=DAY, paid_on=DAY, amount=lease.rent)

    def built(self) -> None:
        """A project, and what it costs."""
        project = projects.save(actor=self.assets.actor, pk=None, values={
            "code": self.word, "name": self.word, "campus": self.unit.campus, "org_unit": self.unit,
        })  # fmt: skip
        self.assets.hospital.put("assets.project", self.place, project)
        paid = self._header(payee=self.word, counter="2302")
        cost = {"project": project.pk, "source": self.assets.source.pk, "amount": "10.00", "text": self.word}
        self.builder.post(ConstructionCost, paid, [cost])
        self.builder.draft(ConstructionCost, self.place, paid, [cost])
