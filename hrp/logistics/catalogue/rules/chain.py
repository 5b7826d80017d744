"""Chains of authorisation: whether a supplier's right to sell a maker's goods reaches back to the maker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """One authorisation of a maker's goods; ``grantor`` None is the maker itself."""

    grantor: int | None
    grantee: int
    valid_from: dt.date
    valid_to: dt.date

    def holds_on(self, day: dt.date) -> bool:
        return self.valid_from <= day <= self.valid_to


def reaches(supplier: int, links: Sequence[Link], on: dt.date) -> bool:
    """Whether valid links lead from the maker to the supplier. A circle of dealers reaches nobody."""
    valid = [link for link in links if link.holds_on(on)]
    authorised: set[int] = {link.grantee for link in valid if link.grantor is None}
    grown = True
    while grown and supplier not in authorised:
        new = {link.grantee for link in valid if link.grantor in authorised} - authorised
        authorised |= new
        grown = bool(new)
    return supplier in authorised


def broken_on(supplier: int, links: Sequence[Link], on: dt.date) -> bool:
    """Whether the supplier has authorisations for these goods, yet none that reaches the maker on the day."""
    return any(link.grantee == supplier for link in links) and not reaches(supplier, links, on)
