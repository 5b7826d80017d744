from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "hrp.operations.contracts"
    label = "contracts"
