"""Sorting by RFC 3834, and reading what mail programs get wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.operations.intake.rules import mails as rules
from hrp.operations.intake.rules import message

OWN = ["baoxiu@hospital.example"]


def sorted_as(
    headers: dict[str, str], sender: str = "wang@hospital.example", subject: str = "打印不了"
) -> str:
    return rules.sort(headers, sender=sender, own=OWN, subject=subject).kind


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "report"),
        ({"Auto-Submitted": "no"}, "report"),
        ({"auto-submitted": "No"}, "report"),
        ({"Auto-Submitted": "auto-replied"}, "auto"),
        ({"Auto-Submitted": 'auto-generated; owner-email="x@y"'}, "auto"),
        ({"AUTO-SUBMITTED": "auto-notified (comment)"}, "auto"),
        ({"Precedence": "bulk"}, "auto"),
        ({"Precedence": "LIST"}, "auto"),
        ({"Precedence": "first-class"}, "report"),
        ({"List-Id": "<all.hospital.example>"}, "auto"),
        ({"List-Unsubscribe": "<mailto:x@y>"}, "auto"),
        ({"X-Autoreply": "yes"}, "auto"),
        ({"X-Auto-Response-Suppress": "All"}, "auto"),
        ({"Return-Path": "<>"}, "auto"),
        ({"Return-Path": "<wang@hospital.example>"}, "report"),
        ({"Content-Type": "multipart/report; report-type=delivery-status"}, "auto"),
        ({"X-HRP-Ticket": "FW2026-00001"}, "loop"),
    ],
)
def test_automatic_mail_is_told_from_a_report(headers: dict[str, str], kind: str) -> None:
    assert sorted_as(headers) == kind


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("MAILER-DAEMON@hospital.example", "auto"),
        ("no-reply@shop.example", "auto"),
        ("Baoxiu@Hospital.example", "loop"),
        ("noreply.wang@hospital.example", "report"),
    ],
)
def test_some_senders_are_programs(sender: str, kind: str) -> None:
    assert sorted_as({}, sender=sender) == kind


@pytest.mark.parametrize(
    ("subject", "ticket", "level"),
    [
        ("答复：FW2026-00012 仍不行", "FW2026-00012", ""),
        ("Re: [fwk2026-00003]", "FWK2026-00003", ""),
        ("1级 全院停机", "", "1"),
        ("【a级】入库很慢", "", "A"),
        ("第11级台阶", "", ""),
        ("高级功能咨询", "", ""),
    ],
)
def test_a_subject_names_ticket_and_level(subject: str, ticket: str, level: str) -> None:
    assert rules.ticket_in(subject) == ticket
    assert rules.level_in(subject, ["1", "A", "B", "C"]) == level


def test_html_becomes_what_a_person_reads() -> None:
    markup = "<html><head><style>p{}</style></head><body><p>出库&nbsp;报错</p><script>alert(1)</script><div>请<b>尽快</b></div></body>"
    assert rules.text_of_html(markup).split("\n") == ["出库\xa0报错", "", "请尽快"]


def test_gbk_calling_itself_gb2312_is_read() -> None:
    raw = (
        b"Subject: =?gb2312?B?"
        + __import__("base64").b64encode("镕基报修：全院瘫痪".encode("gbk"))
        + (
            b"?=\r\nFrom: =?gbk?B?zfXSqcqm?= <Wang@Hospital.Example>\r\nContent-Type: text/plain; charset=gb2312\r\n"
            b"Content-Transfer-Encoding: 8bit\r\n\r\n"
        )
        + "镕：三个库房都不行".encode("gbk")
    )
    letter = message.read(raw)
    assert (letter.subject, letter.body) == ("镕基报修：全院瘫痪", "镕：三个库房都不行")
    assert (letter.sender, letter.sender_name) == ("wang@hospital.example", "王药师")


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_raw_eight_bit_subject_and_no_charset_are_read(codec: str) -> None:
    raw = "Subject: 打印机报错\r\nFrom: a@b.example\r\n\r\n正文：库房".encode(codec)
    letter = message.read(raw)
    assert (letter.subject, letter.body) == ("打印机报错", "正文：库房")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?utf-8?B?%%%?=\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\nContent-Type: text/plain\r\n\r\nopen end",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary at all",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nhello",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!",
        b"From: <<<>>>\r\nMessage-ID: \r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody",
    ],
)
def test_broken_mails_are_read_as_far_as_they_go(raw: bytes) -> None:
    letter = message.read(raw)
    assert letter.message_id.startswith("<")
    assert "\x00" not in letter.subject + letter.body + letter.sender


@given(st.binary(max_size=600))
def test_reading_never_fails(raw: bytes) -> None:
    letter = message.read(raw)
    assert len(letter.message_id) <= 250
    assert "\x00" not in letter.subject + letter.body + letter.sender_name


@given(st.text(max_size=80))
def test_reading_a_subject_never_fails(subject: str) -> None:
    message.read(f"Subject: {subject}\r\n\r\n".encode("utf-8", "surrogatepass"))


def test_forwarded_mail_is_kept_as_a_file_and_not_read_as_text() -> None:
    raw = (
        b"Subject: fw\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nsecret inner text\r\n--b--\r\n"
    )
    letter = message.read(raw)
    assert letter.body == "see below"
    assert b"secret inner text" in letter.files[0].data
