"""HTTP: middleware, templates, static files, languages, headers."""

import os
import sys

from csp.constants import NONE, SELF

from hrp.config.settings.paths import BASE_DIR, HRP_HOME


def _secret_key() -> str:
    file = HRP_HOME / "secrets" / "django.key"
    if file.exists():
        return file.read_text().strip()
    return os.environ.get("HRP_SECRET_KEY", "only-for-commands-that-serve-nobody")


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("HRP_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("HRP_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
ROOT_URLCONF = "hrp.config.urls"
WSGI_APPLICATION = "hrp.config.wsgi.application"

MIDDLEWARE = [
    "hrp.config.monitoring.MetricsMiddleware",
    "hrp.platform.access.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "hrp.platform.access.middleware.CleanTextMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hrp.platform.audit.middleware.OriginMiddleware",
    "hrp.platform.ui.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "hrp.platform.access.middleware.SessionLimitsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hrp.platform.ui.middleware.RefusalMiddleware",
    "hrp.platform.access.middleware.StepsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # ours before those of the packages whose pages we draw anew
        "DIRS": [BASE_DIR / "hrp" / "platform" / "ui" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hrp.platform.ui.context.shell",
            ],
            "builtins": [
                "django.templatetags.static",
                "django.templatetags.i18n",
                "hrp.platform.ui.templatetags.ui",
            ],
        },
    }
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static" / "dist"] if folder.is_dir()]
STATIC_ROOT = BASE_DIR / "static" / "served"
# Hashed names once collectstatic has run; straight from the build before that (development and tests).
_COLLECTED = not DEBUG and ("collectstatic" in sys.argv or (STATIC_ROOT / "staticfiles.json").exists())
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _COLLECTED
MEDIA_ROOT = HRP_HOME / "files"

# Everything comes from this machine: no inline script, no inline style, no foreign host, no frame around us.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "hrp.platform.ui.views.errors.csrf_failed"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True

# Behind the hospital's TLS proxy: HRP_HTTPS=1 makes cookies secure, redirects and sets HSTS.
_HTTPS = os.environ.get("HRP_HTTPS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
if _HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("HRP_ORIGINS", "").split(",") if origin]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 40_000  # a 2,000-line document of 15 cells
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

# Faults go to the process's own output with their traceback; the supervisor writes it to HRP_HOME/log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"output": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["output"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["output"], "level": "WARNING", "propagate": False}},
}
