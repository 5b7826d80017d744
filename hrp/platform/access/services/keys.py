"""API keys: made by their owner, shown once, kept as a hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection

from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import ApiKey, User
from hrp.platform.access.permissions import registry
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid, NotFound, Problem

MARK = "hrp_"
TOKEN_BYTES = 32
PREFIX_LENGTH = len(MARK) + 6
LONGEST = dt.timedelta(days=366)
USED_EVERY = dt.timedelta(minutes=1)


@transaction.atomic
def create_key(
    *,
    actor: User,
    name: str,
    scopes: Collection[str],
    expires_at: dt.datetime,
    machine: User | None = None,
) -> tuple[ApiKey, str]:
    """A key narrowed to ``scopes``, all of which the actor holds, for a year at most. The token is returned once.

    With ``machine`` it is the key of that machine user, so that an interface outlives whoever set it up.
    """
    if machine is not None and not machine.is_machine:
        raise Forbidden("只能为本人或系统任务建立接口密钥。", way_out="请该用户本人登录后建立。")
    if actor.narrowed_to is not None:
        raise Forbidden("不能用接口密钥再建接口密钥。", way_out="请本人登录后建立。")
    now = clock.now()
    problems = [
        Problem(f"您没有权限 {code}" if code in registry else f"权限 {code} 未登记", field="scopes")
        for code in scopes
        if not scope.has(actor, code)
    ]
    if not scopes:
        problems.append(Problem("至少选择一项权限", field="scopes"))
    if not now < expires_at <= now + LONGEST:
        problems.append(Problem("到期时间须在今后一年之内", field="expires_at"))
    if not name.strip():
        problems.append(Problem("请写明用途", field="name"))
    if problems:
        raise Invalid("不能建立接口密钥。", problems=problems, way_out="请按提示修改后重试。")
    token = MARK + secrets.token_urlsafe(TOKEN_BYTES)
    key = ApiKey.objects.create(
        user=machine or actor,
        name=name.strip(),
        prefix=token[:PREFIX_LENGTH],
        digest=_digest(token),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        created_at=now,
        created_by=actor,
    )
    audit.record(
        actor=actor,
        act="access.key.create",
        target=f"access.api_key:{key.pk}",
        summary=f"建立接口密钥 {key.prefix}…（{key.name}）",
        data={"scopes": key.scopes},
    )
    return key, token


@transaction.atomic
def revoke_key(*, actor: User, key_id: int) -> None:
    """The owner, or the security administrator, makes a key worthless at once."""
    key = ApiKey.objects.filter(pk=key_id, revoked_at=None).select_related("user").first()
    if key is None or not (key.user == actor or scope.has(actor, "security.key.revoke")):
        raise NotFound("没有找到该接口密钥，可能已经吊销。", way_out="请刷新列表。")
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    audit.record(
        actor=actor,
        act="access.key.revoke",
        target=f"access.api_key:{key.pk}",
        summary=f"吊销接口密钥 {key.prefix}…（{key.name}）",
    )


def user_of(token: str) -> User | None:
    """The owner of a live key, narrowed to its scopes; None for any other token."""
    if not token.startswith(MARK):
        return None
    now = clock.now()
    key = (
        ApiKey.objects.select_related("user")
        .filter(digest=_digest(token), revoked_at=None, expires_at__gt=now)
        .first()
    )
    if key is None or not (key.user.may_sign_in or (key.user.is_machine and key.user.is_active)):
        return None
    if key.last_used_at is None or now - key.last_used_at > USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    user = key.user
    user.narrowed_to = frozenset(key.scopes)
    return user


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
