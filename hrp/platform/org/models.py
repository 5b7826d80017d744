"""Registers of the organisation: hospitals, campuses and org units."""

from __future__ import annotations

from django.db import models


class Hospital(models.Model):
    """A legal entity (独立法人医院)."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)

    class Meta:
        verbose_name = "医院"
        db_table = "org_hospital"

    def __str__(self) -> str:
        return self.name


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


class OrgUnit(models.Model):
    """A department, ward or office (科室). What it is under is effective-dated, per tree (行政, 护理, 核算)."""

    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)

    class Meta:
        verbose_name = "科室"
        db_table = "org_unit"

    def __str__(self) -> str:
        return self.name
