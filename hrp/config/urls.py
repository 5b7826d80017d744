"""All doors of the product. Modules bring their own ``urls.py``; this file only puts them together."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
