"""PDF by typst. Data goes in as data; templates never build markup from it, and nothing is fetched."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import gettext as _

from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.exchange import fonts

TEMPLATES = Path(__file__).parent / "typst"
_CJK_FAMILY = re.compile(
    r"(Noto (Sans|Serif) (CJK )?SC|Source Han (Sans|Serif) (SC|CN)|WenQuanYi Micro Hei)$"
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@lru_cache(maxsize=1)
def _fonts(folders: tuple[Path, ...]) -> typst.Fonts:
    # Read once per process: scanning 90 MB of collections for every form would cost more than drawing it.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=list(folders))


def chinese() -> typst.Fonts:
    """The fonts of this machine; a refusal with the way out when none of them can draw Chinese."""
    found = _fonts(tuple(fonts.folders(Path(settings.HRP_HOME) / "fonts")))
    if not any(_CJK_FAMILY.match(family) for family in found.families()):
        raise Conflict(
            _("服务器上没有中文字体，无法生成 PDF。"),
            way_out=_(
                "请系统管理员在服务器上安装 fonts-noto-cjk（apt-get install fonts-noto-cjk），"
                "或把 Noto Serif/Sans SC 的 .otf/.ttf 字体文件放入 {folder}，然后重启服务。"
            ).format(folder=Path(settings.HRP_HOME) / "fonts"),
            code="fonts_missing",
        )
    return found


def _plain(value: Any) -> Any:
    """JSON-safe copy of data: decimals as texts, dates in ISO form, characters no font can draw removed."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int)):
        return value
    raise TypeError(f"PDF 数据中不能有 {type(value).__name__}")


def render(template: str, data: Mapping[str, Any], *, archival: bool = False) -> bytes:
    """Draw ``typst/<template>.typ`` with ``data``. ``archival`` writes PDF/A-2b for the electronic archives.

    The same data at the same instant give the same bytes. Raises Invalid for an unknown template or data the template
    cannot draw, Conflict when the server has no Chinese font.
    """
    source = TEMPLATES / f"{template}.typ"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", template) or template == "base" or not source.is_file():
        raise Invalid(
            _("没有名为“{name}”的打印模板。").format(name=template[:40]),
            way_out=_("请选择系统提供的模板。"),
            code="pdf_template",
        )
    compiler = typst.Compiler(
        input=source,
        root=TEMPLATES,
        font_paths=chinese(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_plain(data), ensure_ascii=False)},
    )
    try:
        drawn = compiler.compile(
            format="pdf",
            pdf_standards=["a-2b"] if archival else [],
            timestamp=int(clock.now().timestamp()),
            pdf_tags=False,
        )
    except typst.TypstError as error:
        raise Invalid(
            _("模板“{name}”无法用这些数据生成 PDF：{detail}。").format(
                name=template, detail=error.message[:200]
            ),
            way_out=_("请把此提示告知系统管理员。"),
            code="pdf_failed",
        ) from error
    if not isinstance(drawn, bytes):
        raise TypeError("typst 没有返回 PDF")
    return drawn
