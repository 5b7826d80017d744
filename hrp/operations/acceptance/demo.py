"""The demo hospital's last finished contract quarter: its report made in the week after, and signed by both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from hrp.operations.acceptance.rules.spans import spans
from hrp.operations.acceptance.services import reports
from hrp.operations.contracts import selectors as contracts
from hrp.platform.access.models import User
from hrp.platform.base import clock

ENGINEER, COUNTERPART = "zhouyi", "wulei"


def seed(users: Mapping[str, User], today: dt.date) -> None:
    """Make and sign the report of the last quarter that ended at least five days ago."""
    contract = contracts.current_contract()
    if contract is None:
        return
    ended = [
        days
        for year in contracts.years(contract)
        for days in spans("quarterly", year.starts_on, year.ends_on)
        if days.last + dt.timedelta(days=5) <= today
    ]
    if not ended:
        return
    last = ended[-1]
    with clock.pinned(clock.at(last.last + dt.timedelta(days=3), 9, 30)):
        report = reports.make_report(
            actor=users[ENGINEER], contract=contract, kind=last.kind, first=last.first
        )
        reports.sign_report(actor=users[ENGINEER], report=report)
    with clock.pinned(clock.at(last.last + dt.timedelta(days=4), 10, 15)):
        reports.sign_report(actor=users[COUNTERPART], report=report, opinion="同意，证据不足各项请下季度补齐")
