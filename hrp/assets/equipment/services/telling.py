"""Telling those whose work it is: everybody who holds a permission in a department."""

from __future__ import annotations

from collections.abc import Sequence

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.notify import services as notify

KIND = "assets.equipment"


def holders(permission: str, unit_id: int | None = None) -> list[User]:
    """Who may do something in a department."""
    people = User.objects.filter(is_active=True, is_machine=False, duty="business")
    return [person for person in people if scope.has(person, permission, unit_id)]


def tell(
    permission: str, unit_id: int | None, *, title: str, body: str = "", url: str = "", key: str = "",
    people: Sequence[User] = (),
) -> None:  # fmt: skip
    """A message to ``people``, or else to every holder of a permission in a department; once per ``key``."""
    found = list(people) or holders(permission, unit_id)
    if found:
        notify.notify(
            recipients=found, kind=KIND, title=title[:200], body=body[:500], url=url, dedupe_key=key
        )
