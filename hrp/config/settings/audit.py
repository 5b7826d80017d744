"""Background jobs, the request's origin, and where else the head of the audit chain is written."""

import os

# Tasks live in the ``jobs`` room of each module.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# The header in which a trusted proxy gives the client's address ("HTTP_X_REAL_IP"), and which peers are that proxy.
HRP_PROXY_HEADER = os.environ.get("HRP_PROXY_HEADER", "")
HRP_PROXIES = [address for address in os.environ.get("HRP_PROXIES", "").split(",") if address]

# A second path (another disk, a mounted share) and an address that receives the head by mail; both optional.
AUDIT_ANCHOR_COPY = os.environ.get("HRP_ANCHOR_COPY", "")
AUDIT_ANCHOR_MAIL = os.environ.get("HRP_ANCHOR_MAIL", "")
