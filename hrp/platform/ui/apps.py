from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "hrp.platform.ui"
    label = "ui"
