"""The state grid, as data: which act leads from which state to which."""

from __future__ import annotations

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.models import Document, State
from hrp.platform.documents.spec import Act

GRID: dict[str, dict[str, str]] = {
    State.DRAFT: {"edit": State.DRAFT, "submit": State.SUBMITTED, "void": State.VOID},
    State.RETURNED: {"edit": State.DRAFT, "submit": State.SUBMITTED, "void": State.VOID},
    State.SUBMITTED: {"approve": State.APPROVED, "return": State.RETURNED, "withdraw": State.DRAFT},
    State.APPROVED: {"post": State.POSTED, "return": State.RETURNED, "withdraw": State.DRAFT},
    State.POSTED: {"reverse": State.REVERSED},
    State.REVERSED: {},
    State.VOID: {},
}

BUTTONS: dict[str, Act] = {
    "edit": Act("edit", "保存"),
    "submit": Act("submit", "提交", "primary"),
    "void": Act("void", "作废", "danger", needs_reason=True),
    "approve": Act("approve", "审核通过", "primary"),
    "return": Act("return", "驳回", "danger", needs_reason=True),
    "withdraw": Act("withdraw", "撤回"),
    "post": Act("post", "过账", "primary"),
    "reverse": Act("reverse", "红冲", "danger", needs_reason=True),
}

# Sending back and withdrawing are parts of approving and submitting, not rights of their own.
PERMISSION_OF: dict[str, str] = {"return": "approve", "withdraw": "submit"}

WAY_OUT: dict[str, str] = {
    State.DRAFT: "请先提交并审核。",
    State.SUBMITTED: "单据正在审核，请等待审核或由制单人撤回。",
    State.RETURNED: "单据已驳回，请修改后重新提交。",
    State.APPROVED: "单据已审核，可以过账；要修改请撤回或由审核人驳回。",
    State.POSTED: "已过账的单据不能修改；更正请红冲后另制新单。",
    State.REVERSED: "单据已红冲，请另制新单。",
    State.VOID: "单据已作废，请另制新单。",
}


def next_state(document: Document, act: str) -> str:
    """The state ``act`` leads to. Raises Conflict, saying what is possible instead."""
    target = GRID[document.state].get(act)
    if target is None:
        title = BUTTONS[act].title if act in BUTTONS else act
        label = State(document.state).label
        raise Conflict(
            f"{document}：{label}状态不能{title}", way_out=WAY_OUT[document.state],
            code="already_posted" if act == "post" and document.state == State.POSTED else "wrong_state",
        )  # fmt: skip
    return target


def permission_for(document: Document, act: str) -> str:
    return document.spec.permission(PERMISSION_OF.get(act, act))


def acts(document: Document, actor: User) -> list[Act]:
    """What this user may do with this document now, in the order of the buttons."""
    from hrp.platform.documents import approvals

    offered = []
    for code in GRID[document.state]:
        if not scope.has(actor, permission_for(document, code), document.org_unit_id):
            continue
        if code == "withdraw" and (document.maker_id != actor.pk or approvals.is_decided(document)):
            continue
        if (
            document.state == State.SUBMITTED
            and code in ("approve", "return")
            and not approvals.may_decide(document, actor)
        ):
            continue
        offered.append(BUTTONS[code])
    return offered
