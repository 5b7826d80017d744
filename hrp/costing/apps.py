from django.apps import AppConfig


class CostingConfig(AppConfig):
    name = "hrp.costing"
    label = "costing"
