"""Whether a chain of authorisations reaches the maker."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.catalogue.rules.chain import Link, broken_on, reaches

DAY = dt.date(2026, 11, 10)
SPAN = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


def test_the_chain_goes_from_the_maker_through_each_dealer() -> None:
    links = [Link(None, 1, *SPAN), Link(1, 2, *SPAN), Link(2, 3, *SPAN)]
    assert [reaches(dealer, links, DAY) for dealer in (1, 2, 3, 4)] == [True, True, True, False]


def test_one_ended_link_breaks_all_behind_it() -> None:
    links = [Link(None, 1, SPAN[0], DAY - dt.timedelta(days=1)), Link(1, 2, *SPAN)]
    assert not reaches(2, links, DAY)
    assert broken_on(2, links, DAY)
    assert not broken_on(9, links, DAY), "who never had an authorisation has none that broke"


def test_the_last_day_still_counts() -> None:
    assert reaches(1, [Link(None, 1, SPAN[0], DAY)], DAY)


def test_dealers_who_authorise_each_other_reach_nobody() -> None:
    assert not reaches(1, [Link(1, 2, *SPAN), Link(2, 1, *SPAN)], DAY)


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 5)), st.integers(0, 5)), max_size=12),
    st.integers(0, 5),
)
def test_more_authorisations_never_take_a_right_away(
    pairs: list[tuple[int | None, int]], dealer: int
) -> None:
    links = [Link(grantor, grantee, *SPAN) for grantor, grantee in pairs]
    for count in range(len(links)):
        assert not (reaches(dealer, links[:count], DAY) and not reaches(dealer, links, DAY))
