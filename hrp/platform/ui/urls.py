"""Addresses of the shell, the sign-in pages and every declared screen."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path

from hrp.platform.ui.api.door import api
from hrp.platform.ui.own import parameters
from hrp.platform.ui.routes import patterns
from hrp.platform.ui.views import home, lookups, roles, work

urlpatterns: list[URLPattern | URLResolver] = [
    path("", work.home, name="home"),
    path("work/todo", work.todo, name="work.todo"),
    path("work/mine", work.mine, name="work.mine"),
    path("work/messages", work.inbox, name="work.inbox"),
    path("work/messages/latest", work.panel, name="work.notices"),
    path("work/messages/read", work.read_all, name="work.read_all"),
    path("work/messages/<int:pk>", work.open_message, name="work.message"),
    path("work/downloads", work.files, name="work.files"),
    path("work/downloads/<int:pk>", work.file, name="work.file"),
    path("scan", work.scan, name="scan"),
    path("login", account.login, name="account_login"),
    path("logout", account.logout, name="account_logout"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/password", account.password_change, name="account_change_password"),
    path("account/again", account.reauthenticate, name="account_reauthenticate"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/me", home.me, name="account.me"),
    path("search", home.search, name="search"),
    path("preferences", home.preferences, name="preferences"),
    path("lookup/<str:key>", lookups.lookup, name="lookup"),
    path("lookup/<str:key>/scan", lookups.scan, name="lookup.scan"),
    path("api/v1/", api.urls),
    path(
        "security/roles/<int:pk>/permissions",
        roles.RolePermissions.as_view(),
        name="security.role.permissions",
    ),
    path("settings/parameters", parameters.listing, name="system.parameters"),
    path("settings/parameters/set", parameters.change, name="system.parameters.set"),
    path("settings/parameters/<int:pk>/verify", parameters.verify, name="system.parameters.verify"),
    *patterns(),
]
