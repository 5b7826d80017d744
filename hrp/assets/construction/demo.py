"""The demo hospital's building site: a corridor between two houses, half done."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.assets.construction.documents.construction_cost import ConstructionCost
from hrp.assets.construction.services import projects
from hrp.assets.models import FundingSource
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.org.models import Campus, OrgUnit


def today(users: dict[str, User], campus: Campus, units: dict[str, OrgUnit], at: dt.datetime) -> None:
    """The project with its second progress payment."""
    accountant = users["zhengyan"]
    own = FundingSource.objects.get(code="04")
    with clock.pinned(at):
        project = projects.save(
            actor=accountant, pk=None,
            values={
                "code": "JJ-01", "name": "门诊住院连廊改造", "campus": campus, "org_unit": units["0402"], "budget": Decimal(2_600_000),
                "approval_number": "院办〔基建〕3 号", "contractor": "宏图建设工程有限公司", "progress": Decimal(45),
                "starts_on": clock.today() - dt.timedelta(days=60), "due_on": clock.today() + dt.timedelta(days=120),
            },
        )  # fmt: skip
        draft = services.save_draft(
            ConstructionCost, actor=accountant,
            header={
                "campus": campus.pk, "org_unit": units["0402"].pk, "business_date": clock.today(), "payee": project.contractor,
                "counter": "2302", "voucher": "进度款第 2 期",
            },
            lines=[
                {"project": project.pk, "item": "building", "source": own.pk, "amount": Decimal(980_000), "text": "主体结构"},
                {"project": project.pk, "item": "common", "source": own.pk, "amount": Decimal(65_000), "text": "设计与监理"},
            ],
        )  # fmt: skip
        posting.post(services.submit(draft, actor=accountant), actor=accountant)
