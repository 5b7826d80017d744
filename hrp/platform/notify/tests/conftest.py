"""A real SMTP server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from hrp.config.processes import free_port


class Postbox:
    """Keeps what it receives, or answers 451 while ``closed``."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.closed = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.closed:
            return "451 try again later"
        self.mails.append(message_from_bytes(envelope.original_content or b"", policy=default))
        return "250 OK"


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.HRP_PUBLIC_URL = "https://hrp.example.org"
    yield box
    controller.stop()
