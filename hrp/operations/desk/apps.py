from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "hrp.operations.desk"
    label = "desk"
