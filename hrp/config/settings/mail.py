"""Outgoing mail: ``HRP_SMTP_URL`` = smtp[s|+starttls]://user:password@host:port, empty for none."""

import os
from urllib.parse import unquote, urlsplit

_smtp = urlsplit(os.environ.get("HRP_SMTP_URL", ""))

EMAIL_HOST = _smtp.hostname or ""
EMAIL_USE_SSL = _smtp.scheme == "smtps"
EMAIL_USE_TLS = _smtp.scheme == "smtp+starttls"
EMAIL_PORT = _smtp.port or (465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25)
EMAIL_HOST_USER = unquote(_smtp.username or "")
EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
EMAIL_TIMEOUT = 15
EMAIL_DOMAIN = "hrp.local"
DEFAULT_FROM_EMAIL = os.environ.get("HRP_MAIL_FROM", EMAIL_HOST_USER or f"hrp@{EMAIL_DOMAIN}")

# Links in mails start here; without it they are paths only.
HRP_PUBLIC_URL = os.environ.get("HRP_PUBLIC_URL", "").rstrip("/")
