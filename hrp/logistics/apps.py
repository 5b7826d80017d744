from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "hrp.logistics"
    label = "logistics"
