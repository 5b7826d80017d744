"""Which party may do what in the duty room."""

from __future__ import annotations

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Contract, Side
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Forbidden

EDIT = "operations.duty.edit"
WORK = "operations.duty.work"
CHECK = "operations.duty.check"


def require_supplier(actor: User, permission: str, what: str) -> None:
    """Raise Forbidden unless the actor holds ``permission`` and stands on the supplier's side."""
    scope.require(actor, permission)
    if not is_supplier(actor):
        raise Forbidden(
            f"{what}只能由{Side.SUPPLIER.label}办理", way_out=f"请{Side.SUPPLIER.label}人员登录办理。"
        )


def is_supplier(user: User) -> bool:
    return bool(user.is_machine) or contracts.side_of(user) == Side.SUPPLIER.value


def lock_rota() -> None:
    """One hand at the rota at a time. Raises Conflict while no contract is registered."""
    contract = contracts.current_contract()
    if contract is None:
        raise Conflict("还没有登记运维合同", way_out="请先登记合同，值班层级与要求取自合同数据。")
    Contract.objects.select_for_update().get(pk=contract.pk)
