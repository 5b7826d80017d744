from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "hrp.platform.base"
    label = "base"
    verbose_name = "平台基础"
