from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "hrp.platform.exchange"
    label = "exchange"
