"""What was agreed: prices by supplier and item, and the quantities of volume-based purchasing (集采)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.logistics.models import Item, Supplier
from hrp.platform.base.fields import QuantityField, UnitPriceField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models.units import ends_after_start, no_overlap


@tracked()
class PriceAgreement(models.Model):
    """The highest price a supplier may charge for a base unit, tax included, from a day to a day. Never two on one day."""

    class Source(models.TextChoices):
        TENDER = "tender", "中标"
        VOLUME = "volume", "集采"
        NEGOTIATED = "negotiated", "议价"
        ONE_OFF = "one_off", "临采"

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    item = models.ForeignKey(Item, models.PROTECT, related_name="agreements", verbose_name="物资")
    price = UnitPriceField("含税单价（元）")
    tax_rate = models.DecimalField("税率（%）", max_digits=5, decimal_places=2, default=13)
    valid_from = models.DateField("执行日期")
    valid_to = models.DateField("截止日期", null=True, blank=True)
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    document = models.CharField("文件 / 合同号", max_length=100, blank=True)

    class Meta:
        verbose_name = "价格协议"
        db_table = "logistics_agreement"
        ordering = ("item", "supplier", "-valid_from")
        constraints = [
            ends_after_start("logistics_agreement_days"),
            no_overlap("logistics_agreement_no_overlap", "supplier", "item"),
            not_negative("price", name="logistics_agreement_price"),
            models.CheckConstraint(
                condition=is_number("tax_rate") & Q(tax_rate__gte=0, tax_rate__lt=100), name="logistics_agreement_tax"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.supplier} {self.item}"


@tracked()
class VolumeContract(models.Model):
    """A 集采 contract: so much of a group of items between two days."""

    code = models.CharField("编号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=100)
    round_name = models.CharField("批次", max_length=50, blank=True)
    agreed = QuantityField("约定采购量")
    unit = models.CharField("单位", max_length=10)
    valid_from = models.DateField("执行起")
    valid_to = models.DateField("执行止")
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "集采合同"
        db_table = "logistics_volume_contract"
        ordering = ("-valid_from", "code")
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="logistics_volume_days"),
            models.CheckConstraint(
                condition=is_number("agreed") & Q(agreed__gt=0), name="logistics_volume_agreed"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class VolumeItem(models.Model):
    """An item of the contract's group; one not selected (非中选) competes with the selected ones and is capped."""

    contract = models.ForeignKey(VolumeContract, models.PROTECT, related_name="items", verbose_name="合同")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    selected = models.BooleanField("中选", default=True)

    class Meta:
        verbose_name = "集采品种"
        db_table = "logistics_volume_item"
        constraints = [
            models.UniqueConstraint(fields=["contract", "item"], name="logistics_volume_item_once")
        ]

    def __str__(self) -> str:
        return str(self.item)
