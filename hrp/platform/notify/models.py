"""Messages, their deliveries by channel, what each person wants to receive where, and the channels themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked


class Message(models.Model):
    """Something one person should know. ``dedupe_key`` is unique per recipient when given.

    After ``expires_at`` it stays in the message centre and is sent nowhere any more.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="收件人", db_index=False
    )
    kind = models.CharField("类别", max_length=60)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("正文", blank=True)
    url = models.CharField("链接", max_length=300, blank=True)
    dedupe_key = models.CharField("去重键", max_length=200, blank=True)
    created_at = models.DateTimeField("时间")
    expires_at = models.DateTimeField("过时时间", null=True)
    read_at = models.DateTimeField("已读时间", null=True)

    class Meta:
        verbose_name = "消息"
        db_table = "notify_message"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "dedupe_key"],
                condition=~models.Q(dedupe_key=""),
                name="notify_message_once",
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notify_message_recipient"),
            models.Index(
                fields=["recipient"], name="notify_message_unread", condition=models.Q(read_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One message on its way through one channel."""

    class State(models.TextChoices):
        WAITING = "waiting", "待投递"
        DELIVERED = "delivered", "已送达"
        SKIPPED = "skipped", "不适用"
        EXHAUSTED = "exhausted", "投递失败"

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries", verbose_name="消息")
    channel = models.CharField("渠道", max_length=40)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    address = models.CharField("地址", max_length=254, blank=True)
    error = models.CharField("最近错误", max_length=500, blank=True)
    tried_at = models.DateTimeField("最近尝试", null=True)
    delivered_at = models.DateTimeField("送达时间", null=True)

    class Meta:
        verbose_name = "消息投递"
        db_table = "notify_delivery"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="notify_delivery_once")]

    def __str__(self) -> str:
        return f"{self.channel} {self.get_state_display()}"


class Preference(models.Model):
    """A person's choice for one kind of message on one channel. Without a row the channel's default holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="用户")
    kind = models.CharField("类别", max_length=60)
    channel = models.CharField("渠道", max_length=40)
    wanted = models.BooleanField("接收")

    class Meta:
        verbose_name = "消息偏好"
        db_table = "notify_preference"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="notify_preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.wanted}"


@tracked(exclude=["secret"])
class Gateway(models.Model):
    """A channel that goes out by HTTP, as the administrator set it up. ``code`` is the channel's name for ever.

    ``secret`` is sealed and never shown again. ``allowed`` lists the host:port pairs that may be called, one a line;
    nothing else is ever connected to. ``needs_internet`` says whether it is dead when the hospital's line is.
    """

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "通用 Webhook"
        WECOM_ROBOT = "wecom_robot", "企业微信群机器人"
        WECOM_APP = "wecom_app", "企业微信应用消息"
        DINGTALK = "dingtalk", "钉钉机器人"
        SMS = "sms", "短信网关"
        VOICE = "voice", "语音网关"

    code = models.SlugField("渠道编码", max_length=20, unique=True)
    title = models.CharField("名称", max_length=40)
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    url = models.CharField("接口地址", max_length=300)
    allowed = models.TextField("允许连接的地址")
    secret = models.TextField("密钥（密文）", blank=True)
    account = models.CharField("账号", max_length=100, blank=True)
    headers = models.TextField("请求头", blank=True)
    body = models.TextField("请求内容", blank=True)
    expects = models.CharField("成功标志", max_length=100, blank=True)
    timeout_s = models.PositiveSmallIntegerField("超时（秒）", default=5)
    needs_internet = models.BooleanField("依赖互联网", default=True)
    by_default = models.BooleanField("默认接收", default=False)
    test_address = models.CharField("自检地址", max_length=100, blank=True)
    is_active = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = "消息渠道"
        db_table = "notify_gateway"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(timeout_s__gte=1, timeout_s__lte=30), name="notify_gateway_timeout"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def has_secret(self) -> bool:
        return bool(self.secret)


@tracked()
class ContactPoint(models.Model):
    """Where a person is reached through one kind of channel."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", "手机"
        WECOM = "wecom", "企业微信账号"
        DINGTALK = "dingtalk", "钉钉账号"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="用户")
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    address = models.CharField("号码或账号", max_length=100)

    class Meta:
        verbose_name = "联系方式"
        db_table = "notify_contact_point"
        ordering = ["user_id", "kind"]
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notify_contact_point_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.address}"


class GatewayTest(AppendOnlyModel):
    """One self-test of a channel: by the daily duty, or by somebody who pressed the button (``by``)."""

    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="+", verbose_name="渠道")
    at = models.DateTimeField("时间", default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发起人", null=True
    )
    passed = models.BooleanField("通过")
    address = models.CharField("地址", max_length=254, blank=True)
    error = models.CharField("错误", max_length=500, blank=True)
    took_ms = models.PositiveIntegerField("用时（毫秒）")

    class Meta:
        verbose_name = "渠道自检"
        db_table = "notify_gateway_test"
        ordering = ["-id"]
        indexes = [models.Index(fields=["gateway", "-at"], name="notify_gateway_test_recent")]

    def __str__(self) -> str:
        return f"{self.gateway_id} {'通过' if self.passed else '未通过'}"
