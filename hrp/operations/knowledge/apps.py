from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.article.view": "查看知识库",
    "operations.article.edit": "编写知识",
    "operations.article.review": "审核、发布与下架知识",
}


class KnowledgeConfig(AppConfig):
    name = "hrp.operations.knowledge"
    label = "knowledge"
    verbose_name = "知识库"

    def ready(self) -> None:
        from hrp.platform.ui import menu

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        menu.add(
            "operations",
            "知识与培训",
            menu.Item(
                "知识库",
                icon="books",
                url_name="operations.knowledge",
                permission="operations.article.view",
                order=10,
            ),
        )
