from django.apps import AppConfig


class LabelsConfig(AppConfig):
    name = "hrp.logistics.labels"
    label = "labels"
    verbose_name = "标签"

    def ready(self) -> None:
        from hrp.logistics.labels import batches, kinds, parameters
        from hrp.logistics.labels.services.printing import PRINT
        from hrp.platform.access import permissions
        from hrp.platform.ui import menu

        parameters.declare()
        kinds.register(batches.KIND)
        permissions.declare_all("logistics", {PRINT: "打印标签"})
        menu.add(
            "logistics", "库存业务",
            menu.Item("打印标签", icon="tags", url_name="logistics.labels", permission=PRINT, order=85),
        )  # fmt: skip
