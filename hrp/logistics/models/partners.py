"""Who delivers."""

from __future__ import annotations

from django.db import models

from hrp.platform.base.history import tracked


@tracked()
class Supplier(models.Model):
    """Who delivers (供应商)."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)
    pinyin = models.CharField("拼音码", max_length=60, blank=True, db_index=True)
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    contact = models.CharField("联系人", max_length=50, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    payment_days = models.PositiveSmallIntegerField("账期（天）", default=60)
    bank = models.CharField("开户行", max_length=100, blank=True)
    bank_account = models.CharField("银行账号", max_length=40, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "供应商"
        db_table = "logistics_supplier"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name
