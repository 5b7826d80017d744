"""Sign-in, sessions, lockout and second factors. Every figure a hospital's security policy names is a variable here."""

import datetime as dt
import os
from typing import Any


def _number(name: str, default: int) -> int:
    return int(os.environ.get(f"HRP_{name}", default))


AUTH_USER_MODEL = "access.User"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "hrp.platform.access.backends.PasswordBackend",
]

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
HRP_PASSWORD_HISTORY = _number("PASSWORD_HISTORY", 5)
HRP_PASSWORD_MAX_AGE_DAYS = _number("PASSWORD_MAX_AGE_DAYS", 90)  # 0: never expires
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "hrp.platform.access.passwords.LengthValidator",
        "OPTIONS": {"min_length": _number("PASSWORD_MIN_LENGTH", 8)},
    },
    {
        "NAME": "hrp.platform.access.passwords.ComplexityValidator",
        "OPTIONS": {"classes": _number("PASSWORD_CLASSES", 3)},
    },
    {"NAME": "hrp.platform.access.passwords.LikenessValidator"},
    {"NAME": "hrp.platform.access.passwords.LeakedValidator"},
    {"NAME": "hrp.platform.access.passwords.HistoryValidator"},
]

# Limits and the memory of used one-time codes hold only if every process sees them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hrp_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

HRP_LOGIN_TRIES = _number("LOGIN_TRIES", 5)
HRP_LOGIN_LOCK_MINUTES = _number("LOGIN_LOCK_MINUTES", 5)
AXES_FAILURE_LIMIT = HRP_LOGIN_TRIES
AXES_COOLOFF_TIME = dt.timedelta(minutes=HRP_LOGIN_LOCK_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "hrp.platform.access.views.signin.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # the action log has it
AXES_VERBOSE = False

ACCOUNT_ADAPTER = "hrp.platform.access.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_FORMS = {
    "login": "hrp.platform.access.forms.SignInForm",
    "change_password": "hrp.platform.access.forms.ChangePasswordForm",
    "reauthenticate": "hrp.platform.access.forms.ReauthenticateForm",
}
# Besides the lock on (user, address): so many wrong passwords or codes per account from all addresses together,
# and so many per address for all accounts together.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": (
        f"{_number('LOGIN_FAILURES_PER_ADDRESS', 30)}/m/ip,{HRP_LOGIN_TRIES}/{HRP_LOGIN_LOCK_MINUTES * 60}s/key"
    ),
}

MFA_ADAPTER = "hrp.platform.access.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "杏林 HRP"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = os.environ.get("HRP_DEBUG") == "1"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "hrp_session"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
HRP_SESSION_IDLE_MINUTES = _number("SESSION_IDLE_MINUTES", 15)
HRP_SESSION_IDLE_MINUTES_ADMIN = _number("SESSION_IDLE_MINUTES_ADMIN", 10)
HRP_SESSION_HOURS = _number("SESSION_HOURS", 12)
HRP_SESSIONS_PER_USER = _number("SESSIONS_PER_USER", 5)
SESSION_COOKIE_AGE = HRP_SESSION_HOURS * 3600
