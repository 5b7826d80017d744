"""How machines come into the hospital of the matrix: the papers of a purchase, each once in every place."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance
from hrp.assets.acquisition.documents.contract import AcquisitionContract
from hrp.assets.acquisition.documents.payment import AcquisitionPayment
from hrp.assets.acquisition.documents.plan import AcquisitionPlan
from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase
from hrp.assets.acquisition.documents.request import AcquisitionRequest
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import bidding, contracting, deciding
from hrp.platform.documents import posting, services
from tests.permissions.places import canary, common

if TYPE_CHECKING:
    from hrp.platform.documents.models import Document
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world_assets import Assets


def furnish(assets: Assets) -> None:
    """In every place one of each paper being written, behind each of which stands a posted one."""
    for place, unit in assets.hospital.units.items():
        _Buying(assets, place, unit).papers()


class _Buying:
    def __init__(self, assets: Assets, place: str, unit: OrgUnit) -> None:
        self.assets, self.place, self.unit = assets, place, unit
        self.word = canary(place)
        self.actor, self.other = assets.actor, assets.other

    def papers(self) -> None:
        self._draft(AcquisitionRequest, [self._thing("2000.00")], need=self.word, volume=0)
        first, second, third = lines = self._asked()
        plan = [
            {"request_line": line.pk, "source": self.assets.source.pk, "amount": "1900.00"} for line in lines
        ]
        posted = self._save(AcquisitionPlan, plan, year=2026)
        posting.post(services.submit(posted, actor=self.actor), actor=self.actor)
        self._draft(AcquisitionPlan, [{**plan[0], "amount": "100.00"}], year=2026)
        self._draft(AcquisitionPurchase, [{"request_line": third.pk}], **self._single())
        self._draft(AcquisitionContract, [self._of(second)], **self._terms(self._bought(second)))
        contract = self._signed(first)
        pieces = [{"contract_line": contract.lines.get().pk, "serial_number": self.word, "quantity": 1}]
        self._draft(AcquisitionAcceptance, pieces, contract=contract.pk)
        advance = contract.milestones.get(kind="advance").pk
        payment = {
            "contract": contract.pk,
            "milestone": advance,
            "amount": "1.00",
            "invoice_number": self.word,
        }
        self._draft(AcquisitionPayment, [], **payment)

    def _thing(self, price: str) -> dict[str, Any]:
        kind = self.assets.kinds[0].pk
        return {
            "name": self.word,
            "asset_class": kind,
            "quantity": 1,
            "price": price,
            "requirement": self.word,
        }

    def _header(self, **more: Any) -> dict[str, Any]:
        return common(self.place, self.unit, **more)

    def _save(self, model: type[Document], lines: list[dict[str, Any]], **more: Any) -> Any:
        return services.save_draft(model, actor=self.actor, header=self._header(**more), lines=lines)

    def _draft(self, model: type[Document], lines: list[dict[str, Any]], **more: Any) -> Any:
        return self.assets.builder.draft(model, self.place, self._header(**more), lines)

    def _asked(self) -> list[Any]:
        """The things of a request that was approved."""
        things = [self._thing("2000.00") for _ in range(3)]
        request = self._save(AcquisitionRequest, things, need=self.word, volume=0)
        deciding.declare(request, actor=self.actor, has_interest=False)
        request = services.submit(request, actor=self.actor)
        deciding.resolve(request, Step.OFFICE, actor=self.other, agrees=True, opinion=self.word)
        return list(posting.post(request, actor=self.actor).lines.order_by("position"))

    def _single(self) -> dict[str, Any]:
        return {"method": "single", "reason": self.word, "publicity": self.word}

    def _bought(self, line: Any) -> Any:
        purchase = self._save(AcquisitionPurchase, [{"request_line": line.pk}], **self._single())
        purchase = services.submit(purchase, actor=self.actor)
        offer = {"supplier": self.word, "product": "M-1", "price": Decimal(1900)}
        won = bidding.bid(purchase, actor=self.actor, **offer)
        bidding.award(purchase, actor=self.actor, chosen=won, notice=self.word)
        return posting.post(purchase, actor=self.actor)

    def _of(self, line: Any) -> dict[str, Any]:
        return {
            "kind": "machine", "request_line": line.pk, "name": self.word, "model": "M-1", "quantity": 1, "price": "1900.00",
        }  # fmt: skip

    def _terms(self, purchase: Any) -> dict[str, Any]:
        return {
            "purchase": purchase.pk, "contract_number": f"HT-{purchase.pk}-{self.word}", "advance": "30", "arrival": "30",
            "acceptance": "30", "retention": "10",
        }  # fmt: skip

    def _signed(self, line: Any) -> Any:
        contract = self._save(AcquisitionContract, [self._of(line)], **self._terms(self._bought(line)))
        contract = services.submit(contract, actor=self.actor)
        contracting.review(contract, actor=self.other, agrees=True, opinion=self.word)
        contracting.sign(contract, actor=self.actor, on=self.assets.today, ours=self.word, theirs=self.word)
        return posting.post(contract, actor=self.actor)
