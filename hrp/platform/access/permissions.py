"""The registry of permission codes. Modules declare theirs in ``apps.py``; a role can hold no other.

The first word of a code decides whose duty it is: ``system.``, ``security.`` and ``audit.`` are the three
administrators' (the database holds the same rule), everything else is business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hrp.platform.base.registry import Registry

_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_ADMINISTRATORS = ("system", "security", "audit")


@dataclass(frozen=True)
class Permission:
    code: str
    title: str
    module: str

    @property
    def duty(self) -> str:
        return duty_of(self.code)


registry: Registry[Permission] = Registry("权限")


def duty_of(code: str) -> str:
    """Which duty may hold the code: system, security, audit or business."""
    first = code.partition(".")[0]
    return first if first in _ADMINISTRATORS else "business"


def declare(code: str, title: str, *, module: str) -> Permission:
    """Make ``code`` known. ``title`` is what the security administrator reads when filling a role."""
    if not _CODE.fullmatch(code):
        raise ValueError(f"权限编码 {code!r} 不合规则：小写字母、数字、下划线，以点分段")
    return registry.register(code, Permission(code, title, module))


def declare_all(module: str, titles: dict[str, str]) -> None:
    """Declare several codes of one module at once."""
    for code, title in titles.items():
        declare(code, title, module=module)


def of_duty(duty: str) -> list[Permission]:
    """The declared permissions a role of this duty may hold, by module and code."""
    return sorted((p for p in registry if p.duty == duty), key=lambda p: (p.module, p.code))
