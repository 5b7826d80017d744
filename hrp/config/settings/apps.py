"""Which apps make the product. The order is that of the house, floor first."""

import django_stubs_ext

django_stubs_ext.monkeypatch()

PLATFORM_APPS = [
    "hrp.platform.base",
    "hrp.platform.org",
    "hrp.platform.notify",
    "hrp.platform.jobs",
    "hrp.platform.audit",
    "hrp.platform.access",
    "hrp.platform.ledger",
    "hrp.platform.documents",
    "hrp.platform.exchange",
    "hrp.platform.ui",
]

MODULE_APPS = [
    "hrp.logistics",
    "hrp.logistics.reports",
    "hrp.logistics.catalogue",
    "hrp.logistics.labels",
    "hrp.logistics.bins",
    "hrp.logistics.highvalue",
    "hrp.logistics.purchasing",
    "hrp.logistics.budget",
    "hrp.logistics.settlement",
    "hrp.logistics.requesting",
    "hrp.logistics.counting",
    "hrp.logistics.handheld",
    "hrp.logistics.sterile",
    "hrp.assets",
    "hrp.assets.equipment",
    "hrp.assets.stocktaking",
    "hrp.assets.disposal",
    "hrp.assets.acquisition",
    "hrp.assets.changes",
    "hrp.assets.leasing",
    "hrp.assets.construction",
    "hrp.assets.reports",
    "hrp.costing",
    "hrp.operations.contracts",
    "hrp.operations.emergency",
    "hrp.operations.knowledge",
    "hrp.operations.training",
    "hrp.operations.duty",
    "hrp.operations.desk",
    "hrp.operations.intake",
    "hrp.operations.incidents",
    "hrp.operations.feedback",
    "hrp.operations.acceptance",
    "hrp.bridges",
]

INSTALLED_APPS = [
    "hrp.config",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "axes",
    "csp",
    "django_htmx",
    *PLATFORM_APPS,
    *MODULE_APPS,
    # after ours, so that our templates of the same names win
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
