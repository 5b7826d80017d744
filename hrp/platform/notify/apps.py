from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "hrp.platform.notify"
    label = "notify"
