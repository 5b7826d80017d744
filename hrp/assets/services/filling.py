"""Values of a form put into a row through its own fields; what is wrong is named by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from hrp.platform.base.refusals import Invalid, Problem


def fill(row: Any, values: Mapping[str, Any]) -> list[Problem]:
    """Set each value (a row, or text and ids as a form has them) through its field; returns what could not be read."""
    problems = []
    for name, value in values.items():
        if isinstance(value, Model):
            setattr(row, name, value)
            continue
        field = row._meta.get_field(name)
        if value == "" and (field.null or field.is_relation or not field.blank):
            value = None
        try:
            setattr(row, field.attname, field.to_python(value))
        except ValidationError as error:
            problems += [Problem(message, field=name) for message in error.messages]
    return problems


def refuse(title: str, row: Any, problems: Sequence[Problem] = ()) -> None:
    """Raise Invalid naming every place of a row that is wrong, if any."""
    found = list(problems)
    if not found:
        try:
            row.full_clean()
        except ValidationError as error:
            found = [
                Problem(message, field="" if field == NON_FIELD_ERRORS else field)
                for field, said in error.message_dict.items()
                for message in said
            ]
    if found:
        raise Invalid(
            f"{title}有 {len(found)} 处需要修改", problems=found, way_out="请按标红处修改后再保存。"
        )
