"""数电发票 as they came in: what the file says, before anybody matched it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Supplier
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField


class EInvoice(AppendOnlyModel):
    """One imported file; ``lines`` are its goods as text and numbers. The same invoice is never taken twice."""

    number = models.CharField("发票号码", max_length=20)
    issued_on = models.DateField("开票日期")
    seller_name = models.CharField("销售方", max_length=200)
    seller_tax_number = models.CharField("销售方税号", max_length=20)
    buyer_name = models.CharField("购买方", max_length=200, blank=True)
    buyer_tax_number = models.CharField("购买方税号", max_length=20, blank=True)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", null=True, verbose_name="供应商")
    untaxed = MoneyField("不含税金额")
    tax = MoneyField("税额")
    total = MoneyField("价税合计")
    blue_number = models.CharField("被红冲的蓝字发票", max_length=20, blank=True, default="")
    lines = models.JSONField("明细", default=list)
    file_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="导入人"
    )
    imported_at = models.DateTimeField("导入时间")

    class Meta:
        verbose_name = "数电发票"
        db_table = "logistics_einvoice"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["number", "seller_tax_number", "total"], name="logistics_einvoice_once"
            ),
            models.CheckConstraint(
                condition=models.Q(number__regex=r"^\d{20}$"), name="logistics_einvoice_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.seller_name}"
