"""The contract, its yearly parts, its signed versions and interpretations, and who stands on which side."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.platform.base import clock
from hrp.platform.org.models import Hospital


class Side(models.TextChoices):
    """The two parties; what the product does by itself is done by neither."""

    HOSPITAL = "hospital", "甲方"
    SUPPLIER = "supplier", "乙方"
    SYSTEM = "system", "系统"


PARTIES = (Side.HOSPITAL.value, Side.SUPPLIER.value)


def signature_constraints(name: str) -> list[models.CheckConstraint]:
    """A signature is a signer and an instant, or neither."""
    return [
        models.CheckConstraint(
            condition=Q(**{f"{side}_signer__isnull": True, f"{side}_signed_at__isnull": True})
            | Q(**{f"{side}_signer__isnull": False, f"{side}_signed_at__isnull": False}),
            name=f"{name}_{side}_signature",
        )
        for side in PARTIES
    ]


class Contract(models.Model):
    """A maintenance contract (运维服务合同) and its service period; both dates are included."""

    number = models.CharField("合同编号", max_length=50, unique=True)
    name = models.CharField("合同名称", max_length=100)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", verbose_name="甲方")
    supplier_name = models.CharField("乙方", max_length=100)
    hotline = models.CharField("服务热线", max_length=50)
    starts_on = models.DateField("服务期起")
    ends_on = models.DateField("服务期止")

    class Meta:
        verbose_name = "运维合同"
        db_table = "operations_contract"
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="operations_contract_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class AnnualContract(models.Model):
    """One year of the service period (一年一签). Unsigned years give no cover: their tickets count as shadow."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", verbose_name="运维合同")
    number = models.CharField("年度合同编号", max_length=50, unique=True)
    starts_on = models.DateField("起始日")
    ends_on = models.DateField("截止日")
    signed_on = models.DateField("签订日", null=True, blank=True)

    class Meta:
        verbose_name = "年度合同"
        db_table = "operations_annual_contract"
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="operations_annual_period")
        ]

    def __str__(self) -> str:
        return self.number


class ContractVersion(models.Model):
    """The figures of the contract from ``valid_from`` on: one canonical JSON text and its SHA-256.

    The database computes the hash check, and refuses every change once either party has signed. A version is in
    force when both have; the latest such version not after an instant governs what is first reported then.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", verbose_name="运维合同")
    number = models.PositiveIntegerField("版本")
    valid_from = models.DateTimeField("生效时间")
    body = models.TextField("条款数据")
    sha256 = models.CharField("SHA-256", max_length=64)
    note = models.CharField("变更说明", max_length=200, blank=True)
    created_at = models.DateTimeField("建立时间", default=clock.now)
    hospital_signer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="甲方签署人",
    )
    hospital_signed_at = models.DateTimeField("甲方签署时间", null=True, blank=True)
    supplier_signer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="乙方签署人",
    )
    supplier_signed_at = models.DateTimeField("乙方签署时间", null=True, blank=True)

    class Meta:
        verbose_name = "合同版本"
        db_table = "operations_contract_version"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="operations_version_number"),
            *signature_constraints("operations_version"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 版"

    @property
    def is_signed(self) -> bool:
        return self.hospital_signed_at is not None and self.supplier_signed_at is not None


class Interpretation(models.Model):
    """One reading of an open point (释义), signed by both parties; unchangeable from the first signature on."""

    version = models.ForeignKey(ContractVersion, models.PROTECT, related_name="+", verbose_name="合同版本")
    code = models.CharField("编号", max_length=10)
    question = models.CharField("问题", max_length=200)
    reading = models.TextField("双方理解")
    reason = models.CharField("依据", max_length=200)
    hospital_signer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="甲方签署人",
    )
    hospital_signed_at = models.DateTimeField("甲方签署时间", null=True, blank=True)
    supplier_signer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="乙方签署人",
    )
    supplier_signed_at = models.DateTimeField("乙方签署时间", null=True, blank=True)

    class Meta:
        verbose_name = "释义"
        db_table = "operations_interpretation"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="operations_interpretation_code"),
            *signature_constraints("operations_interpretation"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.question}"


class PartyMember(models.Model):
    """On which side a user stands. Nobody stands on both."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="用户"
    )
    side = models.CharField("所属方", max_length=10, choices=Side.choices)

    class Meta:
        verbose_name = "合同人员"
        db_table = "operations_party_member"
        constraints = [models.CheckConstraint(condition=Q(side__in=PARTIES), name="operations_member_side")]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.user}"


class PartyRole(models.Model):
    """A role title of the contract (值班工程师, 甲方系统主管工程师 ...) that a member fills."""

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="roles", verbose_name="人员")
    title = models.CharField("角色", max_length=50)

    class Meta:
        verbose_name = "合同角色"
        db_table = "operations_party_role"
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["member", "title"], name="operations_party_role_once")]

    def __str__(self) -> str:
        return self.title
