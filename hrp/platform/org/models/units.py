"""Hospitals, campuses, org units, what they are under and what kind they are."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from hrp.platform.base.history import tracked


class Tree(models.TextChoices):
    """The three trees an org unit may stand in, each with its own parents."""

    ADMIN = "admin", "行政"
    NURSING = "nursing", "护理"
    ACCOUNTING = "accounting", "核算"


class UnitCategory(models.TextChoices):
    """科室类别 of 《公立医院成本核算规范》: the direction in which costs are allocated."""

    CLINICAL = "clinical", "临床服务类"
    MEDTECH = "medtech", "医疗技术类"
    AUXILIARY = "auxiliary", "医疗辅助类"
    ADMIN = "admin", "行政后勤类"
    EXCLUDED = "excluded", "不参与核算"


class Setting(models.TextChoices):
    """Whether a clinical unit serves outpatients or inpatients."""

    OUTPATIENT = "outpatient", "门诊"
    INPATIENT = "inpatient", "住院"
    NONE = "none", "不区分"


def valid_on(on: dt.date, prefix: str = "") -> Q:
    """Rows whose validity contains the day ``on`` (both ends inclusive)."""
    return Q(**{f"{prefix}valid_from__lte": on}) & (
        Q(**{f"{prefix}valid_to__isnull": True}) | Q(**{f"{prefix}valid_to__gte": on})
    )


def no_overlap(name: str, *keys: str, condition: Q | None = None) -> ExclusionConstraint:
    """No two rows with equal integer ``keys`` have validities in common.

    Equality is written as overlap of one-point ranges, so that no extension (btree_gist) is needed.
    """
    points: list[tuple[Func, str]] = [
        (Func(F(key), F(key), Value("[]"), function="int8range"), RangeOperators.OVERLAPS) for key in keys
    ]
    days = Func(F("valid_from"), F("valid_to"), Value("[]"), function="daterange")
    return ExclusionConstraint(
        name=name, expressions=[*points, (days, RangeOperators.OVERLAPS)], condition=condition
    )


def ends_after_start(name: str) -> models.CheckConstraint:
    """A validity that ends does not end before it starts."""
    return models.CheckConstraint(
        condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name=name
    )


@tracked()
class Hospital(models.Model):
    """A legal entity (独立法人医院)."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)

    class Meta:
        verbose_name = "医院"
        db_table = "org_hospital"

    def __str__(self) -> str:
        return self.name


@tracked()
class Campus(models.Model):
    """A site of a hospital (院区)."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", verbose_name="医院")
    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)

    class Meta:
        verbose_name = "院区"
        db_table = "org_campus"

    def __str__(self) -> str:
        return self.name


@tracked()
class OrgUnit(models.Model):
    """A department, ward or office (科室). Its validity says whether it exists on a day; its code is never reused."""

    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)
    short_name = models.CharField("简称", max_length=50, blank=True)
    pinyin = models.CharField("拼音码", max_length=100, blank=True, help_text="按名称生成，可改")
    valid_from = models.DateField("启用日期", default=dt.date(2000, 1, 1))
    valid_to = models.DateField("停用日期", null=True, blank=True, help_text="最后一个有效日；空为一直有效")
    merged_into = models.ForeignKey(
        "self", models.PROTECT, related_name="+", verbose_name="并入科室", null=True, blank=True
    )

    class Meta:
        verbose_name = "科室"
        db_table = "org_unit"
        indexes = [models.Index(fields=["pinyin"], name="org_unit_pinyin")]
        constraints = [
            ends_after_start("org_unit_validity"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(valid_to__isnull=False),
                name="org_unit_merged_is_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_active_on(self, on: dt.date) -> bool:
        """Whether the unit exists on the day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@tracked()
class OrgTreeEdge(models.Model):
    """From a day to a day, ``unit`` stands under ``parent`` in one tree; without parent it is at the top of it.

    The database refuses overlapping validities of one unit in one tree, and a cycle on any day.
    """

    tree = models.CharField("树", max_length=10, choices=Tree.choices)
    unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    parent = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="上级", null=True, blank=True
    )
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "科室隶属"
        db_table = "org_tree_edge"
        indexes = [models.Index(fields=["tree", "parent"], name="org_tree_edge_children")]
        constraints = [
            ends_after_start("org_tree_edge_validity"),
            models.CheckConstraint(condition=Q(tree__in=Tree.values), name="org_tree_edge_tree"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("unit")), name="org_tree_edge_not_self"
            ),
            *(
                no_overlap(f"org_tree_edge_{tree}_no_overlap", "unit_id", condition=Q(tree=tree))
                for tree in Tree.values
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_tree_display()}：{self.unit_id} → {self.parent_id or '顶级'}"


@tracked()
class OrgUnitCategory(models.Model):
    """From a day to a day, the accounting unit is of this 科室类别; never two on one day."""

    unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    category = models.CharField("科室类别", max_length=10, choices=UnitCategory.choices)
    setting = models.CharField("门诊/住院", max_length=10, choices=Setting.choices, default=Setting.NONE)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "科室类别"
        db_table = "org_unit_category"
        constraints = [
            ends_after_start("org_unit_category_validity"),
            models.CheckConstraint(
                condition=Q(category__in=UnitCategory.values), name="org_unit_category_known"
            ),
            models.CheckConstraint(
                condition=Q(setting=Setting.NONE)
                | Q(setting__in=[Setting.OUTPATIENT, Setting.INPATIENT], category=UnitCategory.CLINICAL),
                name="org_unit_category_setting",
            ),
            no_overlap("org_unit_category_no_overlap", "unit_id"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.get_category_display()}"
