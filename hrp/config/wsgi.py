"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from hrp.config import loading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")
with loading.for_good():
    application = get_wsgi_application()
    get_resolver().url_patterns  # noqa: B018 - the views too, now and not for whoever asks first
