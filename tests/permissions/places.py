"""Where things lie in the hospital of the matrix, and the words hidden in them."""

from __future__ import annotations

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
