"""A registry is a dictionary that modules fill in their ``apps.py``; there is no framework behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things, in the order of registration. Registering a name twice is a programming error."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._things: dict[str, T] = {}

    def register(self, name: str, thing: T) -> T:
        if name in self._things:
            raise ValueError(f"{self.title}: {name} 已登记")
        self._things[name] = thing
        return thing

    def replace(self, name: str, thing: T) -> T:
        """Put a wider thing in the place of one that is registered. KeyError when none is."""
        if name not in self._things:
            raise KeyError(name)
        self._things[name] = thing
        return thing

    def get(self, name: str) -> T | None:
        return self._things.get(name)

    def __getitem__(self, name: str) -> T:
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[T]:
        return iter(self._things.values())

    def items(self) -> list[tuple[str, T]]:
        return list(self._things.items())

    def __len__(self) -> int:
        return len(self._things)
