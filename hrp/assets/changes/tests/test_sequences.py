"""Random lives with splits, merges and changes of class among the rest: J1-J9 hold after each, what is to come is conserved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from hrp.assets.changes.tests.world import ChangeHospital, future, made_by
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.selectors import schedules
from hrp.assets.tests.test_sequences import Player, Undone, checked, enterprise, fen, quiet
from hrp.assets.tests.world import day
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.org.models import Parameter

pytestmark = pytest.mark.django_db

WHAT = (
    "book", "book", "revise", "life", "transfer", "off", "run", "run", "run", "use", "reverse", "reverse", "split", "split", "merge",
    "merge", "class",
)  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(WHAT), st.integers(0, 10**6), fen, st.integers(1, 28)), min_size=6, max_size=16
)


class Longer(Player):
    """Also splits, joins and reclassifies; what a split or merge leaves is what there was."""

    hospital: ChangeHospital

    def play(self, what: str, dice: int, yuan: Decimal, number: int) -> None:
        if what not in ("split", "merge"):
            super().play(what, dice, yuan, number)
            return
        held = list(Asset.objects.filter(status__in=HELD).order_by("pk"))
        if what == "split" and held:
            self._conserves([held[dice % len(held)]], day(self.month, number), dice)
        elif what == "merge" and len(held) > 1:
            first = dice % (len(held) - 1)
            self._conserves(held[first : first + 2 + dice % 2], day(self.month, number), dice)

    def _conserves(self, assets: list[Asset], on: dt.date, dice: int) -> None:
        before = self._worth(assets)
        if len(assets) == 1:
            document: Any = self.hospital.halve(assets[0], on)
        else:
            document = self.hospital.merge(assets, on, remaining=60 + dice % 40 if dice % 4 == 0 else None)
        after = self._worth(made_by(document))
        assert after[:3] == before[:3]
        if len(assets) == 1:
            for month in {*before[3], *after[3]}:
                assert abs(before[3].get(month, 0) - after[3].get(month, 0)) <= Decimal("0.01"), month
        self.done.append(document)

    def _worth(self, assets: list[Asset]) -> tuple[Decimal, Decimal, Decimal, dict[str, Decimal]]:
        stands = [schedules.standing(asset.pk) for asset in assets]
        months = future(*assets)
        return (
            sum((one.cost for one in stands), Decimal(0)), sum((one.accumulated for one in stands), Decimal(0)),
            sum(months.values(), Decimal(0)), months,
        )  # fmt: skip

    def _change(self, what: str, asset: Asset, dice: int, yuan: Decimal, on: dt.date) -> None:
        if what == "class":
            to = (self.hospital.furniture, self.hospital.device)[dice % 2]
            self.done.append(self.hospital.reclassify(asset, on, to, life=("keep", "class")[dice // 2 % 2]))
        else:
            super()._change(what, asset, dice, yuan, on)


@pytest.mark.parametrize("regime", ["government", "enterprise"])
@pytest.mark.parametrize("policy", ["month_end", "days"])
def test_any_order_of_documents_keeps_every_invariant(regime: str, policy: str) -> None:
    hospital = ChangeHospital()
    if regime == "enterprise":
        enterprise()
    Parameter.objects.create(
        key="assets.transfer_month", valid_from=dt.date(2020, 1, 1), value=policy, source="测试", entered_by="测试",
        entered_at=clock.now(),
    )  # fmt: skip

    @quiet
    @given(steps)
    def played(sequence: list[tuple[str, int, Decimal, int]]) -> None:
        with pytest.raises(Undone), transaction.atomic():
            player = Longer(hospital)
            for step in sequence:
                try:
                    with transaction.atomic():
                        player.play(*step)
                except Refusal:
                    pass
                checked()
            raise Undone

    played()
