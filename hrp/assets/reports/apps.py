from django.apps import AppConfig


class AssetReportsConfig(AppConfig):
    name = "hrp.assets.reports"
    label = "asset_reports"
    verbose_name = "资产报表"

    def ready(self) -> None:
        from hrp.assets.reports import books, official, parameters, queries, use
        from hrp.platform.access import permissions
        from hrp.platform.org import parameters as business
        from hrp.platform.ui import reports

        business.declare(*parameters.SPECS)
        permissions.declare_all("assets", queries.PERMISSIONS)
        for report in (*books.ALL, *use.ALL, *official.ALL):
            reports.register(report)
