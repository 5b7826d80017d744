"""On which side an act of this room stands."""

from __future__ import annotations

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Forbidden


def party(actor: User, what: str, *, only: Side | None = None) -> Side:
    """The actor's side. Raises Forbidden for a stranger to the contract, or for the wrong side."""
    side = contracts.side_of(actor)
    if not side:
        raise Forbidden(
            f"{what}须由合同双方人员办理", way_out="请合同管理员在「合同人员」中登记您所属的一方。"
        )
    if only is not None and side != only.value:
        raise Forbidden(f"{what}只能由{only.label}办理", way_out=f"请{only.label}人员登录办理。")
    return Side(side)
