"""Kinds of message, so that people can choose by kind what reaches them where."""

from __future__ import annotations

from dataclasses import dataclass

from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class Kind:
    """``mandatory`` kinds (security, approvals that block others) always ring the bell."""

    code: str
    title: str
    module: str
    mandatory: bool = False


kinds: Registry[Kind] = Registry("消息类别")


def declare(code: str, title: str, *, module: str, mandatory: bool = False) -> Kind:
    """Register a kind ("desk.ticket_assigned") at start-up. Undeclared kinds are delivered by default settings."""
    return kinds.register(code, Kind(code, title, module, mandatory))
