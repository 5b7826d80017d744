"""Whatever is done to cards in whatever order, what is refused leaves nothing and what is not keeps J1-J9."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hrp.assets.documents.booking import Booking
from hrp.assets.models import Asset, Depreciation, UsageReading
from hrp.assets.rules import output_units, sharing
from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import begin
from hrp.assets.selectors import schedules
from hrp.assets.subledger import cards as reading
from hrp.assets.tests.world import FIRST, AssetHospital, broken, day, end
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.ledger.models import Line
from hrp.platform.org.models import OrgUnit, Parameter

pytestmark = pytest.mark.django_db

quiet = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
fen = st.integers(100_000, 10**8).map(lambda n: Decimal(n).scaleb(-2))


class Undone(Exception):
    """Ends an example and rolls it back."""


def checked() -> None:
    """Triggers that wait for the commit speak now; then every invariant is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert broken() == {}


def enterprise() -> None:
    for key, value in (("assets.regime", "enterprise"), ("assets.residual_percent", "5")):
        Parameter.objects.create(
            key=key, valid_from=dt.date(2020, 1, 1), value=value, source="测试", entered_by="测试",
            entered_at=clock.now(),
        )  # fmt: skip


steps = st.lists(
    st.tuples(
        st.sampled_from(("book", "book", "revise", "life", "transfer", "off", "run", "run", "run", "use", "reverse", "reverse")),
        st.integers(0, 10**6), fen, st.integers(1, 28),
    ),
    min_size=4, max_size=14,
)  # fmt: skip


class Player:
    """Plays steps at a hospital, month after month."""

    def __init__(self, hospital: AssetHospital) -> None:
        self.hospital, self.month, self.done = hospital, 1, []
        self.departments = (hospital.world.unit, hospital.world.other)

    def play(self, what: str, dice: int, yuan: Decimal, number: int) -> None:
        held = list(Asset.objects.exclude(status__in=("draft", "disposed")).order_by("pk"))
        asset = held[dice % len(held)] if held else None
        on = day(self.month, number)
        if what == "run":
            self.done.append(self.hospital.run(end(self.month)))
            self.month += 1
        elif what == "book":
            self._book(dice, yuan, on)
        elif what == "reverse" and self.done:
            self.hospital.reverse(self.done[-1 - dice % len(self.done)], end(self.month))
        elif asset is not None:
            self._change(what, asset, dice, yuan, on)

    def _book(self, dice: int, yuan: Decimal, on: dt.date) -> None:
        h = self.hospital
        paid = ((h.own, str(yuan)), (h.fiscal, str(yuan + 1)), (h.science, str(yuan * 2)))[: dice % 3 + 1]
        fields: dict[str, Any] = {"months": 60 + dice % 37}
        if dice % 4 == 0:
            fields = {"months": None, "asset_class": h.vehicle, "total_units": Decimal(1 + dice % 5000)}
        if dice % 2:
            fields["units"] = {self.departments[0]: "33.3333", self.departments[1]: "66.6667"}
        card = h.card(*paid, **fields)
        self.done.append(h.post(Booking, [{"asset": card.pk}], on))

    def _change(self, what: str, asset: Asset, dice: int, yuan: Decimal, on: dt.date) -> None:
        h = self.hospital
        if what == "revise":
            amount = -yuan if dice % 3 == 0 else yuan
            source = (h.own, h.science)[dice % 2]
            self.done.append(h.revise(asset, on, source=source.pk, amount=str(amount)))
        elif what == "life":
            self.done.append(h.revise(asset, on, kind="life", life_months=60 + dice % 60))
        elif what == "transfer":
            parts = (
                {self.departments[1]: "100"},
                {self.departments[0]: "12.5", self.departments[1]: "87.5"},
            )[dice % 2]
            self.done.append(h.transfer(asset, on, parts))
        elif what == "off":
            self.done.append(h.write_off(asset, on))
        elif what == "use":
            with transaction.atomic():
                UsageReading.objects.update_or_create(
                    asset=asset, month=day(self.month, 1), defaults={"units": Decimal(dice % 3000)}
                )


@pytest.mark.parametrize("regime", ["government", "enterprise"])
@pytest.mark.parametrize("policy", ["month_end", "days"])
def test_any_order_of_documents_keeps_every_invariant(regime: str, policy: str) -> None:
    hospital = AssetHospital()
    if regime == "enterprise":
        enterprise()
    Parameter.objects.create(
        key="assets.transfer_month", valid_from=dt.date(2020, 1, 1), value=policy, source="测试",
        entered_by="测试", entered_at=clock.now(),
    )  # fmt: skip

    @quiet
    @given(steps)
    def played(sequence: list[tuple[str, int, Decimal, int]]) -> None:
        with pytest.raises(Undone), transaction.atomic():
            player = Player(hospital)
            for step in sequence:
                try:
                    with transaction.atomic():
                        player.play(*step)
                except Refusal:
                    pass
                checked()
            raise Undone

    played()


cards = st.lists(
    st.tuples(fen, st.integers(60, 96), st.integers(0, 10**6), st.integers(0, 3000)), min_size=1, max_size=4
)  # fmt: skip


def test_the_run_is_what_the_kernels_say() -> None:
    """Each cell of a month: the plan's charge of the line, split by largest remainder over its departments."""
    hospital = AssetHospital()
    third = OrgUnit.objects.create(
        campus=hospital.world.campus, code="u10", name="康复科", valid_from=dt.date(2020, 1, 1)
    )
    departments = (hospital.world.unit, hospital.world.other, third)

    @quiet
    @given(cards, st.integers(1, 4))
    def run(found: list[tuple[Decimal, int, int, int]], months: int) -> None:
        with pytest.raises(Undone), transaction.atomic():
            for cost, life, dice, units in found:
                weights = {departments[0]: "100"}
                if dice % 3:
                    weights = dict(zip(departments, ("33.3333", "33.3334", "33.3333"), strict=True))
                by_units = dice % 5 == 0
                asset = hospital.book(
                    (hospital.own, str(cost)), (hospital.fiscal, str(cost * 3)), on=day(1, 1 + dice % 28), units=weights,
                    months=None if by_units else life, asset_class=hospital.vehicle if by_units else hospital.device,
                    total_units=Decimal(7000) if by_units else None,
                )  # fmt: skip
                for month in range(1, months + 1):
                    UsageReading.objects.create(asset=asset, month=day(month, 1), units=Decimal(units))
            for month in range(1, months + 1):
                _compare(hospital, hospital.run(end(month)), Month.holding(end(month)))
            raise Undone

    run()


def _compare(hospital: AssetHospital, run: Any, month: Month) -> None:
    ids = list(Asset.objects.values_list("pk", flat=True))
    written = {
        (line, unit): amount
        for line, unit, amount in Depreciation.objects.filter(run_id=run.pk).values_list(
            "line", "org_unit__code", "amount"
        )
    }
    expected = {}
    for pk, card in reading.read(ids, month=month).items():
        ratios = dict(card.asset.shares.values_list("org_unit__code", "ratio"))
        for line in card.lines:
            assert line.plan is not None
            amount = line.plan.charge(month)
            if line.units is not None:
                units = UsageReading.objects.get(asset=pk, month=month.first_day).units
                before = line.by_units - sum(a for (of, _), a in written.items() if of == line.id)
                amount = output_units.charge(line.plan.base, line.units, units, before)
            for code, part in sharing.by_weight(amount, ratios).items():
                if part:
                    expected[line.id, code] = part
    assert {key: amount for key, amount in written.items() if amount} == expected
    assert run.total == sum(expected.values())


@quiet
@given(fen, st.integers(60, 96))
def test_a_hundred_times_the_cost_is_a_hundred_times_the_months_but_for_tails(
    cost: Decimal, life: int
) -> None:
    one, hundred = (begin(cost * factor, life, Month.of(2026, 1)) for factor in (1, 100))
    for k in range(life):
        month = Month.of(2026, 1) + k
        assert abs(hundred.through(month) - 100 * one.through(month)) <= Decimal("0.5") * (k + 1)
    assert hundred.through(hundred.last) == 100 * one.through(one.last)


@quiet
@given(st.integers(2, 10**9), st.integers(1, 600))
def test_two_halves_of_a_card_bear_what_it_bears_within_a_fen_a_month(cents: int, life: int) -> None:
    first = Month.of(2026, 1)
    whole, left, right = (
        begin(Decimal(n).scaleb(-2), life, first) for n in (cents, cents // 2, cents - cents // 2)
    )
    for k in range(life - 1):
        assert abs(whole.charge(first + k) - left.charge(first + k) - right.charge(first + k)) <= Decimal(
            "0.01"
        ) or (whole.through(first + k) == whole.base or left.through(first + k) == left.base)
    assert whole.through(whole.last) == left.through(left.last) + right.through(right.last)


def test_what_is_taken_back_leaves_nothing() -> None:
    hospital = AssetHospital()

    @quiet
    @given(fen, st.integers(1, 28))
    def booked(cost: Decimal, number: int) -> None:
        with pytest.raises(Undone), transaction.atomic():
            card = hospital.card((hospital.own, str(cost)), (hospital.fiscal, "1000.01"))
            booking = hospital.post(Booking, [{"asset": card.pk}], day(1, number))
            revision = hospital.revise(card, FIRST, source=hospital.own.pk, amount="12.34")
            moved = hospital.transfer(card, FIRST, {hospital.world.other: "100"})
            for document in (moved, revision, booking):
                hospital.reverse(document, FIRST)
                checked()
            assert schedules.standing(card.pk) == schedules.Standing(Decimal(0), Decimal(0))
            accounts: dict[Any, Decimal] = {}
            for account, amount in Line.objects.values_list("account", "amount"):
                accounts[account] = accounts.get(account, Decimal(0)) + amount
            assert not any(accounts.values())
            # booked again it gets the next number, and depreciates as if nothing had been
            hospital.post(Booking, [{"asset": card.pk}], FIRST)
            card.refresh_from_db()
            assert card.number == "2026A023200002"
            run = hospital.run(FIRST)
            fresh = schedules.standing(card.pk)
            assert fresh.cost == cost + Decimal("1000.01")
            assert run.total == fresh.accumulated
            checked()
            raise Undone

    booked()
