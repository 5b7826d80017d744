"""The life of a repair: which act leads from which state to which. One grid for pages, services and the database.

::

    reported ──dispatch──> dispatched ──take──> taken ──arrive──> working ──wait──> waiting ──resume──> working
                                                                     │fix
                                                    to_check <──fix──┴──fix──> to_accept ──accept──> accepted
                                                        └─pass─> to_accept, fail ─> working      └─reject─> working
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    REPORTED = "reported"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    WORKING = "working"
    WAITING = "waiting"
    TO_CHECK = "to_check"
    TO_ACCEPT = "to_accept"
    ACCEPTED = "accepted"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class Act(StrEnum):
    REPORT = "report"
    DISPATCH = "dispatch"
    TAKE = "take"
    ARRIVE = "arrive"
    WAIT = "wait"
    RESUME = "resume"
    FIX = "fix"
    CHECKED = "pass"
    FAIL = "fail"
    ACCEPT = "accept"
    REJECT = "reject"
    STOP = "stop"
    CANCEL = "cancel"
    RATE = "rate"
    NOTE = "note"


OPEN = (
    State.REPORTED, State.DISPATCHED, State.TAKEN, State.WORKING, State.WAITING, State.TO_CHECK, State.TO_ACCEPT,
)  # fmt: skip
WITH_ENGINEER = (State.TAKEN, State.WORKING, State.WAITING)

_FROM: dict[Act, tuple[State, ...]] = {
    Act.DISPATCH: (State.REPORTED, State.DISPATCHED, State.TAKEN, State.WORKING, State.WAITING),
    Act.TAKE: (State.REPORTED, State.DISPATCHED),
    Act.ARRIVE: (State.TAKEN,),
    Act.WAIT: (State.WORKING,),
    Act.RESUME: (State.WAITING,),
    Act.FIX: (State.WORKING,),
    Act.CHECKED: (State.TO_CHECK,),
    Act.FAIL: (State.TO_CHECK,),
    Act.ACCEPT: (State.TO_ACCEPT,),
    Act.REJECT: (State.TO_ACCEPT,),
    Act.STOP: (State.WORKING, State.WAITING),
    Act.CANCEL: (State.REPORTED, State.DISPATCHED),
    Act.RATE: (State.ACCEPTED,),
    Act.NOTE: OPEN,
}
_TO: dict[Act, State] = {
    Act.DISPATCH: State.DISPATCHED, Act.TAKE: State.TAKEN, Act.ARRIVE: State.WORKING, Act.WAIT: State.WAITING,
    Act.RESUME: State.WORKING, Act.CHECKED: State.TO_ACCEPT, Act.FAIL: State.WORKING, Act.ACCEPT: State.ACCEPTED,
    Act.REJECT: State.WORKING, Act.STOP: State.STOPPED, Act.CANCEL: State.CANCELLED,
}  # fmt: skip


def allowed(act: str, state: str) -> bool:
    return state in _FROM.get(Act(act), ())


def after(act: str, state: str, *, check_first: bool) -> str:
    """The state an act leads to; what was fixed goes to the check first where one is asked for."""
    if act == Act.FIX:
        return State.TO_CHECK if check_first else State.TO_ACCEPT
    return _TO.get(Act(act), State(state))
