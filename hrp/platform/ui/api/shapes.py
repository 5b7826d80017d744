"""Request bodies made from declarations, and documents and rows as plain JSON data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field, create_model

from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.ui.inputs import Input


class ActBody(Schema):
    reason: str = Field("", description="驳回、作废、红冲的原因，或审核意见", max_length=300)
    on: dt.date | None = Field(None, description="红冲日期，默认今天")
    version: int | None = Field(None, description="所见版本；与当前版本不同则拒绝")


def body_of(name: str, inputs: Sequence[Input], lines: Sequence[Input] | None = None) -> type[Schema]:
    """The schema of a write. Look-ups take an id (number) or a code (text); numbers may be sent as texts."""
    header = create_model(f"{name}Header", __base__=Schema, **_fields(inputs))
    parts: dict[str, Any] = {"header": (header, ...)}
    if lines is not None:
        line = create_model(f"{name}Line", __base__=Schema, **_fields(lines))
        parts["lines"] = (list[line], Field(default_factory=list))  # type: ignore[valid-type]
        parts["version"] = (int | None, Field(None, description="修改草稿时所见版本"))
    made: type[Schema] = create_model(f"{name}Body", __base__=Schema, **parts)
    return made


def _fields(inputs: Sequence[Input]) -> dict[str, Any]:
    return {
        one.name: (str | int | Decimal | bool | None, Field(None, description=_words(one)))
        for one in inputs
        if not one.readonly
    }


def _words(one: Input) -> str:
    kind = {
        "register": "编码或 id",
        "date": "日期 YYYY-MM-DD",
        "money": "金额（元）",
        "quantity": "数量",
    }.get(one.kind, "")
    choices = "、".join(f"{value}={title}" for value, title in one.choices)
    return "；".join(part for part in (one.title, kind, choices, "必填" if one.required else "") if part)


def as_typed(inputs: Sequence[Input], given: Mapping[str, Any]) -> dict[str, str]:
    """What was sent, in the form it would have been typed: an id picks, a text is looked up as a code."""
    typed: dict[str, str] = {}
    for one in inputs:
        value = given.get(one.name)
        if value is None:
            continue
        if one.kind == "register" and not isinstance(value, int):
            typed[f"{one.name}.text"] = str(value)
        elif isinstance(value, bool):
            typed[one.name] = "1" if value else ""
        else:
            typed[one.name] = str(value)
    for name, text in typed.items():
        if "\x00" in text:
            problem = Problem(_("含有非法字符（NUL）"), field=name)
            raise Invalid(_("内容里含有非法字符。"), problems=[problem], way_out=_("请删除不可见字符。"))
    return typed


def plain(value: Any) -> Any:
    """A stored value as JSON: decimals as texts, so that no reader rounds them."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, models.Model):
        return value.pk
    return value


def row_of(inputs: Sequence[Input], obj: Any) -> dict[str, Any]:
    """An object's declared fields; a look-up gives its id and, beside it, its words."""
    found: dict[str, Any] = {}
    for one in inputs:
        if one.model_field is None:
            continue
        found[one.name] = plain(getattr(obj, one.model_field.attname, None))
        if one.kind == "register" and found[one.name] is not None:
            found[f"{one.name}_text"] = str(getattr(obj, one.name))
    return found
