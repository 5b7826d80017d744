"""Background jobs, the request's origin, and where the head of the audit chain is written."""

import os

from hrp.config.settings.paths import HRP_HOME

# Tasks live in the ``jobs`` room of each module.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# The header in which a trusted proxy gives the client's address ("HTTP_X_REAL_IP"), and which peers are that proxy.
HRP_PROXY_HEADER = os.environ.get("HRP_PROXY_HEADER", "")
HRP_PROXIES = [address for address in os.environ.get("HRP_PROXIES", "").split(",") if address]

AUDIT_ANCHOR_FILE = HRP_HOME / "anchor" / "audit.log"
AUDIT_ANCHOR_KEY = HRP_HOME / "secrets" / "anchor.key"
# A second path (another disk, a mounted share) and an address that receives the head by mail; both optional.
AUDIT_ANCHOR_COPY = os.environ.get("HRP_ANCHOR_COPY", "")
AUDIT_ANCHOR_MAIL = os.environ.get("HRP_ANCHOR_MAIL", "")
