"""The register of partners: their addresses, their secrets, whether we talk to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hrp.platform.base import vault
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.exchange.models import Partner
from hrp.platform.notify import http

LEAST_SECRET = 16
FIELDS = ("title", "url", "allowed", "timeout_s", "user_id")


@transaction.atomic
def save(*, pk: int | None, values: Mapping[str, Any]) -> Partner:
    """Create or change one. The code stays; the address must lie within what is allowed."""
    row = (
        Partner.objects.filter(pk=pk).first()
        if pk is not None
        else Partner(code=str(values.get("code", "")).strip())
    )
    if row is None:
        raise NotFound("没有这个接口伙伴", way_out="请刷新页面。")
    given = {("user_id" if name == "user" else name): value for name, value in values.items()}
    for name in FIELDS:
        if name in given:
            value = given[name]
            setattr(
                row,
                name,
                int(value) if name in ("timeout_s", "user_id") and value not in (None, "") else value,
            )
    if not row.code:
        raise Invalid("请填写编码", problems=[Problem("请填写", field="code")])
    if Partner.objects.filter(code=row.code).exclude(pk=row.pk).exists():
        raise Invalid(f"编码 {row.code} 已有", problems=[Problem("已有这个编码", field="code")])
    if not 1 <= int(row.timeout_s or 0) <= 60:
        raise Invalid("超时应为 1 至 60 秒", problems=[Problem("1 至 60", field="timeout_s")])
    if row.url and http.pair_of(row.url) not in http.allowed_pairs(row.allowed or ""):
        raise Invalid(
            "接口地址不在允许连接的地址中", problems=[Problem("请把 主机:端口 加入允许连接的地址", field="allowed")],
            way_out="一行一个 主机:端口。",
        )  # fmt: skip
    row.save()
    return row


@transaction.atomic
def set_secret(*, partner: Partner, secret: str) -> None:
    """Both ends sign with it. It is sealed and never shown again."""
    if len(secret.strip()) < LEAST_SECRET:
        raise Invalid(
            f"密钥至少 {LEAST_SECRET} 个字符",
            problems=[Problem(f"至少 {LEAST_SECRET} 个字符", field="secret")],
        )
    Partner.objects.filter(pk=partner.pk).update(secret=vault.seal(secret.strip()))


@transaction.atomic
def switch(*, partner: Partner, active: bool) -> None:
    """启用 or 停用."""
    fresh = Partner.objects.select_for_update().get(pk=partner.pk)
    if active and not fresh.secret:
        raise Conflict(f"{fresh} 还没有密钥，不能启用", code="no_secret", way_out="请先设置密钥。")
    fresh.is_active = active
    fresh.save(update_fields=["is_active"])
