"""租入登记: what is leased, rented or placed with us, until when, for how much, and what was paid for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


@tracked()
class Lease(models.Model):
    """A contract from a day to a day. Only what is financed stands in the books; the rest are memo cards."""

    class Kind(models.TextChoices):
        FINANCE = "finance", "融资租入"
        OPERATING = "operating", "经营租入"
        PLACED = "placed", "设备投放"

    class End(models.TextChoices):
        RETURN = "return", "退还"
        OWNERSHIP = "ownership", "取得所有权"

    number = models.CharField("合同号", max_length=60, unique=True)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    lessor = models.CharField("出租方 / 投放方", max_length=100)
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="经办科室")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止")
    rent = MoneyField("每期租金", default=0)
    every_months = models.PositiveSmallIntegerField("每几个月一期", default=1, help_text="0 为一次付清")
    passes_ownership = models.BooleanField("期满转移所有权", default=False)
    ended_on = models.DateField("结束日期", null=True, blank=True, editable=False)
    ended_how = models.CharField(
        "结束方式", max_length=10, choices=End.choices, blank=True, default="", editable=False
    )
    note = models.CharField("约定", max_length=300, blank=True)

    class Meta:
        verbose_name = "租入合同"
        db_table = "assets_lease"
        ordering = ("ends_on", "number")
        constraints = [
            not_negative("rent", name="assets_lease_rent"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="assets_lease_days"),
            models.CheckConstraint(
                condition=Q(ended_on=None, ended_how="") | (Q(ended_on__isnull=False) & ~Q(ended_how="")),
                name="assets_lease_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(kind="placed") | Q(rent=0), name="assets_lease_placed_is_free"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.lessor}"


@tracked()
class LeaseCard(models.Model):
    """A card under a lease."""

    lease = models.ForeignKey(Lease, models.CASCADE, related_name="cards", verbose_name="租入合同")
    asset = models.OneToOneField(Asset, models.PROTECT, related_name="lease_card", verbose_name="资产")

    class Meta:
        verbose_name = "租入资产"
        db_table = "assets_lease_card"
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.asset)


class LeasePayment(AppendOnlyModel):
    """What was paid of one instalment; the voucher is finance's. A mistake is taken back by a negative one."""

    lease = models.ForeignKey(Lease, models.PROTECT, related_name="payments", verbose_name="租入合同")
    due_on = models.DateField("应付日期")
    paid_on = models.DateField("付款日期")
    amount = MoneyField("金额")
    voucher = models.CharField("凭证号", max_length=60, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "租金支付"
        db_table = "assets_lease_payment"
        ordering = ("due_on", "id")
        constraints = [
            models.CheckConstraint(
                condition=is_number("amount") & ~Q(amount=0), name="assets_lease_payment_amount"
            )
        ]

    def __str__(self) -> str:
        return f"{self.due_on} {self.amount:,.2f}"
