"""特批: what somebody with the right to do so let in although a rule speaks against it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Item, Supplier
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import UnitPriceField


class Concession(AppendOnlyModel):
    """One batch with too little life left, or one price other than ordered, let in by another than who asked."""

    class Kind(models.TextChoices):
        LIFE = "life", "剩余效期不足"
        PRICE = "price", "价格与订单不符"

    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    lot = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期至", null=True)
    price = UnitPriceField("含税单价", null=True)
    source = models.CharField("来源单据", max_length=100)
    reason = models.CharField("原因", max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="批准人"
    )
    decided_at = models.DateTimeField("批准时间")

    class Meta:
        verbose_name = "特批"
        db_table = "logistics_concession"
        ordering = ("-id",)
        indexes = [models.Index(fields=["item", "supplier"], name="logistics_concession_of")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(asked_by=models.F("decided_by")), name="logistics_concession_by_another"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="life", expiry__isnull=False, price=None)
                | models.Q(kind="price", price__isnull=False),
                name="logistics_concession_names_its_matter",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="logistics_concession_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.item}"
