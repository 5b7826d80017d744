"""Spans cover each day of a contract year once; tables count every clock once."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.operations.acceptance import verify
from hrp.operations.acceptance.rules import tables
from hrp.operations.acceptance.rules.spans import KIND_TITLES, plus_months, spans

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31))


@given(st.sampled_from(sorted(KIND_TITLES)), DAYS, st.integers(1, 800))
def test_spans_cover_each_day_once(kind: str, starts_on: dt.date, length: int) -> None:
    ends_on = starts_on + dt.timedelta(days=length)
    found = spans(kind, starts_on, ends_on)  # type: ignore[arg-type]
    assert (found[0].first, found[-1].last) == (starts_on, ends_on)
    assert all(one.last + dt.timedelta(days=1) == after.first for one, after in itertools.pairwise(found))
    assert all(one.first <= one.last for one in found)


def test_quarters_are_counted_from_the_start_of_the_contract() -> None:
    quarters = spans("quarterly", dt.date(2026, 1, 31), dt.date(2027, 1, 30))
    assert [str(one) for one in quarters] == [
        "2026-01-31 至 2026-04-29", "2026-04-30 至 2026-07-30", "2026-07-31 至 2026-10-30", "2026-10-31 至 2027-01-30",
    ]  # fmt: skip
    assert plus_months(dt.date(2028, 1, 31), 1) == dt.date(2028, 2, 29)


CLOCKS = st.lists(
    st.fixed_dictionaries(
        {
            "level": st.sampled_from(["1", "A", "B", ""]),
            "kind": st.sampled_from(["response", "onsite"]),
            "verdict": st.sampled_from(["met", "breached", "moot", "superseded", "running"]),
            "excused": st.booleans(),
        }
    ).map(lambda clock: clock | {"excused": clock["excused"] and clock["verdict"] == "breached"}),
    max_size=60,
)


@given(CLOCKS)
def test_every_clock_is_counted_once_and_both_counters_agree(clocks: list[dict[str, object]]) -> None:
    rows = tables.sla(clocks, ["1", "A", "B", "C"], ["response", "onsite"])
    assert sum(sum(n for name, n in row.counts.items() if name != "excused") for row in rows) == len(clocks)
    assert {(row.level, row.kind): dict(row.counts) for row in rows} == verify.sla(clocks)
    assert [row.level for row in rows] == sorted((row.level for row in rows), key=["1", "A", "B", ""].index)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(19, 20, "19/20（95.0%）"), (0, 3, "0/3（0.0%）"), (0, 0, "—"), (2, 3, "2/3（66.6%）")],
)
def test_a_rate_is_never_bare(part: int, whole: int, words: str) -> None:
    assert tables.ratio(part, whole) == words


def test_the_tally_has_all_four_verdicts() -> None:
    assert tables.tally(["符合", "符合", "不适用"]) == {"符合": 2, "不符合": 0, "证据不足": 0, "不适用": 1}
