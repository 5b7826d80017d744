"""统计量录入单 (statistics entry): headcount, visits, bed-days, internal services that no other module counts.

Posting writes STAT lines (quantity, no amount). For a pair driver each line names who served (counter unit) and who
was served (org unit).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.costing.models import Driver
from hrp.costing.models.drivers import Grain
from hrp.platform.base.fields import QuantityField, is_number
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger import stat
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.org.models import OrgUnit

KIND = "costing.stat_entry"


@dataclass(frozen=True)
class StatFact:
    """A quantity of one measure; ``server_id`` is None for department measures."""

    account: str
    receiver_id: int
    server_id: int | None
    quantity: Decimal


class StatEntry(Document):
    """Header; ``org_unit`` is the office that counts."""

    spec = DocumentSpec(
        kind=KIND,
        title="统计量录入单",
        prefix="TJ",
        line_fields=("driver", "server", "receiver", "quantity"),
    )

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "统计量录入单"
        db_table = "costing_stat_entry"

    def validate(self, lines: Sequence[Any]) -> None:
        drivers = Driver.objects.select_related("account").in_bulk({line.driver_id for line in lines})
        problems: list[Problem] = []
        seen: dict[tuple[int, int | None, int], int] = {}
        for place, line in enumerate(lines):
            problems += self._line_problems(line, drivers[line.driver_id], place)
            key = (line.driver_id, line.server_id, line.receiver_id)
            if key in seen:
                problems.append(Problem(f"与第 {seen[key] + 1} 行重复", field="receiver", line=place))
            seen.setdefault(key, place)
        if problems:
            raise Invalid(
                f"{self.spec.title}有 {len(problems)} 处需要修改",
                problems=problems,
                way_out="请按标红处修改。",
            )

    def _line_problems(self, line: Any, driver: Driver, place: int) -> list[Problem]:
        found = []
        measure = next((m for m in stat.measures if m.account == driver.account.code), None)
        if measure is not None and measure.posted_by != KIND:
            found.append(
                Problem(
                    f"{driver} 由其他模块自动记录（{measure.posted_by}），不能手工录入", field="driver", line=place,
                    way_out="请在该模块中更正来源数据。",
                )
            )  # fmt: skip
        if line.quantity < 0:
            found.append(Problem("数量不能为负", field="quantity", line=place))
        if driver.grain == Grain.PAIR and line.server_id is None:
            found.append(Problem(f"{driver} 须填写服务科室", field="server", line=place))
        if driver.grain == Grain.DEPARTMENT and line.server_id is not None:
            found.append(Problem(f"{driver} 按科室统计，不填服务科室", field="server", line=place))
        if line.server_id is not None and line.server_id == line.receiver_id:
            found.append(Problem("服务科室与受益科室不能相同", field="receiver", line=place))
        return found

    def apply(self, ctx: PostingContext) -> list[StatFact]:
        rows = self.lines.order_by("position").values_list(
            "driver__account__code", "receiver_id", "server_id", "quantity"
        )
        return [StatFact(*row) for row in rows]

    def entries(self, facts: list[StatFact]) -> list[EntryDraft]:
        lines = [
            LineDraft(f.account, org_unit_id=f.receiver_id, counter_unit_id=f.server_id, quantity=f.quantity)
            for f in facts
        ]
        return [EntryDraft(self.business_date, f"统计量 {self.business_date:%Y-%m}", lines)]


class StatEntryLine(DocumentLine):
    """One quantity."""

    document = models.ForeignKey(StatEntry, models.CASCADE, related_name="lines", verbose_name="统计量录入单")
    driver = models.ForeignKey(Driver, models.PROTECT, related_name="+", verbose_name="分摊参数")
    server = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="服务科室", null=True, blank=True
    )
    receiver = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="受益科室")
    quantity = QuantityField("数量")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "统计量明细"
        db_table = "costing_stat_entry_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="costing_stat_entry_line_position"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0) & is_number("quantity"),
                name="costing_stat_entry_line_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.driver}"
