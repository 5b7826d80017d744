"""The subledger of allocation runs: append-only, in integer 分. Every table hangs on the run's certificate.

The certificate is written first; rows of a run may be added only in the transaction that wrote its certificate, and
at commit the database sums them against it (I1, I3, I4). See ``migrations/0002_guards.py``.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hrp.costing.models.items import CostItem
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.models import OrgUnit


class RunCertificate(AppendOnlyModel):
    """What a run promises: totals before and after, counts, the hash of everything it read, who, when, how long.

    ``run_id`` is the id of the 成本分摊单 (no foreign key upwards: the document knows its certificate, not the
    reverse). ``matrix`` is [{item7, fund, before_fen, after_fen}], seven items by four funds.
    """

    run_id = models.BigIntegerField("成本分摊单", primary_key=True)
    hospital_id = models.BigIntegerField("医院")
    first_day = models.DateField("首日")
    last_day = models.DateField("末日")
    input_sha256 = models.CharField("输入散列", max_length=64)
    engine_version = models.CharField("引擎版本", max_length=20)
    rule_set_version = models.PositiveIntegerField("规则版本")
    departments = models.PositiveIntegerField("科室数")
    postings = models.PositiveBigIntegerField("分摊记录数")
    collected_fen = models.BigIntegerField("归集金额（分）")
    excluded_fen = models.BigIntegerField("不参与核算（分）")
    before_fen = models.BigIntegerField("分摊前（分）")
    after_fen = models.BigIntegerField("分摊后（分）")
    held_fen = models.BigIntegerField("挂账（分）")
    matrix = models.JSONField("成本项目与经费性质")
    violations = ArrayField(models.CharField(max_length=200), verbose_name="违反的不变量", default=list)
    warnings = ArrayField(models.CharField(max_length=300), verbose_name="提示", default=list)
    actor_id = models.BigIntegerField("操作人")
    actor_name = models.CharField("操作人姓名", max_length=50)
    computed_at = models.DateTimeField("计算时间")
    seconds = models.DecimalField("耗时（秒）", max_digits=9, decimal_places=3)
    xact_id = models.BigIntegerField(editable=False)

    class Meta:
        verbose_name = "分摊守恒证书"
        db_table = "costing_certificate"
        constraints = [
            models.CheckConstraint(
                condition=Q(before_fen=F("after_fen")), name="costing_certificate_conserves"
            ),
            models.CheckConstraint(
                condition=Q(collected_fen=F("before_fen") + F("excluded_fen")),
                name="costing_certificate_ties_out",
            ),
            models.CheckConstraint(condition=Q(violations=[]), name="costing_certificate_no_violation"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.input_sha256[:12]}"


class RunFact(AppendOnlyModel):
    """Base of the tables that hang on a certificate."""

    run = models.ForeignKey(RunCertificate, models.PROTECT, related_name="+", verbose_name="分摊")

    class Meta:
        abstract = True


class RunDepartment(RunFact):
    """A department as the run saw it; categories and names of later months do not change what was printed."""

    unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    code = models.CharField("编码", max_length=20)
    name = models.CharField("名称", max_length=100)
    category = models.CharField("科室类别", max_length=10)
    setting = models.CharField("门诊/住院", max_length=10)

    class Meta:
        verbose_name = "分摊科室"
        db_table = "costing_run_department"
        constraints = [models.UniqueConstraint(fields=["run", "unit"], name="costing_run_department_once")]

    def __str__(self) -> str:
        return self.name


class CollectedCost(RunFact):
    """成本归集: what the journal held for the month. Without item it is known not to be a cost (tie-out only)."""

    unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="会计科目")
    item = models.ForeignKey(CostItem, models.PROTECT, related_name="+", verbose_name="成本项目", null=True)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    amount_fen = models.BigIntegerField("金额（分）")
    participates = models.BooleanField("参与分摊")

    class Meta:
        verbose_name = "归集成本"
        db_table = "costing_collected"
        constraints = [
            models.UniqueConstraint(fields=["run", "unit", "account", "fund"], name="costing_collected_once"),
            models.CheckConstraint(
                condition=Q(participates=False) | Q(item__isnull=False),
                name="costing_collected_participant_has_item",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.amount_fen}"


class DriverValue(RunFact):
    """A driver's value as the run read it. ``source`` is set for pair drivers: who served."""

    driver_code = models.CharField("分摊参数", max_length=20)
    source = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="服务科室", null=True)
    receiver = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="受益科室")
    value = models.DecimalField("数值", max_digits=20, decimal_places=6)

    class Meta:
        verbose_name = "参数快照"
        db_table = "costing_driver_value"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "driver_code", "source", "receiver"], name="costing_driver_value_once",
                nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.driver_code} {self.value}"


class AllocationPosting(RunFact):
    """One hop of one cell: ``amount_fen`` = ``numerator`` / ``denominator`` × what the source held."""

    level = models.PositiveSmallIntegerField("级次")
    source = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="分摊科室")
    receiver = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="接收科室")
    item = models.ForeignKey(CostItem, models.PROTECT, related_name="+", verbose_name="成本项目")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    amount_fen = models.BigIntegerField("金额（分）")
    rule_id = models.BigIntegerField("规则")
    driver_code = models.CharField("分摊参数", max_length=20)
    numerator = models.DecimalField("分子", max_digits=20, decimal_places=6)
    denominator = models.DecimalField("分母", max_digits=24, decimal_places=6)
    fallback_depth = models.PositiveSmallIntegerField("备用层数")

    class Meta:
        verbose_name = "分摊记录"
        db_table = "costing_posting"
        constraints = [
            models.CheckConstraint(condition=Q(level__gte=0, level__lte=3), name="costing_posting_level"),
            models.CheckConstraint(condition=~Q(source=F("receiver")), name="costing_posting_not_to_itself"),
            models.CheckConstraint(
                condition=Q(numerator__gt=0) & Q(denominator__gte=F("numerator")),
                name="costing_posting_share",
            ),
            models.CheckConstraint(condition=~Q(amount_fen=0), name="costing_posting_moves_something"),
        ]
        indexes = [
            models.Index(fields=["run", "receiver", "item", "fund"], name="costing_posting_into"),
            models.Index(fields=["run", "source", "item", "fund"], name="costing_posting_out_of"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.receiver_id}: {self.amount_fen}"


class DepartmentFullCost(RunFact):
    """A department's cost of one item and fund: what it caused (level 0 included) and what arrived, by last sender."""

    unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    item = models.ForeignKey(CostItem, models.PROTECT, related_name="+", verbose_name="成本项目")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    direct_fen = models.BigIntegerField("直接成本（分）")
    from_a_fen = models.BigIntegerField("分摊行政后勤类（分）")
    from_x_fen = models.BigIntegerField("分摊医疗辅助类（分）")
    from_t_fen = models.BigIntegerField("分摊医疗技术类（分）")
    held_fen = models.BigIntegerField("挂账（分）", default=0)

    class Meta:
        verbose_name = "科室全成本"
        db_table = "costing_full_cost"
        constraints = [
            models.UniqueConstraint(fields=["run", "unit", "item", "fund"], name="costing_full_cost_once")
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.item_id}"
