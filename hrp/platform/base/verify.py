"""Registry of kernels that published worked cases are run through (``hrp verify``): one function per (area, fn).

A kernel takes the case's ``input`` mapping and returns an output mapping; it raises
:class:`hrp.platform.base.refusals.Refusal` to refuse. It never sees ``expected``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hrp.platform.base.registry import Registry

Kernel = Callable[[Mapping[str, Any]], Mapping[str, Any]]

kernels: Registry[Kernel] = Registry("核算内核")


def register(area: str, fn: str, kernel: Kernel) -> Kernel:
    return kernels.register(f"{area}.{fn}", kernel)


def find(area: str, fn: str) -> Kernel | None:
    return kernels.get(f"{area}.{fn}")
