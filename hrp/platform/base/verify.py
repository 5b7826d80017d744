"""Registry of kernels that published worked cases are run through (``hrp verify``): one function per (area, fn).

A kernel takes the case's ``input`` (usually a mapping) and returns what it computes; it raises
:class:`hrp.platform.base.refusals.Refusal` to refuse, or :class:`RefusedCase` to tell also what state it left behind.
It never sees ``expected``. Numbers written with a decimal point arrive as ``Decimal``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hrp.platform.base.refusals import Refusal
from hrp.platform.base.registry import Registry

Kernel = Callable[[Any], Any]


class RefusedCase(Refusal):
    """A kernel's refusal together with the state left behind (``expected`` keys other than ``error``)."""

    def __init__(self, refusal: Refusal, state: Mapping[str, Any]) -> None:
        super().__init__(
            refusal.reason, way_out=refusal.way_out, code=refusal.code, problems=refusal.problems
        )
        self.state = dict(state)


kernels: Registry[Kernel] = Registry("核算内核")


def register(area: str, fn: str, kernel: Kernel) -> Kernel:
    return kernels.register(f"{area}.{fn}", kernel)


def find(area: str, fn: str) -> Kernel | None:
    return kernels.get(f"{area}.{fn}")
