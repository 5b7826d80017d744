"""Which mails are reports, and what they say. Pure: a mail is its headers and its text here."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

HOT_WORDS = ("瘫痪", "停机", "全院", "宕机", "无法出库", "无法入库", "勒索", "数据丢失", "泄露")
MARK = "X-HRP-Ticket"
"""The header mails of our own carry, so that one coming back is seen as a loop."""

_TICKET = re.compile(r"FWK?\d{4}-\d{5}", re.IGNORECASE)
_LEVEL = re.compile(r"(?<![\w])([0-9A-Za-z])\s*级")
_AUTOMATIC_SENDERS = ("mailer-daemon", "postmaster", "noreply", "no-reply", "do-not-reply", "donotreply")
_AUTOMATIC_HEADERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Response-Suppress",
    "List-Id",
    "List-Unsubscribe",
)
_REPLY_PREFIX = re.compile(r"^\s*(?:(?:re|fw|fwd|回复|答复|转发)\s*[:：]\s*)+", re.IGNORECASE)


@dataclass(frozen=True)
class Sorted:
    """``kind``: report, reply, auto or loop; ``why`` in words."""

    kind: str
    why: str = ""


def sort(headers: Mapping[str, str], *, sender: str, own: Sequence[str], subject: str) -> Sorted:
    """Sort a mail by RFC 3834 and its relatives. Header names are looked up in any case."""
    found = {name.casefold(): value.strip() for name, value in headers.items()}
    if MARK.casefold() in found or sender.casefold() in {address.casefold() for address in own}:
        return Sorted("loop", "由本系统发出，又回到报修邮箱")
    automatic = found.get("auto-submitted", "no").split(";")[0].split("(")[0].strip().casefold()
    if automatic not in ("", "no"):
        return Sorted("auto", f"Auto-Submitted: {automatic}"[:200])
    precedence = found.get("precedence", "").casefold()
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return Sorted("auto", f"Precedence: {precedence}")
    for name in _AUTOMATIC_HEADERS:
        if name.casefold() in found and found[name.casefold()].casefold() not in ("", "no"):
            return Sorted("auto", f"带有 {name}")
    if found.get("return-path") == "<>":
        return Sorted("auto", "退信路径为空")
    if found.get("content-type", "").casefold().startswith("multipart/report"):
        return Sorted("auto", "投递状态通知")
    local = sender.partition("@")[0].casefold()
    if local in _AUTOMATIC_SENDERS:
        return Sorted("auto", f"由 {local} 发出")
    return Sorted("reply", "主题含工单号") if ticket_in(subject) else Sorted("report")


def ticket_in(subject: str) -> str:
    """The number of the ticket a subject speaks of, or nothing."""
    found = _TICKET.search(subject)
    return found[0].upper() if found else ""


def level_in(subject: str, levels: Sequence[str]) -> str:
    """The level a subject names (「1级」「[A级]」), or nothing."""
    named = [code.upper() for code in _LEVEL.findall(subject)]
    return next((code for code in named if code in levels), "")


def hot_words(*texts: str) -> list[str]:
    """The words that must be shown to whoever is on call, whatever level the mail is kept at."""
    told = "\n".join(texts)
    return [word for word in HOT_WORDS if word in told]


def title_of(subject: str, body: str) -> str:
    """What a ticket from this mail is called: the subject without reply marks, else the first line of the text."""
    plain = _REPLY_PREFIX.sub("", subject).strip()
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    return (plain or first or "（无主题邮件）")[:100]


def module_in(text: str, modules: Sequence[str]) -> str:
    """The system of the contract a text speaks of, by its name or the first two characters of it; else nothing."""
    return next((one for one in modules if one in text), "") or next(
        (one for one in modules if one[:2] in text), ""
    )


class _Text(HTMLParser):
    """Keeps what a person would read."""

    _BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "table", "ul", "ol", "blockquote"})
    _HIDDEN = frozenset({"script", "style", "head", "title", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._HIDDEN:
            self.hidden += 1
        elif tag in self._BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in self._BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def text_of_html(markup: str) -> str:
    """The readable text of an HTML mail; scripts, styles and tags are gone."""
    reader = _Text()
    reader.feed(markup)
    reader.close()
    return tidy("".join(reader.parts))


def tidy(text: str) -> str:
    """Lines without trailing blanks, no more than one empty line in a row, no control characters."""
    kept = "".join(
        c for c in html.unescape(text) if c in "\n\t" or (ord(c) >= 32 and ord(c) not in (127, 0xFEFF))
    )
    lines = [re.sub(r"[ \t\u3000\xa0]+$", "", line) for line in kept.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
