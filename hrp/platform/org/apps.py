from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "hrp.platform.org"
    label = "org"
