"""A hospital of a city with limits, and the people through whose hands a disposal goes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.assets.disposal.documents.disposal_request import DisposalRequest, Stage
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.disposal.services import deciding, executing, reference
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.models import Asset
from hrp.assets.tests.world import FIRST, AssetHospital
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.models import Attachment
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import World

GONE = FIRST


class Disposing(AssetHospital):
    """``dispose(assets)`` takes things from request to write-off."""

    def __init__(self, world: World | None = None, *, limits: bool = True) -> None:
        super().__init__(world)
        self.world.grant(
            self.accountant, *(f"assets.{kind}.{act}" for kind in ("disposal_request", "disposal_income") for act in ACTS),
            "assets.disposal_rule.edit", deciding.CODES[Stage.APPRAISAL], executing.EXECUTE, executing.ARCHIVE,
        )  # fmt: skip
        self.people: dict[str, User] = {
            stage: self.world.user(f"at-{stage}", Stage(stage).label, code)
            for stage, code in deciding.CODES.items()
        }
        if limits:
            reference.install(actor=self.accountant)

    def request(self, *assets: Asset, **given: Any) -> DisposalRequest:
        """Submitted by the accountant with a photograph."""
        given = {"way": "scrap", "reason": "beyond_repair", "explanation": "主板损坏，无法修复"} | given
        flags = {name: given.pop(name) for name in ("has_storage", "is_radioactive") if name in given}
        given = {"cause": "进水", "responsible": "自然灾害，无责任人"} | given
        header = {
            "campus": self.world.campus.pk,
            "org_unit": self.world.unit.pk,
            "business_date": FIRST,
            **given,
        }
        with clock.pinned(clock.at(FIRST, 9)):
            draft = services.save_draft(
                DisposalRequest, actor=self.accountant, header=header, lines=[{"asset": one.pk, **flags} for one in assets]
            )  # fmt: skip
            photograph(draft, self.accountant)
            return services.submit(draft, actor=self.accountant)

    def say(self, request: DisposalRequest, *stages: str, **given: Any) -> None:
        """Everybody agrees in turn."""
        with clock.pinned(clock.at(FIRST, 10)):
            for stage in stages:
                deciding.say(
                    request, stage, actor=self.people[stage], **({"agrees": True, "opinion": "同意", "institution": "市医疗设备鉴定中心"} | given)
                )  # fmt: skip

    def approve(self, request: DisposalRequest, *, rank: int | None = None) -> DisposalRequest:
        self.say(request, *(stage for stage in deciding.CODES if stage != Stage.EXTERNAL))
        if rank is not None:
            self.say(request, Stage.EXTERNAL, number="卫资〔2026〕18号", rank=rank)
        with clock.pinned(clock.at(FIRST, 11)):
            return posting.post(request, actor=self.accountant)

    def execute(self, request: DisposalRequest, **given: Any) -> WriteOff:
        given = {"channel": "recycler", "counterpart": "再生资源公司", "on": GONE} | given
        with clock.pinned(clock.at(FIRST, 12)):
            made = executing.execute(request, actor=self.accountant, **given)
        found = registry.load(made.write_off)
        assert isinstance(found, WriteOff)
        return found

    def gone(self, write_off: WriteOff) -> WriteOff:
        with clock.pinned(clock.at(FIRST, 13)):
            return posting.post(services.submit(write_off, actor=self.accountant), actor=self.accountant)

    def dispose(self, *assets: Asset, rank: int | None = None, **given: Any) -> WriteOff:
        return self.gone(self.execute(self.approve(self.request(*assets, **given), rank=rank)))

    def thing(self, cost: str, **fields: Any) -> Asset:
        """An asset, given to the department yesterday, so to say."""
        return self.book((self.own, cost), on=FIRST, **fields)


def photograph(request: DisposalRequest, by: User) -> None:
    Attachment.objects.create(
        kind=request.spec.kind, document_id=request.pk, name="照片.jpg", path=f"test/{request.pk}", sha256="0" * 64, size=1,
        mime="image/jpeg", uploaded_by=by, uploaded_at=clock.now(),
    )  # fmt: skip


def only(*rows: tuple[str, str, str | None, str, int]) -> None:
    """Rules of a city: (basis, from, to, approver, rank), and no others."""
    DisposalRule.objects.all().delete()
    DisposalRule.objects.bulk_create(
        DisposalRule(
            level="city", basis=basis, amount_from=Decimal(low), amount_to=None if high is None else Decimal(high), approver=approver,
            rank=rank, valid_from=dt.date(2020, 1, 1), source="测试办法",
        )
        for basis, low, high, approver, rank in rows
    )  # fmt: skip
