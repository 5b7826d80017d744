"""Verbs of access."""

from hrp.platform.access.services.machines import system_actor

__all__ = ["system_actor"]
