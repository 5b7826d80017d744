"""How a verb of the lower rooms leaves its audit row and asks for its permission without importing upwards.

``org`` lies below ``audit`` and ``access``; its verbs still owe a permission check and an audit row like any other.
The two answers are bound once, at start-up, by ``hrp.platform.access``. Unbound they refuse: a verb without a gate
or without a record does not happen.
"""

from __future__ import annotations

from typing import Any, Protocol


class Recorder(Protocol):
    def __call__(
        self, *, actor: Any, act: str, target: str, summary: str = "", data: dict[str, Any] | None = None
    ) -> Any: ...


class Gate(Protocol):
    def __call__(self, actor: Any, code: str, unit_id: int | None = None) -> None: ...


_recorder: Recorder | None = None
_gate: Gate | None = None


def bind(*, recorder: Recorder, gate: Gate) -> None:
    """Say once, at start-up, who writes the audit row and who checks the permission."""
    global _recorder, _gate
    _recorder, _gate = recorder, gate


def record(
    *, actor: Any, act: str, target: str, summary: str = "", data: dict[str, Any] | None = None
) -> None:
    """Write the audit row of one act into the transaction of the caller."""
    if _recorder is None:
        raise RuntimeError("审计记录尚未接通")
    _recorder(actor=actor, act=act, target=target, summary=summary, data=data)


def require(actor: Any, code: str, unit_id: int | None = None) -> None:
    """Raise Forbidden unless ``actor`` holds permission ``code`` (for the unit)."""
    if _gate is None:
        raise RuntimeError("权限检查尚未接通")
    _gate(actor, code, unit_id)
