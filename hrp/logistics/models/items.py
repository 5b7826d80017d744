"""The dictionary of materials (物资字典)."""

from __future__ import annotations

from django.db import models

from hrp.platform.base.history import tracked
from hrp.platform.ledger.models import Account


@tracked()
class MaterialClass(models.Model):
    """Finance class of materials (财务分类): decides inventory and expense accounts."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50)
    inventory_account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="存货科目")
    expense_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name="业务费用科目"
    )
    admin_expense_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name="管理费用科目"
    )

    class Meta:
        verbose_name = "物资分类"
        db_table = "logistics_class"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


@tracked()
class Item(models.Model):
    """One spec-model of one manufacturer, the level of a UDI-DI at the unit of use. Codes are never used again."""

    class Kind(models.TextChoices):
        HIGH_VALUE = "high_value", "医用耗材-高值"
        CONSUMABLE = "consumable", "医用耗材-低值"
        REAGENT = "reagent", "试剂"
        DISINFECTANT = "disinfectant", "消毒用品"
        GENERAL = "general", "总务物资"
        OFFICE = "office", "办公用品"
        LINEN = "linen", "被服"
        PRINTED = "printed", "印刷品"
        SPARE = "spare", "维修配件"
        DURABLE = "durable", "低值易耗品"
        FOOD = "food", "食材"
        HAZARDOUS = "hazardous", "危化品"

    class Status(models.TextChoices):
        DRAFT = "draft", "待准入"
        ACTIVE = "active", "使用中"
        FROZEN = "frozen", "暂停"
        RETIRED = "retired", "已淘汰"

    class Origin(models.TextChoices):
        DOMESTIC = "domestic", "国产"
        IMPORTED = "imported", "进口"

    class DeviceClass(models.TextChoices):
        NONE = "", "非医疗器械"
        ONE = "1", "Ⅰ类"
        TWO = "2", "Ⅱ类"
        THREE = "3", "Ⅲ类"

    class Level(models.TextChoices):
        NONE = "", "不分级"
        ONE = "1", "Ⅰ级"
        TWO = "2", "Ⅱ级"
        THREE = "3", "Ⅲ级"

    class Hazard(models.TextChoices):
        NONE = "", "无"
        PRECURSOR = "precursor", "易制毒"
        EXPLOSIVE = "explosive", "易制爆"
        FLAMMABLE = "flammable", "易燃"
        RADIOACTIVE = "radioactive", "放射性"

    class Trace(models.TextChoices):
        NONE = "none", "不追溯"
        LOT = "lot", "按批号"
        UNIT = "unit", "一物一码"

    class CostMethod(models.TextChoices):
        BATCH = "batch", "个别计价（批次）"
        MOVING_AVERAGE = "moving_average", "移动加权平均"
        FIFO = "fifo", "先进先出"
        MONTH_AVERAGE = "month_average", "月末一次加权平均"

    class ExpiryMode(models.TextChoices):
        LAST_USABLE_DAY = "last_usable_day", "有效期至（当日可用）"
        FIRST_UNUSABLE_DAY = "first_unusable_day", "失效日期（当日起不可用）"

    class Rank(models.TextChoices):
        NONE = "", "未分类"
        A = "A", "A"
        B = "B", "B"
        C = "C", "C"

    class Ved(models.TextChoices):
        NONE = "", "未分类"
        VITAL = "V", "V 生命必需"
        ESSENTIAL = "E", "E 重要"
        DESIRABLE = "D", "D 一般"

    code = models.CharField("物资编码", max_length=20, unique=True)
    name = models.CharField("物资名称", max_length=100)
    generic_name = models.CharField("通用名", max_length=100, blank=True)
    spec = models.CharField("规格型号", max_length=100, blank=True)
    brand = models.CharField("品牌", max_length=50, blank=True)
    pinyin = models.CharField("拼音码", max_length=100, blank=True, db_index=True)
    unit = models.CharField("单位", max_length=10)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    material_class = models.ForeignKey(
        MaterialClass, models.PROTECT, related_name="+", verbose_name="财务分类"
    )
    manufacturer = models.CharField("生产企业", max_length=100, blank=True)
    origin = models.CharField("产地", max_length=10, choices=Origin.choices, default=Origin.DOMESTIC)
    barcode = models.CharField("条码 / DI", max_length=40, blank=True, db_index=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.ACTIVE)
    # the device
    device_class = models.CharField(
        "器械类别", max_length=1, choices=DeviceClass.choices, blank=True, default=""
    )
    category_2002 = models.CharField("分类编码（2002版）", max_length=4, blank=True)
    category_2017 = models.CharField("分类目录（2017版）", max_length=10, blank=True)
    registration_number = models.CharField("注册证号 / 备案号", max_length=40, blank=True, db_index=True)
    insurance_code = models.CharField("医保耗材编码", max_length=27, blank=True)
    tender_code = models.CharField("招采编码", max_length=40, blank=True)
    charge_item = models.CharField("收费项目编码", max_length=40, blank=True)
    chargeable = models.BooleanField("可单独收费", default=False)
    implant = models.BooleanField("植入", default=False)
    intervention = models.BooleanField("介入", default=False)
    single_use = models.BooleanField("一次性使用", default=True)
    sterile = models.BooleanField("无菌", default=False)
    use_level = models.CharField("使用级别", max_length=1, choices=Level.choices, blank=True, default="")
    key_monitored = models.BooleanField("重点监控", default=False)
    volume_based = models.BooleanField("集中带量采购", default=False)
    # how it is kept
    cold_chain = models.BooleanField("冷链", default=False)
    storage = models.CharField("储存条件", max_length=50, blank=True)
    hazard = models.CharField("危险性", max_length=12, choices=Hazard.choices, blank=True, default="")
    trace_mode = models.CharField("追溯", max_length=5, choices=Trace.choices, default=Trace.LOT)
    lot_required = models.BooleanField("管理批号", default=True)
    expiry_required = models.BooleanField("管理效期", default=True)
    expiry_mode = models.CharField(
        "效期含义", max_length=20, choices=ExpiryMode.choices, default=ExpiryMode.LAST_USABLE_DAY
    )
    shelf_life_months = models.PositiveSmallIntegerField("保质期（月）", null=True, blank=True)
    consigned = models.BooleanField("寄售", default=False)
    # how it is valued and replenished
    cost_method = models.CharField(
        "计价方法", max_length=20, choices=CostMethod.choices, default=CostMethod.BATCH
    )
    over_receive_percent = models.DecimalField("允许超收（%）", max_digits=5, decimal_places=2, default=0)
    lead_days = models.PositiveSmallIntegerField("采购周期（天）", default=7)
    pack = models.PositiveIntegerField("采购包装", default=1)
    abc = models.CharField("ABC", max_length=1, choices=Rank.choices, blank=True, default="")
    ved = models.CharField("VED", max_length=1, choices=Ved.choices, blank=True, default="")

    class Meta:
        verbose_name = "物资"
        db_table = "logistics_item"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(trace_mode="unit") | models.Q(cost_method="batch"),
                name="logistics_item_unit_is_batch_valued",
            ),
            models.CheckConstraint(
                condition=models.Q(over_receive_percent__gte=0), name="logistics_item_over_receive"
            ),
            models.CheckConstraint(condition=models.Q(pack__gt=0), name="logistics_item_pack"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.spec}".strip()

    @property
    def is_active(self) -> bool:
        """Whether it may be bought and issued; what is paused or retired may only leave or be counted."""
        return self.status == self.Status.ACTIVE
