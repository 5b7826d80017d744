"""The web process's entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")
gc.disable()  # what is loaded now stays: looking through it on the way is an eighth of the time
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - the views too, now and not for whoever asks first
gc.freeze()
gc.enable()
