"""Qualifications (资质): licences of suppliers and makers, certificates of products, and who may sell for whom."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.logistics.models import Item, Supplier
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models.units import ends_after_start


class LicenseKind(models.TextChoices):
    BUSINESS = "business", "营业执照"
    PRODUCTION = "production", "生产许可证"
    OPERATION = "operation", "经营许可证 / 经营备案"
    REGISTRATION = "registration", "产品注册证"
    FILING = "filing", "产品备案凭证"
    IMPORT = "import", "进口授权"
    SALESPERSON = "salesperson", "销售人员授权"
    INSPECTION = "inspection", "检验 / 合格证明"
    COLD_CHAIN = "cold_chain", "冷链能力证明"
    QUALITY = "quality", "质量保证协议"
    INTEGRITY = "integrity", "廉洁购销协议"
    DISINFECTION = "disinfection", "消毒产品卫生许可"
    HAZARDOUS = "hazardous", "危险化学品经营许可"


PRODUCT_KINDS = (LicenseKind.REGISTRATION, LicenseKind.FILING)


@tracked()
class License(models.Model):
    """A paper with its validity. It belongs to a supplier, or to a maker by name; certificates cover items by number.

    A renewal is a new row; ``renewing`` with the acceptance number keeps an expired one usable while it is decided.
    """

    kind = models.CharField("种类", max_length=12, choices=LicenseKind.choices)
    number = models.CharField("证号", max_length=60, db_index=True)
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="licenses", null=True, blank=True, verbose_name="供应商"
    )
    manufacturer = models.CharField("生产企业 / 注册人", max_length=100, blank=True)
    issuer = models.CharField("发证机关", max_length=100, blank=True)
    valid_from = models.DateField("发证日期")
    valid_to = models.DateField("有效期至", null=True, blank=True, help_text="长期有效留空")
    scope_codes = models.CharField("经营范围（分类编码）", max_length=300, blank=True)
    scope_text = models.CharField("经营范围（原文）", max_length=500, blank=True)
    renewing = models.BooleanField("延续受理中", default=False)
    renewal_number = models.CharField("受理号", max_length=60, blank=True)
    is_active = models.BooleanField("有效（未吊销、未注销）", default=True)

    class Meta:
        verbose_name = "资质证照"
        db_table = "logistics_license"
        ordering = ("valid_to", "kind")
        constraints = [
            ends_after_start("logistics_license_days"),
            models.CheckConstraint(
                condition=Q(supplier__isnull=False, manufacturer="")
                | (Q(supplier__isnull=True) & ~Q(manufacturer="")),
                name="logistics_license_has_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(renewing=False) | ~Q(renewal_number=""), name="logistics_renewal_has_its_number"
            ),
        ]
        indexes = [models.Index(fields=["valid_to"], name="logistics_license_until")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def owner(self) -> str:
        return self.supplier.name if self.supplier is not None else self.manufacturer

    def holds_on(self, day: dt.date) -> bool:
        return self.is_active and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class LicenseFile(AppendOnlyModel):
    """A scanned original. It stays: what was seen at receipt must be found again."""

    license = models.ForeignKey(License, models.PROTECT, related_name="files", verbose_name="证照")
    name = models.CharField("文件名", max_length=200)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("大小")
    mime = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "证照附件"
        db_table = "logistics_license_file"

    def __str__(self) -> str:
        return self.name


@tracked()
class Authorisation(models.Model):
    """One step of a chain: the maker (no grantor), or a dealer who is authorised himself, lets ``grantee`` sell."""

    manufacturer = models.CharField("生产企业", max_length=100, db_index=True)
    grantor = models.ForeignKey(
        Supplier,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="授权方（空为生产企业）",
    )
    grantee = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="被授权方")
    number = models.CharField("授权书编号", max_length=60, blank=True)
    scope_text = models.CharField("授权范围", max_length=300, blank=True)
    valid_from = models.DateField("授权起")
    valid_to = models.DateField("授权止")
    is_active = models.BooleanField("有效（未撤销）", default=True)

    class Meta:
        verbose_name = "授权书"
        db_table = "logistics_authorisation"
        ordering = ("manufacturer", "valid_to")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="logistics_authorisation_days"
            ),
            models.CheckConstraint(
                condition=Q(grantor=None) | ~Q(grantor=F("grantee")),
                name="logistics_authorisation_of_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manufacturer} → {self.grantee}"


@tracked()
class Override(models.Model):
    """An exception from one gate, for a supplier or an item, for some days. It holds once two people have signed."""

    class Check(models.TextChoices):
        LICENSE = "license", "供应商证照"
        CERTIFICATE = "certificate", "产品注册证"
        AUTHORISATION = "authorisation", "授权链"
        SCOPE = "scope", "经营范围"
        PRICE = "price", "协议价"
        CATALOGUE = "catalogue", "供应目录"

    check_code = models.CharField("放行事项", max_length=14, choices=Check.choices)
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="供应商"
    )
    item = models.ForeignKey(
        Item, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="物资"
    )
    reason = models.CharField("理由", max_length=300)
    valid_from = models.DateField("放行起")
    valid_to = models.DateField("放行止")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间", editable=False)
    head_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="科长",
    )
    head_at = models.DateTimeField("科长签署", null=True, editable=False)
    quality_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="质控",
    )
    quality_at = models.DateTimeField("质控签署", null=True, editable=False)
    revoked_at = models.DateTimeField("撤销时间", null=True, editable=False)

    class Meta:
        verbose_name = "关口放行"
        db_table = "logistics_override"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="logistics_override_days"),
            models.CheckConstraint(
                condition=Q(supplier__isnull=False) | Q(item__isnull=False), name="logistics_override_names_something"
            ),
            models.CheckConstraint(
                condition=Q(head_by=None) | Q(quality_by=None) | ~Q(head_by=F("quality_by")),
                name="logistics_override_two_people",
            ),
            models.CheckConstraint(
                condition=Q(head_by__isnull=True, head_at__isnull=True) | Q(head_by__isnull=False, head_at__isnull=False),
                name="logistics_override_head_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(quality_by__isnull=True, quality_at__isnull=True)
                | Q(quality_by__isnull=False, quality_at__isnull=False),
                name="logistics_override_quality_is_whole",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_check_code_display()} {self.item or self.supplier}"
