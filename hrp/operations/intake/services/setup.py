"""Letting the telephone system in: a key of a machine user that may post calls and nothing else."""

from __future__ import annotations

import datetime as dt

from hrp.operations.intake.services.calls import POST, telephone
from hrp.platform.access import services as access
from hrp.platform.access.models import User
from hrp.platform.base import clock

VALID = dt.timedelta(days=365)


def issue_cti_key(*, actor: User) -> str:
    """A fresh key for the telephone system, shown once. Earlier keys stay valid until they are revoked."""
    _key, token = access.create_key(
        actor=actor, machine=telephone(), name="话务系统推送", scopes=[POST], expires_at=clock.now() + VALID
    )
    return token
