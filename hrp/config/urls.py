"""All doors of the product. Modules bring their own ``urls.py``; this file only puts them together."""

from django.urls import URLPattern, URLResolver, include, path

from hrp.config import monitoring

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", monitoring.healthz, name="healthz"),
    path("readyz", monitoring.readyz, name="readyz"),
    path("metrics", monitoring.metrics, name="metrics"),
    path("operations/", include("hrp.operations.contracts.urls")),
    path("operations/", include("hrp.operations.emergency.urls")),
    path("operations/", include("hrp.operations.knowledge.urls")),
    path("operations/", include("hrp.operations.training.urls")),
    path("operations/", include("hrp.operations.duty.urls")),
    path("operations/", include("hrp.operations.desk.urls")),
    path("operations/", include("hrp.operations.intake.urls")),
    path("operations/", include("hrp.operations.incidents.urls")),
    path("operations/", include("hrp.operations.feedback.urls")),
    path("operations/", include("hrp.operations.acceptance.urls")),
    path("logistics/", include("hrp.logistics.labels.urls")),
    path("logistics/", include("hrp.logistics.catalogue.urls")),
    path("logistics/", include("hrp.logistics.highvalue.urls")),
    path("logistics/", include("hrp.logistics.purchasing.urls")),
    path("logistics/", include("hrp.logistics.settlement.urls")),
    path("logistics/", include("hrp.logistics.requesting.urls")),
    path("logistics/", include("hrp.logistics.counting.urls")),
    path("logistics/", include("hrp.logistics.handheld.urls")),
    path("logistics/", include("hrp.logistics.sterile.urls")),
    path("assets/", include("hrp.assets.urls")),
    path("assets/", include("hrp.assets.stocktaking.urls")),
    path("assets/", include("hrp.assets.equipment.urls")),
    path("assets/", include("hrp.assets.changes.urls")),
    path("costing/", include("hrp.costing.urls")),
    path("", include("hrp.platform.exchange.urls")),
    path("", include("hrp.platform.ui.urls")),
    path("", include("hrp.platform.access.urls")),
]

handler400 = "hrp.platform.ui.views.errors.bad_request"
handler403 = "hrp.platform.ui.views.errors.forbidden"
handler404 = "hrp.platform.ui.views.errors.not_found"
handler500 = "hrp.platform.ui.views.errors.broken"
