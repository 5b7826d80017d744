"""Settings of the product, split by noun. Every knob a hospital turns is an environment variable named HRP_*."""

from hrp.config.settings.apps import *
from hrp.config.settings.audit import *
from hrp.config.settings.auth import *
from hrp.config.settings.database import *
from hrp.config.settings.mail import *
from hrp.config.settings.web import *
