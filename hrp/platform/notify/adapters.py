"""How each kind of gateway wants to be asked. What differs between makers is settings, not code.

``{…}`` in the address, the headers and the body is filled from the message: mobile, title, text, link, id, name, account
and secret. A body that is JSON is filled value by value, so that no quotation mark of a title can break it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hrp.platform.base import clock
from hrp.platform.notify import http, signing
from hrp.platform.notify.http import GatewayError

DEFAULT_BODY = '{"mobile": "{mobile}", "content": "{title} {text}", "id": "{id}"}'
_PLACE = re.compile(r"\{(mobile|title|text|link|id|name|account|secret)\}")
_TOKEN_GONE = (40014, 42001)
_TOKEN_SECONDS = 6000


@dataclass(frozen=True)
class Letter:
    """What is to be carried, and to whom: ``addresses`` holds the person's contact points by kind."""

    id: str
    kind: str
    title: str
    text: str
    link: str
    name: str
    addresses: Mapping[str, str]


@dataclass(frozen=True)
class Setup:
    """The settings of one gateway with its secret in the clear; lives only as long as one delivery."""

    code: str
    kind: str
    url: str
    allowed: frozenset[tuple[str, int]]
    secret: str = ""
    account: str = ""
    headers: str = ""
    body: str = ""
    expects: str = ""
    timeout_s: float = 5


class NoAddress(Exception):
    """The person has no address of the kind this gateway needs."""


def deliver(setup: Setup, letter: Letter) -> str:
    """Carry one letter; returns the address it went to. Raises NoAddress, GatewayError, OSError."""
    return _KINDS[setup.kind](setup, letter)


def _webhook(setup: Setup, letter: Letter) -> str:
    facts = {
        "id": letter.id, "kind": letter.kind, "title": letter.title, "text": letter.text, "link": letter.link,
        "recipient": {"name": letter.name, **letter.addresses}, "sent_at": clock.now().isoformat(),
    }  # fmt: skip
    _post(
        setup,
        _filled(setup.url, setup, letter, quoted=True),
        json.dumps(facts, ensure_ascii=False).encode(),
        "application/json",
        letter,
    )
    return _shown(setup)


def _templated(setup: Setup, letter: Letter) -> str:
    """SMS and voice: one number a request, in the words of the hospital's gateway."""
    mobile = letter.addresses.get("mobile", "")
    if not mobile:
        raise NoAddress("没有手机号")
    body, content_type = fill_body(setup.body or DEFAULT_BODY, _values(setup, letter))
    _post(setup, _filled(setup.url, setup, letter, quoted=True), body, content_type, letter)
    return mobile


def _wecom_robot(setup: Setup, letter: Letter) -> str:
    wecom, mobile = letter.addresses.get("wecom", ""), letter.addresses.get("mobile", "")
    if not (wecom or mobile):
        raise NoAddress("没有企业微信账号，也没有手机号")
    text: dict[str, Any] = {"content": _lines(letter)}
    text |= {"mentioned_list": [wecom]} if wecom else {"mentioned_mobile_list": [mobile]}
    _call(setup, _filled(setup.url, setup, letter, quoted=True), {"msgtype": "text", "text": text}, letter)
    return wecom or mobile


_tokens: dict[str, tuple[str, float]] = {}


def _wecom_app(setup: Setup, letter: Letter) -> str:
    """``account`` is 企业 ID and AgentId joined by a colon. A token that has gone is fetched anew once."""
    wecom = letter.addresses.get("wecom", "")
    if not wecom:
        raise NoAddress("没有企业微信账号")
    corporation, _, agent = setup.account.partition(":")
    if not agent.isdecimal():
        raise GatewayError("账号应为 企业ID:AgentId")
    facts = {"touser": wecom, "msgtype": "text", "agentid": int(agent), "text": {"content": _lines(letter)}}
    base = setup.url.rstrip("/")
    for attempt in (1, 2):
        token = _token(setup, base, corporation, fresh=attempt == 2)
        try:
            _call(setup, f"{base}/message/send?access_token={quote(token)}", facts, letter)
        except WrongCode as error:
            if attempt == 1 and error.number in _TOKEN_GONE:
                continue
            raise
        break
    return wecom


def _token(setup: Setup, base: str, corporation: str, *, fresh: bool) -> str:
    key = f"{base} {corporation} {setup.code} {hash(setup.secret)}"
    known, until = _tokens.get(key, ("", 0.0))
    if known and not fresh and time.monotonic() < until:
        return known
    query = urlencode({"corpid": corporation, "corpsecret": setup.secret})
    answer = _json(http.request(f"{base}/gettoken?{query}", allowed=setup.allowed, timeout_s=setup.timeout_s))
    _check_code(answer)
    token = str(answer.get("access_token") or "")
    if not token:
        raise GatewayError("企业微信没有给出访问令牌")
    _tokens[key] = (token, time.monotonic() + _TOKEN_SECONDS)
    return token


def _dingtalk(setup: Setup, letter: Letter) -> str:
    mobile, account = letter.addresses.get("mobile", ""), letter.addresses.get("dingtalk", "")
    if not (mobile or account):
        raise NoAddress("没有钉钉账号，也没有手机号")
    url = _filled(setup.url, setup, letter, quoted=True)
    if setup.secret:
        join = "&" if "?" in url else "?"
        url = f"{url}{join}{signing.dingtalk(setup.secret, int(clock.now().timestamp() * 1000))}"
    at = {"atUserIds": [account]} if account else {"atMobiles": [mobile]}
    _call(setup, url, {"msgtype": "text", "text": {"content": _lines(letter)}, "at": at}, letter)
    return account or mobile


_KINDS: Mapping[str, Callable[[Setup, Letter], str]] = {
    "webhook": _webhook,
    "wecom_robot": _wecom_robot,
    "wecom_app": _wecom_app,
    "dingtalk": _dingtalk,
    "sms": _templated,
    "voice": _templated,
}


class WrongCode(GatewayError):
    """An answer whose HTTP status is fine and whose ``errcode`` is not."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"网关回答 {number} {text}".strip())
        self.number = number


def _call(setup: Setup, url: str, facts: Mapping[str, Any], letter: Letter) -> None:
    body = json.dumps(facts, ensure_ascii=False).encode()
    _check_code(_json(_post(setup, url, body, "application/json", letter)))


def _post(setup: Setup, url: str, body: bytes, content_type: str, letter: Letter) -> bytes:
    stamp = int(clock.now().timestamp())
    headers = {"Content-Type": content_type, "User-Agent": "HRP", "Idempotency-Key": letter.id}
    if setup.secret:
        headers |= {signing.TIMESTAMP: str(stamp), signing.SIGNATURE: signing.sign(setup.secret, stamp, body)}
    headers |= {
        name: " ".join(_filled(value, setup, letter).split()) for name, value in parse_headers(setup.headers)
    }
    said = http.request(url, body=body, headers=headers, allowed=setup.allowed, timeout_s=setup.timeout_s)
    if setup.expects:
        _check_expected(said, setup.expects)
    return said


def parse_headers(text: str) -> list[tuple[str, str]]:
    """``Name: value`` lines. Raises ValueError for another line."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ValueError(line)
        found.append((name, value.strip()))
    return found


def fill_body(template: str, values: Mapping[str, str]) -> tuple[bytes, str]:
    """The filled body and its content type: JSON when the template is JSON, else a form of ``name=value`` lines."""

    def fill(node: Any) -> Any:
        if isinstance(node, str):
            return _PLACE.sub(lambda place: values[place[1]], node)
        if isinstance(node, dict):
            return {key: fill(value) for key, value in node.items()}
        return [fill(value) for value in node] if isinstance(node, list) else node

    try:
        document = json.loads(template)
    except ValueError:
        pairs = [line.partition("=")[::2] for line in template.splitlines() if "=" in line]
        form = urlencode([(name.strip(), fill(value.strip())) for name, value in pairs])
        return form.encode(), "application/x-www-form-urlencoded"
    return json.dumps(fill(document), ensure_ascii=False).encode(), "application/json"


def _values(setup: Setup, letter: Letter) -> dict[str, str]:
    return {
        "mobile": letter.addresses.get("mobile", ""), "title": letter.title, "text": letter.text, "link": letter.link,
        "id": letter.id, "name": letter.name, "account": setup.account, "secret": setup.secret,
    }  # fmt: skip


def _filled(text: str, setup: Setup, letter: Letter, *, quoted: bool = False) -> str:
    values = _values(setup, letter)
    return _PLACE.sub(lambda place: quote(values[place[1]], safe="") if quoted else values[place[1]], text)


def _lines(letter: Letter) -> str:
    return "\n".join(part for part in (letter.title, letter.text, letter.link) if part)


def _json(said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except ValueError as error:
        raise GatewayError("网关的回答不是 JSON") from error
    if not isinstance(answer, dict):
        raise GatewayError("网关的回答不是 JSON 对象")
    return answer


def _check_code(answer: Mapping[str, Any]) -> None:
    number = answer.get("errcode", 0)
    if number != 0:
        raise WrongCode(
            int(number) if str(number).lstrip("-").isdecimal() else -1, str(answer.get("errmsg", ""))
        )


def _check_expected(said: bytes, expects: str) -> None:
    """``data.code=0``: the value at the path of the JSON answer, in words."""
    path, _, wanted = expects.partition("=")
    node: Any = _json(said)
    for name in path.strip().split("."):
        node = node.get(name) if isinstance(node, dict) else None
    if str(node) != wanted.strip():
        raise GatewayError(f"网关回答 {path.strip()}={node}，应为 {wanted.strip()}")


def _shown(setup: Setup) -> str:
    host, port = http.pair_of(setup.url)
    return f"{host}:{port}"
