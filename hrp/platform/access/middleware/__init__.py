"""What every request passes on its way in: clean text, the true address, a live session, no step owed."""

from hrp.platform.access.middleware.address import ClientAddressMiddleware
from hrp.platform.access.middleware.sessions import SessionLimitsMiddleware
from hrp.platform.access.middleware.steps import StepsMiddleware
from hrp.platform.access.middleware.text import CleanTextMiddleware

__all__ = ["CleanTextMiddleware", "ClientAddressMiddleware", "SessionLimitsMiddleware", "StepsMiddleware"]
