"""What a hospital decides about letting and leasing."""

from __future__ import annotations

import datetime as dt

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

RENT_ACCOUNT, RENT_NOTICE, TERM_NOTICE = (
    "assets.rent_account", "assets.rent_notice_days", "assets.lease_notice_days",
)  # fmt: skip

SPECS = (
    Spec(
        RENT_ACCOUNT, "资产租金收入科目", "choice", "4605", "《政府会计制度》4605 租金收入；当地规定上缴财政的为 2103 应缴财政款",
        choices=(("4605", "4605 租金收入"), ("2103", "2103 应缴财政款")),
    ),
    Spec(RENT_NOTICE, "租金到期提前提醒天数", "integer", 7, "医院内部管理制度，常用做法", unit="天", least=0, most=90),
    Spec(TERM_NOTICE, "租赁期满提前提醒天数", "integers", (90, 30, 7), "医院内部管理制度，常用做法", unit="天", least=1, most=365),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)


def rent_notice(on: dt.date) -> int:
    return int(parameters.value(RENT_NOTICE, on))


def term_notice(on: dt.date) -> tuple[int, ...]:
    return tuple(parameters.value(TERM_NOTICE, on))
