from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "hrp.platform.access"
    label = "access"
