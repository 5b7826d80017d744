"""Labels as ZPL: what a printer reads is the code that a scanner reads back, whatever stands in it."""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.labels.rules import zpl
from hrp.logistics.labels.rules.zpl import Label, Printer
from hrp.logistics.rules import gs1, gs1_label

CARD = Label("医用检查手套 丁腈 M", "DS0114-05", fields=(("定数", "20 双"), ("科室", "骨科病区")))


def unescaped(text: str) -> str:
    """What ``^FH_`` makes of a field."""
    raw = re.sub(rb"_([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
    return raw.decode()


def symbol(text: str) -> str:
    found = re.search(r"\^BQN,2,\d+\^FH_\^FDMA,(.*?)\^FS", text)
    assert found
    return unescaped(found[1])


def test_a_card_as_a_printer_gets_it() -> None:
    assert zpl.one(CARD) == "\n".join(
        [
            "^XA", "^CI28", "^PW480", "^LL320",
            "^FO16,35^BQN,2,5^FH_^FDMA,DS0114-05^FS",
            "^FO162,40^A@N,24,24,E:SIMSUN.TTF^FH_^FD医用检查手套 丁腈 M^FS",
            "^FO162,68^A@N,20,20,E:SIMSUN.TTF^FH_^FD定数 20 双^FS",
            "^FO162,91^A@N,20,20,E:SIMSUN.TTF^FH_^FD科室 骨科病区^FS",
            "^BY2^FO32,236^BCN,48,N,N,N^FH_^FD>:DS0114-05^FS",
            "^FO16,291^A@N,20,20,E:SIMSUN.TTF^FH_^FDDS0114-05^FS",
            "^XZ",
        ]
    )  # fmt: skip


def test_our_own_code_has_its_fixed_lengths_first_and_its_separator() -> None:
    piece = gs1_label.Label(
        "06901234567892", dt.date(2026, 1, 31), dt.date(2028, 1, 31), "LOT7", "YN000000001"
    )
    code = gs1_label.element_string(piece, reference_year=2026)
    assert code == "0106901234567892" + "11260131" + "17280131" + "10LOT7" + gs1.GS + "21YN000000001"
    text = zpl.one(Label("支架", code, gs1_label.printed(piece)))
    assert symbol(text) == code
    assert "_1D" in text, "a separator is no letter"
    assert "^BCN" not in text, "bars could not carry it"
    read = re.findall(r"\^FO16,\d+\^A@N,20,20,\S+\^FH_\^FD(.*?)\^FS", text)
    assert "".join(reversed(read)) == "(01)06901234567892(11)260131(17)280131(10)LOT7(21)YN000000001"


def test_copies_and_the_mark_of_a_reprint() -> None:
    text = zpl.many([(CARD, 1), (Label("纱布", "HC00901", corner="补打 2"), 3)])
    assert text.count("^XA") == text.count("^XZ") == 2
    assert text.count("^PQ") == 1
    assert "^PQ3\n^XZ" in text
    assert "补打 2" in text
    assert zpl.many([]) == ""


def test_a_finer_printer_gets_more_dots() -> None:
    text = zpl.one(CARD, Printer(dots=12, font="E:NOTO.TTF"))
    assert "^PW720\n^LL480" in text
    assert "E:NOTO.TTF" in text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_no_text_becomes_a_command(text: str) -> None:
    safe = zpl.escaped(text)
    assert not re.search(r"[\^~\x00-\x1f\x7f]", safe)
    assert unescaped(safe) == text
    assert symbol(zpl.one(Label("名", text))) == text


@given(st.text(min_size=1, max_size=60), st.integers(4, 40))
def test_what_is_cut_fits(text: str, most: int) -> None:
    assert zpl.width_of(zpl.cut(text, most)) <= most + 1
