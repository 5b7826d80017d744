"""The demo hospital's disposals: the limits of a city, and a request that waits for the asset office."""

from __future__ import annotations

import datetime as dt

from hrp.assets.disposal.documents.disposal_request import DisposalRequest, Reason, Stage
from hrp.assets.disposal.services import deciding, reference
from hrp.assets.models import Asset
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import services
from hrp.platform.org.models import Campus, OrgUnit


def today(users: dict[str, User], campus: Campus, units: dict[str, OrgUnit], at: dt.datetime) -> None:
    """An electrocardiograph near its end, asked to be scrapped and appraised this morning."""
    office = users["huangwei"]
    old = Asset.objects.get(name="十二道心电图机")
    with clock.pinned(at - dt.timedelta(minutes=20)):
        reference.install(actor=office)
        draft = services.save_draft(
            DisposalRequest, actor=office,
            header={
                "campus": campus.pk, "org_unit": units["0101"].pk, "business_date": clock.today(), "way": "scrap",
                "reason": Reason.NO_PARTS, "explanation": "主控板损坏，厂家已停产该型号配件", "cause": "配件停产", "responsible": "正常损耗，无责任人",
            },
            lines=[{"asset": old.pk, "has_storage": True, "condition": "不能开机"}],
        )  # fmt: skip
        services.submit(draft, actor=office)
    with clock.pinned(at):
        deciding.say(
            draft,
            Stage.APPRAISAL,
            actor=users["gaoyuan"],
            agrees=True,
            opinion="主控板损坏，无替代配件，建议报废",
        )
