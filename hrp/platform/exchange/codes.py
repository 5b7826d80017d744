"""QR and Code 128 as inline SVG: for pages, for typst, for labels. Nothing is fetched, nothing is rasterised."""

from __future__ import annotations

import io
from decimal import Decimal

import segno
from barcode.codex import Code128
from barcode.writer import SVGWriter
from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid

QR_LIMIT = 1000  # bytes; more makes modules too small for the scanners in a store room
CODE128_LIMIT = 48
GS = "\x1d"  # the separator in device codes: data, though it cannot be seen


def qr_svg(text: str, *, title: str = "", error: str = "m") -> str:
    """An ``<svg>`` element with a viewBox and no fixed size, quiet zone included. ``error`` is L, M, Q or H."""
    _checked(text.replace(GS, ""), QR_LIMIT)
    return segno.make(text, error=error, micro=False, boost_error=False).svg_inline(
        border=2, omitsize=True, title=title or None, dark="#000", light=None
    )


def qr_png(text: str, *, scale: int = 6) -> bytes:
    """The same code as a black-and-white PNG, for Word."""
    _checked(text, QR_LIMIT)
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="png", scale=scale, border=2)
    return buffer.getvalue()


def code128_svg(
    text: str, *, module_mm: Decimal = Decimal("0.25"), height_mm: int = 9, quiet: int = 10
) -> str:
    """Bars only, as an ``<svg>`` whose viewBox counts modules, so that it scales without blurring.

    ``text`` is printable ASCII of at most 48 characters; ``quiet`` modules of white stand on both sides.
    """
    _checked(text, CODE128_LIMIT)
    if not all(32 <= ord(character) < 127 for character in text):
        raise Invalid(
            _("条形码“{text}”含有 Code128 不能表示的字符。").format(text=text[:40]),
            way_out=_("条形码只能用英文字母、数字和半角符号；中文请改用二维码。"),
            code="barcode_characters",
        )
    modules: str = Code128(text, writer=SVGWriter()).build()[0]
    width = len(modules) + 2 * quiet
    bars = []
    start = None
    for index, module in enumerate(modules + "0"):
        if module == "1" and start is None:
            start = index
        elif module == "0" and start is not None:
            bars.append(f"M{start + quiet} 0h{index - start}v1h-{index - start}z")
            start = None
    size = f'width="{width * module_mm}mm" height="{height_mm}mm"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} 1" preserveAspectRatio="none" '
        f'shape-rendering="crispEdges"><path d="{"".join(bars)}"/></svg>'
    )


def _checked(text: str, limit: int) -> None:
    if not text or not text.strip():
        raise Invalid(
            _("没有内容可以编成条码。"), way_out=_("请先保存单据，取得编号后再打印。"), code="barcode_empty"
        )
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        raise Invalid(
            _("条码内容超过 {limit} 字节。").format(limit=limit),
            way_out=_("请缩短内容。"),
            code="barcode_too_long",
        )
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise Invalid(
            _("条码内容含有控制字符。"), way_out=_("请删除换行等控制字符。"), code="barcode_characters"
        )
