"""Places in the shell that modules fill: tools in the top bar, present on every page of a signed-in person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class Tool:
    """A template of the top bar; ``shown(request)`` decides for whom and where."""

    template: str
    shown: Callable[[HttpRequest], bool] = lambda request: True


tools: Registry[Tool] = Registry("顶栏工具")


def register_tool(name: str, tool: Tool) -> Tool:
    """Called in the ``apps.py`` of a module; tools stand in the order of registration."""
    return tools.register(name, tool)


def shown(request: Any) -> list[str]:
    """The templates of the tools this request's page carries."""
    return [tool.template for tool in tools if tool.shown(request)]
