"""The demo hospital's change of this morning: the detector of an X-ray machine gets a card of its own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.assets.changes.documents.split import Split
from hrp.assets.models import Asset
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services

DETECTOR = Decimal(180_000)


def today(users: dict[str, User], at: dt.datetime) -> None:
    """Asked for and posted by the accountant."""
    accountant = users["zhengyan"]
    machine = Asset.objects.get(name="数字化X射线摄影系统", status="in_use")
    [paid] = machine.funding.exclude(cost=0)
    parts = (
        (1, machine.name, machine.serial_number, paid.cost - DETECTOR),
        (2, "无线平板探测器", "FPD-4343", DETECTOR),
    )
    with clock.pinned(at):
        draft = services.save_draft(
            Split, actor=accountant,
            header={
                "campus": machine.campus_id, "org_unit": machine.org_unit_id, "business_date": clock.today(), "asset": machine.pk,
                "reason": "平板探测器可单独更换与维保，与主机分开管理",
            },
            lines=[
                {"part": number, "name": name, "serial_number": serial, "source": paid.source_id, "project": paid.project, "amount": cost}
                for number, name, serial, cost in parts
            ],
        )  # fmt: skip
        posting.post(services.submit(draft, actor=accountant), actor=accountant)
