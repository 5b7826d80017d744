from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hrp.platform.ledger"
    label = "ledger"
