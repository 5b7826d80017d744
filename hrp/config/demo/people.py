"""Users of the demo hospital and what they are granted."""

from __future__ import annotations

from hrp.config import roles
from hrp.config.demo.accounts import PASSWORD, PEOPLE
from hrp.config.demo.organisation import SINCE, Organisation
from hrp.platform.access.models import RoleGrant, User
from hrp.platform.org.rules.pinyin import pinyin_key

DUTY = {"system_admin": "system", "security_admin": "security", "audit_admin": "audit"}


def build(org: Organisation) -> dict[str, User]:
    """Create users and their grants, by username."""
    installed = roles.install()
    users = {}
    hashed = ""
    for username, name, _, role, unit, everywhere in PEOPLE:
        user = User(
            username=username, display_name=name, pinyin=pinyin_key(name), unit=org.units.get(unit),
            duty=DUTY.get(role, "business"), email=f"{username}@xinglin.example",
        )  # fmt: skip
        if hashed:
            user.password = hashed  # one hash for all: a slow hash per demo user would only delay the start
        else:
            user.set_password(PASSWORD)
            hashed = user.password
        user.save()
        RoleGrant.objects.create(
            user=user, role=installed[role], duty=user.duty, org_unit=None if everywhere else org.units[unit],
            valid_from=SINCE,
        )  # fmt: skip
        users[username] = user
    return users
