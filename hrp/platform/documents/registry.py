"""All document types of the product, by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hrp.platform.access import permissions
from hrp.platform.base.registry import Registry
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import ACTS, DocumentSpec


@dataclass(frozen=True)
class DocumentType:
    """A header model, its line model (None for documents without lines) and its declaration."""

    model: type[Document]
    line_model: type[DocumentLine] | None
    spec: DocumentSpec

    @property
    def path(self) -> str:
        """Where its pages live, below the root: ``logistics/stock-issues``."""
        return f"{self.spec.module}/{plural(self.spec.noun)}"


def plural(noun: str) -> str:
    """``stock_issue`` as it stands in an address: ``stock-issues``."""
    noun = noun.replace("_", "-")
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


types: Registry[DocumentType] = Registry("单据类型")


def register(model: type[Document], line_model: type[DocumentLine] | None) -> DocumentType:
    """Called in a module's ``apps.py``. Declares the nine permissions of the type as well."""
    spec = model.spec
    for act, title in ACTS.items():
        permissions.declare(spec.permission(act), f"{title}{spec.title}", module=spec.module)
    return types.register(spec.kind, DocumentType(model, line_model, spec))


def type_of(document: Document) -> DocumentType:
    return types[document.spec.kind]


def split(source: str) -> tuple[DocumentType | None, int | None]:
    """``"logistics.stock_issue:4711"`` to its type and id; (None, None) when it is not a document's source."""
    kind, _, tail = source.partition(":")
    found = types.get(kind)
    return (found, int(tail)) if found and tail.isdigit() else (None, None)


def url_for(source: str) -> str:
    """The page of a source, or "" when it has none. The page checks its own permission."""
    found, pk = split(source)
    return f"/{found.path}/{pk}" if found else ""


def load(source: str) -> Any:
    """The document behind a source, or None."""
    found, pk = split(source)
    return found.model.objects.filter(pk=pk).first() if found else None  # type: ignore[attr-defined]
