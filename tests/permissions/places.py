"""Where things lie in the hospital of the matrix, and the words hidden in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hrp.platform.documents.testing import DAY

if TYPE_CHECKING:
    from hrp.platform.org.models import OrgUnit

SEEN = ("own", "below", "arrived")
UNSEEN = ("sibling", "campus", "departed")
PLACES = (*SEEN, *UNSEEN)
MISSING = "missing"  # nowhere: an id nothing has
ANONYMOUS = ""  # the column of who has not signed in
# an amount no honest sum of the narrow columns comes near, and what it looks like once little is added to it
HEAVY = "77431155.00"
HEAVY_FORMS = (r"77,?431,?[12]\d\d\b", r"7,?743\.1\d")


def canary(place: str) -> str:
    """The word hidden in what lies in a place."""
    return f"QX{place.upper()}QX"


def heavy(place: str, otherwise: str) -> str:
    """The heavy amount in the sibling, where nothing is written that could hold a word."""
    return HEAVY if place == "sibling" else otherwise


def common(place: str, unit: OrgUnit, **more: Any) -> dict[str, Any]:
    """What every document of a place begins with."""
    return {
        "campus": unit.campus_id,
        "org_unit": unit.pk,
        "business_date": DAY,
        "note": canary(place),
        **more,
    }
