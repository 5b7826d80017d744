from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "hrp.config"
    label = "config"
    verbose_name = "安装与运行"
