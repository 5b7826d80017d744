"""成本分摊单 (allocation run): one three-level allocation of one month for one purpose.

Posting collects the month's costs from the journal, reads the drivers, allocates in integer 分 and writes the result
with its certificate into costing's own subledger. It leaves no journal entry: allocation is management accounting.
Reversal keeps the facts (what was once reported stays readable) and frees the month for another run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.costing.models import RuleSet
from hrp.costing.subledger import collection, computation, store
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.org.models import Campus, Hospital


class Purpose(models.TextChoices):
    STATUTORY = "statutory", "法定"
    MANAGEMENT = "management", "管理"
    SIMULATION = "simulation", "模拟"


class CreditPools(models.TextChoices):
    """What happens to a source whose total is a credit (红字) at its turn."""

    ALLOCATE = "allocate", "按同样比例分摊红字"
    HOLD = "hold", "挂账不分摊"


class AllocationRun(Document):
    """One run. ``month`` and ``hospital`` follow from the business date and campus."""

    spec = DocumentSpec(
        kind="costing.allocation_run",
        title="成本分摊单",
        prefix="FT",
        header_fields=("purpose", "rule_set", "credit_pools"),
        lines_required=False,
    )

    purpose = models.CharField("用途", max_length=10, choices=Purpose.choices, default=Purpose.STATUTORY)
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="+", verbose_name="规则版本")
    credit_pools = models.CharField(
        "红字处理", max_length=8, choices=CreditPools.choices, default=CreditPools.ALLOCATE
    )
    month = models.DateField("核算月份", editable=False)
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="+", verbose_name="医院", editable=False
    )

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "成本分摊单"
        db_table = "costing_run"
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "month", "purpose"], condition=Q(state=State.POSTED),
                name="costing_run_one_posted_per_month_and_purpose",
            ),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="costing_run_purpose"),
        ]  # fmt: skip

    def compute(self, lines: Sequence[Any]) -> None:
        self.month = self.business_date.replace(day=1)
        campus = Campus.objects.filter(pk=self.campus_id).first()
        if campus is not None:
            self.hospital_id = campus.hospital_id

    def validate(self, lines: Sequence[Any]) -> None:
        rules = self.rule_set
        if self.business_date < rules.valid_from or (rules.valid_to and self.business_date > rules.valid_to):
            raise Invalid(
                f"{rules} 在 {self.business_date} 无效",
                problems=[Problem("规则版本不在有效期内", field="rule_set")],
                way_out="请选择在核算月份有效的规则版本，或调整其有效期。",
            )

    def apply(self, ctx: PostingContext) -> None:
        posted = (
            AllocationRun.objects.filter(
                hospital_id=self.hospital_id, month=self.month, purpose=self.purpose, state=State.POSTED
            )
            .exclude(pk=self.pk)
            .first()
        )
        if posted is not None:
            raise Conflict(
                f"{self.month:%Y年%m月}已有已过账的{Purpose(self.purpose).label}分摊：{posted}",
                way_out="需要重算时，请先红冲原分摊单。", code="run_exists",
            )  # fmt: skip
        inputs = collection.collect(
            self.hospital_id, ctx.period.first_day, ctx.period.last_day, rule_set=self.rule_set
        )
        computed = computation.compute(inputs, credit_pools=self.credit_pools)
        self.total = store.write(
            self.pk, inputs, computed, hospital_id=self.hospital_id, rule_set=self.rule_set, actor=ctx.actor
        )
