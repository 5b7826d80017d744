"""The actors of jobs."""

from __future__ import annotations

from hrp.platform.access.models import User


def system_actor(name: str, *, title: str = "") -> User:
    """The machine user ``system.<name>``, made at its first use. It may do anything and can never sign in.

    A job that acts on somebody's behalf takes that person as actor; this one is for work nobody asked for
    (timers, nightly runs).
    """
    user, _ = User.objects.get_or_create(
        username=f"system.{name}",
        defaults={
            "display_name": title or f"系统任务·{name}",
            "is_machine": True,
            "is_locked": True,
            "password": "!",
        },
    )
    return user
