"""Addresses of the shell, the sign-in pages and every declared screen."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path

from hrp.platform.ui.routes import patterns
from hrp.platform.ui.views import home, lookups

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
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
    *patterns(),
]
