"""Packs of instruments, what they consist of, and every step of every round they make."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Item, Supplier
from hrp.logistics.sterile import rules
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit

STATE_CHOICES = [(str(state), title) for state, title in rules.STATES.items()]


@tracked()
class PackingMaterial(models.Model):
    """What packs are wrapped in, and how long that keeps them sterile."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("包装材料", max_length=50)
    shelf_days = models.PositiveSmallIntegerField("有效期（天）")

    class Meta:
        verbose_name = "包装材料"
        db_table = "logistics_packing_material"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(condition=models.Q(shelf_days__gt=0), name="logistics_packing_shelf_days")
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class PackType(models.Model):
    """A kind of pack (包类型) with its list of instruments. ``price`` is what a department is charged a round."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    pinyin = models.CharField("拼音码", max_length=60, blank=True)
    material = models.ForeignKey(PackingMaterial, models.PROTECT, related_name="+", verbose_name="包装材料")
    implant = models.BooleanField("含植入物", default=False)
    wash_programme = models.CharField("清洗程序", max_length=40, blank=True)
    sterilise_programme = models.CharField("灭菌程序", max_length=40, blank=True)
    price = MoneyField("供应价（元）", default=0)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "包类型"
        db_table = "logistics_pack_type"
        ordering = ("code",)
        constraints = [not_negative("price", name="logistics_pack_type_price")]

    def __str__(self) -> str:
        return self.name


@tracked()
class PackContent(models.Model):
    """One line of the list of instruments of a pack type."""

    pack_type = models.ForeignKey(PackType, models.PROTECT, related_name="contents", verbose_name="包类型")
    instrument = models.CharField("器械", max_length=60)
    spec = models.CharField("规格", max_length=40, blank=True)
    quantity = models.PositiveSmallIntegerField("数量")

    class Meta:
        verbose_name = "包内器械"
        db_table = "logistics_pack_content"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="logistics_pack_content_quantity")
        ]

    def __str__(self) -> str:
        return f"{self.instrument} × {self.quantity}"


@tracked()
class PackSupply(models.Model):
    """What one round of a pack type uses up: wrapping, tape, indicators. Base units of the item."""

    pack_type = models.ForeignKey(PackType, models.PROTECT, related_name="supplies", verbose_name="包类型")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="耗材")
    quantity = QuantityField("每包用量")

    class Meta:
        verbose_name = "包耗材定额"
        db_table = "logistics_pack_supply"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["pack_type", "item"], name="logistics_pack_supply_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) & is_number("quantity"), name="logistics_pack_supply_positive"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item} × {self.quantity.normalize():f}"


@tracked()
class Machine(models.Model):
    """A washer or a steriliser."""

    class Kind(models.TextChoices):
        WASHER = "washer", "清洗消毒器"
        STERILISER = "steriliser", "灭菌器"

    code = models.CharField("编号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "清洗灭菌设备"
        db_table = "logistics_sterile_machine"
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Load(models.Model):
    """One run of a steriliser (锅次)."""

    machine = models.ForeignKey(Machine, models.PROTECT, related_name="+", verbose_name="灭菌器")
    day = models.DateField("日期")
    number = models.PositiveSmallIntegerField("锅次")
    programme = models.CharField("程序", max_length=40)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="操作人"
    )
    started_at = models.DateTimeField("开始时间")
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="召回人",
    )
    recalled_at = models.DateTimeField("召回时间", null=True, blank=True)
    recall_reason = models.CharField("召回原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "灭菌锅次"
        db_table = "logistics_sterile_load"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["machine", "day", "number"], name="logistics_sterile_load_once")
        ]

    def __str__(self) -> str:
        return f"{self.machine.code} {self.day:%Y-%m-%d} 第{self.number}锅"


class LoadResult(AppendOnlyModel):
    """What one monitor of a load said. Read once; a mistake is a new load."""

    class Kind(models.TextChoices):
        PHYSICAL = "physical", "物理监测"
        CHEMICAL = "chemical", "化学监测"
        BIOLOGICAL = "biological", "生物监测"

    load = models.ForeignKey(Load, models.PROTECT, related_name="results", verbose_name="锅次")
    kind = models.CharField("监测", max_length=10, choices=Kind.choices)
    passed = models.BooleanField("合格")
    reading = models.CharField("读数", max_length=100, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "灭菌监测"
        db_table = "logistics_sterile_result"
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["load", "kind"], name="logistics_sterile_result_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {'合格' if self.passed else '不合格'}"


class ForeignSet(models.Model):
    """Instruments of a supplier brought for an operation (外来器械): listed, counted, weighed, photographed, given back.

    ``visit_no`` is whom they are kept for now; whom they were used for before, the steps of their packs say.
    """

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    name = models.CharField("器械名称", max_length=100)
    contents = models.TextField("清单")
    pieces = models.PositiveSmallIntegerField("件数")
    weight_g = models.PositiveIntegerField("重量（克）")
    has_implant = models.BooleanField("含植入物", default=False)
    visit_no = models.CharField("就诊号", max_length=40)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="接收人"
    )
    received_at = models.DateTimeField("接收时间")
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="归还经办人",
    )
    returned_at = models.DateTimeField("归还时间", null=True, blank=True)
    returned_pieces = models.PositiveSmallIntegerField("归还件数", null=True, blank=True)
    return_note = models.CharField("归还说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "外来器械"
        db_table = "logistics_foreign_set"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pieces__gt=0, weight_g__gt=0), name="logistics_foreign_set_counted"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ForeignPhoto(AppendOnlyModel):
    """How a foreign set looked when it came or went. It stays."""

    foreign_set = models.ForeignKey(
        ForeignSet, models.PROTECT, related_name="photos", verbose_name="外来器械"
    )
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
        verbose_name = "外来器械照片"
        db_table = "logistics_foreign_photo"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Pack(models.Model):
    """One pack with its bar code. ``state`` is projected from its steps by the database."""

    barcode = models.CharField("包条码", max_length=40, unique=True)
    pack_type = models.ForeignKey(PackType, models.PROTECT, related_name="+", verbose_name="包类型")
    foreign_set = models.ForeignKey(
        ForeignSet, models.PROTECT, related_name="packs", null=True, blank=True, verbose_name="外来器械"
    )
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    state = models.CharField("状态", max_length=12, choices=STATE_CHOICES, default=rules.State.NEW)
    round = models.PositiveIntegerField("循环", default=0)
    load = models.ForeignKey(
        Load, models.PROTECT, related_name="packs", null=True, blank=True, verbose_name="灭菌锅次"
    )
    expiry = models.DateField("失效日期", null=True, blank=True)
    org_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="所在科室"
    )
    registered_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "消毒包"
        db_table = "logistics_pack"
        ordering = ("-id",)
        indexes = [models.Index(fields=["state", "pack_type"], name="logistics_pack_state")]

    def __str__(self) -> str:
        return self.barcode


class PackStep(AppendOnlyModel):
    """One step of one round of a pack: who, on which machine, by which programme, in which load, with what result."""

    pack = models.ForeignKey(Pack, models.PROTECT, related_name="steps", verbose_name="消毒包")
    round = models.PositiveIntegerField("循环")
    step = models.CharField("步骤", max_length=12, choices=list(rules.STEPS.items()))
    passed = models.BooleanField("合格", default=True)
    from_state = models.CharField("原状态", max_length=12, choices=STATE_CHOICES)
    to_state = models.CharField("状态", max_length=12, choices=STATE_CHOICES)
    machine = models.ForeignKey(Machine, models.PROTECT, related_name="+", null=True, verbose_name="设备")
    programme = models.CharField("程序", max_length=40, blank=True)
    cycle_no = models.CharField("设备锅次", max_length=20, blank=True)
    load = models.ForeignKey(Load, models.PROTECT, related_name="steps", null=True, verbose_name="锅次")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", null=True, verbose_name="科室")
    visit_no = models.CharField("就诊号", max_length=40, blank=True, db_index=True)
    patient = models.CharField("患者", max_length=20, blank=True)
    expiry = models.DateField("失效日期", null=True)
    price = MoneyField("供应价", default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="操作人")
    at = models.DateTimeField("时间")
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "消毒包步骤"
        db_table = "logistics_pack_step"
        ordering = ("id",)
        indexes = [models.Index(fields=["pack", "round"], name="logistics_pack_step_round")]

    def __str__(self) -> str:
        return f"{self.pack_id} {self.get_step_display()}"


class EmergencyRelease(models.Model):
    """A pack with an implant let go before its biological monitor, by a class-5 indicator; followed up afterwards."""

    pack = models.ForeignKey(Pack, models.PROTECT, related_name="+", verbose_name="消毒包")
    load = models.ForeignKey(Load, models.PROTECT, related_name="exceptions", verbose_name="锅次")
    reason = models.CharField("原因", max_length=200)
    indicator = models.CharField("五类化学指示物批号", max_length=40)
    visit_no = models.CharField("就诊号", max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="放行人")
    at = models.DateTimeField("放行时间")
    followed_at = models.DateTimeField("追踪时间", null=True, blank=True)
    follow_up = models.CharField("追踪结果", max_length=200, blank=True)

    class Meta:
        verbose_name = "紧急放行"
        db_table = "logistics_emergency_release"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["pack", "load"], name="logistics_emergency_release_once")
        ]

    def __str__(self) -> str:
        return self.reason
