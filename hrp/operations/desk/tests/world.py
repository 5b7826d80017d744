"""A hospital under contract, with people on both sides, for tests of the desk."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.apps import PERMISSIONS as CONTRACT_PERMISSIONS
from hrp.operations.contracts.defaults import default_body
from hrp.operations.contracts.models import Contract, ContractVersion, Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import closing, handling, intake, reviewing
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.clock import HOSPITAL_ZONE
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.tests import places

MONDAY = dt.datetime(2026, 11, 23, 10, 0, tzinfo=HOSPITAL_ZONE)
BOTH = (
    "operations.ticket.view",
    "operations.ticket.log",
    "operations.ticket.decide",
    "operations.ticket.close",
    "operations.ticket.rule",
)
SUPPLIER = (*BOTH, "operations.ticket.work", "operations.contract.view", "operations.contract.sign")
HOSPITAL = (*BOTH, "operations.ticket.confirm", "operations.contract.view", "operations.contract.sign")

_numbers = itertools.count(1)


@dataclass(frozen=True)
class World:
    """``engineer`` answers for the supplier, ``head`` is the hospital's 系统主管工程师, ``nurse`` one department."""

    contract: Contract
    version: ContractVersion
    clerk: User
    engineer: User
    head: User
    nurse: User
    store: OrgUnit
    ward: OrgUnit

    def report(self, level: str = "1", **changes: object) -> intake.Report:
        facts: dict[str, object] = {
            "org_unit": self.store,
            "module": "物流管理系统",
            "title": "全院无法出库",
            "level": level,
            "reporter_name": "王药师",
            "reporter_phone": "6612",
        }
        return intake.Report(**{**facts, **changes})  # type: ignore[arg-type]

    def call(self, level: str = "1", *, at: dt.datetime = MONDAY, answered_s: int | None = 12) -> Ticket:
        """A call at ``at``, answered after ``answered_s`` seconds and written down half a minute later."""
        answered = None if answered_s is None else at + dt.timedelta(seconds=answered_s)
        with clock.pinned(at + dt.timedelta(seconds=max(answered_s or 0, 30))):
            return intake.log_phone_contact(
                actor=self.engineer,
                report=self.report(level),
                call=intake.Call(call_at=at, answered_at=answered, caller="057188886612"),
            )


def later(minutes: float, start: dt.datetime = MONDAY) -> dt.datetime:
    return start + dt.timedelta(minutes=minutes)


def make() -> World:
    """Contract 2026-2027, first year signed, version 1 signed by both sides."""
    campus = places.campus()
    store = places.unit("设备科库房", at=campus)
    ward = places.unit("骨科二病区", at=campus)
    clerk = people.person(*CONTRACT_PERMISSIONS, name="合同管理员")
    engineer = people.person(*SUPPLIER, name="张工")
    head = people.person(*HOSPITAL, name="李主管")
    nurse = people.person("operations.ticket.view", "operations.ticket.log", unit=ward, name="陈护士")
    contract = contracts.register_contract(
        actor=clerk,
        number=f"YW-{next(_numbers)}",
        name="HRP系统运维服务合同",
        hospital=campus.hospital,
        supplier_name="杏林软件有限公司",
        hotline="400-800-1234",
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2027, 12, 31),
    )
    for year, signed in ((2026, dt.date(2025, 12, 20)), (2027, None)):
        contracts.add_year(
            actor=clerk,
            contract=contract,
            number=f"{contract.number}-{year}",
            starts_on=dt.date(year, 1, 1),
            ends_on=dt.date(year, 12, 31),
            signed_on=signed,
        )
    contracts.add_member(actor=clerk, user=engineer, side=Side.SUPPLIER, titles=["值班工程师", "服务台主管"])
    contracts.add_member(actor=clerk, user=head, side=Side.HOSPITAL, titles=["甲方系统主管工程师"])
    contracts.add_member(actor=clerk, user=nurse, side=Side.HOSPITAL, titles=[])
    version = contracts.draft_version(
        actor=clerk,
        contract=contract,
        body=default_body(),
        valid_from=dt.datetime(2026, 1, 1, tzinfo=HOSPITAL_ZONE),
    )
    for signer in (engineer, head):
        version = contracts.sign_version(actor=signer, version=version)
    return World(contract, version, clerk, engineer, head, nurse, store, ward)


RECORD = closing.RecordText(
    mode="remote",
    symptom="全院各库房点出库即报错",
    cause_class="database",
    cause="归档表空间写满，事务无法提交",
    actions="清理过期归档，扩容表空间，重启应用",
    tests="三个库房各出库一笔，均成功",
    commands="ALTER TABLESPACE ...",
    advice="表空间使用率 85% 时告警",
)


def resolved(world: World) -> Ticket:
    """A 1级 call answered, its emergency service started, and cleared after forty minutes."""
    ticket = world.call()
    with clock.pinned(later(20)):
        handling.start_emergency(
            actor=world.engineer, ticket=ticket, commander="张工", staff="赵工、钱工", plan="EP-HRP-01 v3"
        )
    with clock.pinned(later(40)):
        return handling.resolve(actor=world.engineer, ticket=ticket, summary="清理归档后恢复出库")


def reviewed(world: World, ticket: Ticket, minute: float) -> Ticket:
    """The review of an emergency, laid before the hospital and approved a minute later."""
    action = reviewing.ReviewAction("磁盘 85% 告警", "张工", later(minute).date() + dt.timedelta(days=14))
    with clock.pinned(later(minute)):
        reviewing.write_review(
            actor=world.engineer, ticket=ticket, root_cause="归档写满磁盘", delays="无", actions=[action]
        )
    with clock.pinned(later(minute + 1)):
        return reviewing.approve_review(actor=world.head, ticket=ticket, opinion="同意")
