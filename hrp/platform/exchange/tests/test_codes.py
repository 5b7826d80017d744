"""Bar codes: what is drawn decodes to what was asked, and what cannot be drawn is refused in words."""

import re

import pytest
from barcode.charsets import code128
from defusedxml.ElementTree import fromstring

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.codes import code128_svg, qr_png, qr_svg


def modules_of(svg: str) -> str:
    width = int(re.search(r'viewBox="0 0 (\d+) 1"', svg)[1])
    modules = ["0"] * width
    for start, length in re.findall(r"M(\d+) 0h(\d+)v1", svg):
        modules[int(start) : int(start) + int(length)] = ["1"] * int(length)
    return "".join(modules)


def decoded(svg: str) -> str:
    """Code 128 sets B and C, with the check symbol verified."""
    modules = modules_of(svg).strip("0")
    stop = code128.STOP + "11"
    assert modules.endswith(stop)
    body = modules[: -len(stop)]
    symbols = [code128.CODES.index(body[i : i + 11]) for i in range(0, len(body), 11)]
    assert (symbols[0] + sum(i * s for i, s in enumerate(symbols[1:-1], 1))) % 103 == symbols[-1]
    text, charset = "", {103: "A", 104: "B", 105: "C"}[symbols[0]]
    for symbol in symbols[1:-1]:
        if charset == "C" and symbol < 100:
            text += f"{symbol:02d}"
        elif symbol in (99, 100, 101) and {99: "C", 100: "B", 101: "A"}[symbol] != charset:
            charset = {99: "C", 100: "B", 101: "A"}[symbol]
        else:
            assert symbol < 96
            text += chr(symbol + 32)
    return text


@pytest.mark.parametrize("text", ["CK202611-0001", "6901234567892", "A", "a b~!", "ZC-2026-000123", "0001"])
def test_code128_reads_back(text: str) -> None:
    assert decoded(code128_svg(text)) == text


def test_both_are_inline_xml_without_outside_references() -> None:
    for svg in (code128_svg("<&>\"'"), qr_svg("https://h/?a=1&b=<2>", title="<单据>")):
        assert fromstring(svg).tag.endswith("svg")
        assert "href" not in svg
    assert qr_png("出库单").startswith(b"\x89PNG")


@pytest.mark.parametrize("text", ["", "  ", "出库单", "a\n", "\x7f", "x" * 49])
def test_code128_refuses(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        code128_svg(text)
    assert refusal.value.way_out


@pytest.mark.parametrize("text", ["", "x" * 1001, "院" * 400, "a\x00b", "\ud800"])
def test_qr_refuses(text: str) -> None:
    with pytest.raises(Invalid):
        qr_svg(text)
