"""A small hospital for the matrix: six places around one department, one of everything in each, somebody per column.

``own`` is the department the narrow columns are granted in, ``below`` stands under it, ``arrived`` was moved under it
yesterday; ``sibling`` stands beside it, ``campus`` on another site, and ``departed`` was moved away yesterday. What lies
there carries a canary, so that an answer that leaks it can be told without knowing the page.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

import typst
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.urls import get_resolver

from hrp.config import roles
from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import RuleSet
from hrp.costing.tests.hospital import CostedHospital
from hrp.logistics.models import Store
from hrp.logistics.tests.test_documents import Stockroom
from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.defaults import default_body
from hrp.operations.contracts.models import Side
from hrp.operations.desk.services import intake
from hrp.platform.access import permissions
from hrp.platform.access.models import Role, RoleGrant, RolePermission, User, UserSession
from hrp.platform.access.services import create_key
from hrp.platform.base import clock, stamps
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import ApprovalLevel, ApprovalRoute, Attachment, Delegation, Document
from hrp.platform.documents.testing import DAY, SINCE, World
from hrp.platform.exchange.models import ExportFile, Partner, PartnerMessage
from hrp.platform.ledger.models import Entry, Line, Period
from hrp.platform.notify.models import ContactPoint, Delivery, Gateway, Message
from hrp.platform.org.models import CalendarYear, Campus, OrgTreeEdge, OrgUnit, Parameter
from hrp.platform.org.services import move_unit
from tests.permissions import matrix, policy, rooms, world_assets, world_materials
from tests.permissions.places import canary, heavy

NOW = clock.at(dt.date(2026, 11, 24), 10)
YESTERDAY = dt.date(2026, 11, 23)
ATTACHMENT = f"attachments/matrix-{os.getpid()}.txt"


class Paper:
    """Stands in for the typesetter: the sheet is the data it was to be drawn from, so that it can be read."""

    def __init__(self, *, sys_inputs: dict[str, str], **_rest: Any) -> None:
        self.data = sys_inputs["data"]

    def compile(self, **_rest: Any) -> bytes:
        return b"%PDF-" + self.data.encode()


@dataclass
class Hospital:
    """Everything a request may name: ids by kind and place, people by column."""

    base: World
    builder: User
    units: dict[str, OrgUnit] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    objects: dict[str, dict[str, int]] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    forms: dict[str, dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = field(default_factory=dict)
    token: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    contract: Any = None
    common: dict[str, int] = field(
        default_factory=dict
    )  # what every place has, by what a request would call it

    def put(self, kind: str, place: str, row: Any) -> Any:
        self.objects.setdefault(kind, {})[place] = row.pk
        return row

    def named(self, kind: str, place: str, name: str) -> None:
        """As :meth:`put`, of what a request names by another word than its id."""
        self.names.setdefault(kind, {})[place] = name


@contextmanager
def standing() -> Iterator[Hospital]:
    """The hospital, in a transaction that is never committed and at an hour that does not pass.

    Sessions live in their cookies meanwhile: one query less in each of ten thousand requests; and what stands behind an
    address is found once, not by every one who knocks there: a quarter of the time.
    """
    attachment = Path(settings.MEDIA_ROOT) / ATTACHMENT
    attachment.parent.mkdir(parents=True, exist_ok=True)
    attachment.write_text("附件", encoding="utf-8")
    said, addresses = logging.getLogger("django.request"), get_resolver()
    with (
        clock.pinned(NOW),
        override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"),
        mock.patch.object(typst, "Compiler", Paper),
        mock.patch.object(said, "disabled", new=True),
        mock.patch.object(addresses, "resolve", lru_cache(maxsize=4096)(addresses.resolve)),
        transaction.atomic(),
    ):
        yield _build()
        transaction.set_rollback(True)
    attachment.unlink()


def _build() -> Hospital:
    base = World()
    founder = base.user("builder", "筹建人", *(p.code for p in permissions.of_duty("business")))
    hospital = Hospital(base, founder)
    builder = Builder(hospital, base)
    builder.places()
    builder.everybody()
    builder.stores()
    world_materials.furnish(builder, file=ATTACHMENT)
    builder.papers()
    world_assets.furnish(builder, file=ATTACHMENT)
    builder.tickets()
    builder.registers()
    builder.personal()
    return hospital


class Builder:
    """Fills the hospital through the product's own services, as somebody who may do anything anywhere."""

    def __init__(self, hospital: Hospital, base: World) -> None:
        self.hospital = hospital
        self.base = base
        self.costing = CostedHospital(base)
        self.builder = hospital.builder
        self.costing.accountant = self.builder
        self.room = Stockroom(base)
        hospital.common |= {"item": self.room.gauze.pk, "supplier": self.room.supplier.pk}

    # -- places and people -------------------------------------------------------------------------------------

    def places(self) -> None:
        east = Campus.objects.create(hospital=self.base.hospital, code="E", name="东院")
        units = self.hospital.units
        units |= {"own": self.base.unit, "sibling": self.base.other}
        for code, place, at in (
            ("U3", "below", self.base.campus), ("U4", "arrived", self.base.campus),
            ("U5", "campus", east), ("U6", "departed", self.base.campus),
        ):  # fmt: skip
            units[place] = OrgUnit.objects.create(campus=at, code=code, name=f"{place}科", valid_from=SINCE)
            self.costing.categorise(units[place], "clinical", "inpatient")
        parents = {"below": "own", "arrived": "sibling", "departed": "own"}
        for place, unit in units.items():
            parent = units[parents[place]] if place in parents else None
            OrgTreeEdge.objects.create(tree="admin", unit=unit, parent=parent, valid_from=SINCE)
        mover = User.objects.create(username="mover", display_name="调整人", duty="system")
        self._grant(mover, self._role("mover", ["system.org_unit.edit"], duty="system"), None)
        move_unit(actor=mover, unit=units["arrived"], parent=units["own"], on=YESTERDAY)
        move_unit(actor=mover, unit=units["departed"], parent=units["sibling"], on=YESTERDAY)

    def everybody(self) -> None:
        installed = roles.install()
        declared = permissions.of_duty("business")
        for column, (shipped, where, _side) in matrix.ROLES.items():
            unit = self.hospital.units["own"] if where == "own" else None
            duty = installed[shipped].duty if shipped else "business"
            user = User.objects.create(
                username=f"person-{column}", display_name=f"{column}先生", duty=duty, unit=unit,
                must_change_password=False, password_changed_at=NOW,
            )  # fmt: skip
            if shipped:
                self._grant(user, installed[shipped], unit)
            elif column == "rq":
                self._grant(user, self._role(column, policy.held_by(column)), unit)
            else:
                self._grant(user, self._role(column, [p.code for p in declared]), unit)
            if column == "mx":
                views = [p.code for p in declared if p.code.endswith(".view")]
                self._grant(user, self._role("mx-view", views), None)
            self.hospital.people[column] = user
        stamps.forget()
        _key, self.hospital.token = create_key(
            actor=self.hospital.people["ky"], name="矩阵", expires_at=NOW + dt.timedelta(days=30),
            scopes=policy.held_by("ky"),
        )  # fmt: skip

    def _role(self, code: str, codes: list[str], duty: str = "business") -> Role:
        role = Role.objects.create(code=f"matrix-{code}", title=code, duty=duty)
        RolePermission.objects.bulk_create(RolePermission(role=role, code=c, duty=duty) for c in codes)
        return role

    def _grant(self, user: User, role: Role, unit: OrgUnit | None) -> None:
        RoleGrant.objects.create(user=user, role=role, duty=role.duty, org_unit=unit, valid_from=SINCE)

    # -- documents, stock, the journal and the costs -----------------------------------------------------------

    def stores(self) -> None:
        for place, unit in self.hospital.units.items():
            store = Store.objects.create(
                code=f"S-{place}", name=f"库房 {canary(place)}", campus=unit.campus, org_unit=unit
            )
            self.hospital.stores[place] = self.hospital.put("logistics.store", place, store)

    def papers(self) -> None:
        for place, unit in self.hospital.units.items():
            self._cost_papers(place, unit, heavy(place, "11.00"))
        self._allocate()

    def _cost_papers(self, place: str, unit: OrgUnit, amount: str) -> None:
        word = canary(place)
        cost = self.costing.cost(unit, "5001.01", amount, memo=word)
        common = {"campus": unit.campus_id, "org_unit": unit.pk, "business_date": DAY, "note": word}
        posted = self.post(CostEntry, {**common, "cost_kind": "other"}, [cost])
        entry = Entry.objects.get(source=posted.source)
        self.hospital.put("ledger.entry", place, entry)
        self.hospital.put("ledger.line", place, Line.objects.get(entry=entry, org_unit=unit))
        self.draft(CostEntry, place, {**common, "cost_kind": "other"}, [cost])
        self.draft(StatEntry, place, common, [self.costing.stat("P01", unit, "3")])
        run = {"purpose": "simulation", "rule_set": RuleSet.objects.get().pk, "credit_pools": "allocate"}
        self.draft(AllocationRun, place, {**common, **run}, [])
        self.hospital.put("costing.cell", place, unit)

    def _allocate(self) -> None:
        """November is allocated once; the run belongs to an office nobody of the narrow columns sees."""
        heads = [self.costing.stat("P01", unit, "3") for unit in self.hospital.units.values()]
        self.costing.enter_costs(self.costing.cost(self.costing.office, "5101.01", "60.00"))
        self.costing.enter_stats(*heads)
        self.hospital.put("costing.run", "own", self.costing.allocate())

    def draft(
        self, model: type[Document], place: str, header: dict[str, Any], lines: list[dict[str, Any]]
    ) -> Document:
        return self.keep(
            services.save_draft(model, actor=self.builder, header=header, lines=lines), place, header, lines
        )

    def keep(
        self, draft: Document, place: str, header: dict[str, Any], lines: list[dict[str, Any]]
    ) -> Document:
        """Know a draft and what it was made of, and put a file beside it."""
        kind = draft.spec.kind
        self.hospital.put(kind, place, draft)
        self.hospital.forms.setdefault(kind, {})[place] = (header, lines)
        attachment = Attachment.objects.create(
            kind=kind, document_id=draft.pk, name=f"{canary(place)}.txt", path=ATTACHMENT, sha256="0" * 64,
            size=2, mime="text/plain", uploaded_by=self.builder, uploaded_at=NOW,
        )  # fmt: skip
        self.hospital.put(f"{kind}:file", place, attachment)
        return draft

    def post(self, model: type[Document], header: dict[str, Any], lines: list[dict[str, Any]]) -> Document:
        draft = services.save_draft(model, actor=self.builder, header=header, lines=lines)
        return posting.post(services.submit(draft, actor=self.builder), actor=self.builder)

    # -- the desk ----------------------------------------------------------------------------------------------

    def tickets(self) -> None:
        self._contract()
        engineer = self.hospital.people["se"]
        for place, unit in self.hospital.units.items():
            word = canary(place)
            report = intake.Report(
                org_unit=unit, module="物流管理系统", title=f"无法出库 {word}", level="C", reporter_name=word,
                description=word,
            )  # fmt: skip
            call = intake.Call(call_at=NOW, answered_at=NOW, caller="6612")
            ticket = intake.log_phone_contact(actor=engineer, report=report, call=call)
            self.hospital.put("operations.ticket", place, ticket)
            self.hospital.secrets.setdefault("master", ticket.number)
        rooms.furnish(self.hospital, file=ATTACHMENT)

    def _contract(self) -> None:
        people = self.hospital.people
        clerk = people["sc"]
        contract = contracts.register_contract(
            actor=clerk, number="YW-1", name="运维服务合同", hospital=self.base.hospital, supplier_name="杏林软件",
            hotline="400", starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2027, 12, 31),
        )  # fmt: skip
        self.hospital.contract = contract
        contracts.add_year(
            actor=clerk, contract=contract, number="YW-1-2026", starts_on=dt.date(2026, 1, 1),
            ends_on=dt.date(2026, 12, 31), signed_on=dt.date(2025, 12, 20),
        )  # fmt: skip
        for column, (_role, _where, side) in matrix.ROLES.items():
            if side:
                contracts.add_member(actor=clerk, user=people[column], side=Side(side), titles=[])
        version = contracts.draft_version(
            actor=clerk, contract=contract, body=default_body(), valid_from=clock.at(dt.date(2026, 1, 1), 0)
        )
        for signer in ("se", "sc"):
            version = contracts.sign_version(actor=people[signer], version=version)
        self.hospital.put("operations.contract", "own", version)

    # -- registers of the whole hospital, and what belongs to one person ----------------------------------------

    def registers(self) -> None:
        approver = Role.objects.get(code="finance_head")
        for place, unit in self.hospital.units.items():
            route = ApprovalRoute.objects.create(
                kind="logistics.stock_receipt", title=canary(place), org_unit=unit, amount_from="9000000"
            )
            ApprovalLevel.objects.create(route=route, position=1, title="审核", role=approver)
            self.hospital.put("documents.approval_route", place, route)
        people = self.hospital.people
        Delegation.objects.create(
            principal=people["fi"],
            deputy=people["ca"],
            valid_from=YESTERDAY,
            valid_to=YESTERDAY,
            reason="出差",
        )
        CalendarYear.objects.create(
            year=2026,
            source_doc="国办发明电〔2025〕7号",
            verified=True,
            imported_by="筹建人",
            imported_at=NOW,
        )
        Period.objects.create(
            book=self.base.book,
            first_day=dt.date(2026, 10, 1),
            last_day=dt.date(2026, 10, 31),
            state=Period.State.CLOSED,
        )
        Gateway.objects.create(
            code="sms", title="短信", kind="sms", url="http://127.0.0.1:1/", allowed="", is_active=True
        )
        Gateway.objects.create(
            code="voice", title="语音", kind="voice", url="http://127.0.0.1:1/", allowed=""
        )
        self._partners()
        self.hospital.put("system.parameters.verify", "own", Parameter.objects.create(
            key="highvalue.cancel_hours", valid_from=SINCE, value="24", source="院内规定", entered_by="录入人", entered_at=NOW,
        ))  # fmt: skip
        ContactPoint.objects.create(user=people["se"], kind="mobile", address="13800000000")
        User.objects.create(username="locked", display_name="已锁定", is_locked=True)
        Role.objects.create(code="with-factor", title="须双因子", requires_second_factor=True)

    @staticmethod
    def _partners() -> None:
        """One that is spoken to and one that is not yet, and a message that was given up."""
        on, _off = (
            Partner.objects.create(code=code, title=code, is_active=code == "HIS") for code in ("HIS", "EMR")
        )
        PartnerMessage.objects.create(
            partner=on, direction=PartnerMessage.Direction.OUT, kind="his.charge", key="1", body={},
            state=PartnerMessage.State.EXHAUSTED, created_at=NOW,
        )  # fmt: skip

    def personal(self) -> None:
        """What belongs to the builder alone."""
        own = self.hospital.put
        message = Message(
            recipient=self.builder, kind="documents.result", title=canary("sibling"), created_at=NOW
        )
        message.save()
        own("work.message", "own", message)
        failed = Delivery.objects.create(message=message, channel="email", state=Delivery.State.EXHAUSTED)
        own("system.delivery", "own", failed)
        own("work.file", "own", ExportFile.objects.create(
            actor=self.builder, title=canary("sibling"), file_name="x.csv", path="exports/matrix.csv", mime="text/csv",
            sha256="0" * 64, size=1, created_at=NOW, expires_at=NOW + dt.timedelta(days=1),
        ))  # fmt: skip
        own("access_end_session", "own", UserSession.objects.create(
            user=self.builder, session_key="of-the-builder", started_at=NOW, seen_at=NOW,
        ))  # fmt: skip
        key, _token = create_key(
            actor=self.builder, name="筹建", scopes=["org.unit.view"], expires_at=NOW + dt.timedelta(days=1)
        )
        own("access_revoke_key", "own", key)
