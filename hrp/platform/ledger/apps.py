from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hrp.platform.ledger"
    label = "ledger"
    verbose_name = "总账"

    def ready(self) -> None:
        from hrp.platform.ledger import invariants

        invariants.register()
