"""One's own sessions and keys. The sign-in pages are django-allauth's, placed among the shell's addresses."""

from django.urls import path

from hrp.platform.access.views import account

urlpatterns = [
    path("account/sessions", account.sessions, name="access_sessions"),
    path("account/sessions/<int:session_id>/end", account.end_session, name="access_end_session"),
    path("account/keys/new", account.new_key, name="access_new_key"),
    path("account/keys/<int:key_id>/revoke", account.revoke_key, name="access_revoke_key"),
]
