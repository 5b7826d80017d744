"""Pinyin keys: what people type to find a name."""

from __future__ import annotations

import re


def pinyin_key(text: str) -> str:
    """The initials of a name, letters and digits kept as they are: 呼吸内科二病区 gives ``hxnkebq``, CT室 ``cts``."""
    # its dictionary takes half a second to read: when a name is written, not at every start
    from pypinyin import Style, lazy_pinyin

    initials = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))
    return re.sub(r"[^a-z0-9]", "", initials.lower())
