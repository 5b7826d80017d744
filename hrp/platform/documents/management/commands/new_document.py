"""``manage.py new_document logistics goods_return --title 退货单 --prefix TH``: the files of a new document type."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hrp.platform.documents import registry

DOCUMENT = '''"""{title} ({noun}): say in one sentence what act of the hospital this is.

Say what posting writes into the module's subledger and what it books (accounts, source).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft


@dataclass(frozen=True)
class {name}Facts:
    """What posting wrote, handed to ``entries``: amount in yuan."""

    amount: Decimal


class {name}(Document):
    """Header of a {noun}."""

    spec = DocumentSpec(
        kind="{app}.{noun}",
        title="{title}",
        prefix="{prefix}",
        header_fields=(),
        line_fields=("text", "amount"),
    )

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "{title}"
        db_table = "{app}_{noun}"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        problems = [
            Problem("金额必须大于零", field="amount", line=place)
            for place, line in enumerate(lines)
            if line.amount <= 0
        ]
        if problems:
            raise Invalid(
                f"{title}有 {{len(problems)}} 处需要修改",
                problems=problems,
                way_out="请按标红处修改。",
            )

    def apply(self, ctx: PostingContext) -> {name}Facts:
        return {name}Facts(self.total)

    def entries(self, facts: {name}Facts) -> list[EntryDraft]:
        cost = LineDraft(
            account="{debit}",
            amount=facts.amount,
            org_unit_id=self.org_unit_id,
            fund="F1",
        )
        payable = LineDraft(account="{credit}", amount=-facts.amount, fund="F1")
        return [EntryDraft(self.business_date, str(self), (cost, payable))]

    def mirror(self, ctx: PostingContext) -> None:
        """The journal is mirrored by the platform; this type keeps no subledger of its own."""


class {name}Line(DocumentLine):
    """One line of a {noun}."""

    document = models.ForeignKey(
        {name},
        models.CASCADE,
        related_name="lines",
        verbose_name="{title}",
    )
    text = models.CharField("内容", max_length=100)
    amount = MoneyField("金额")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "{title}明细"
        db_table = "{app}_{noun}_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"],
                name="{app}_{noun}_line_position",
            ),
            models.CheckConstraint(
                condition=is_number("amount"),
                name="{app}_{noun}_line_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{{self.position}} {{self.text}}"
'''

SCREEN = '''"""Screen of the {title}."""

from __future__ import annotations

from hrp.platform.ui.screens import Column, DocumentScreen, Field, LineField

{upper} = DocumentScreen(
    kind="{app}.{noun}",
    icon="file-text",
    menu=("{system}", "单据"),
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", card="line"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    fields=(Field("org_unit"), Field("business_date"), Field("campus"), Field("note", span=3)),
    lines=(LineField("text", width=320), LineField("amount", width=140, total=True)),
)
'''

TEST = '''"""The {title} keeps every promise of a document."""

from __future__ import annotations

from typing import Any

from hrp.{path}.documents.{noun} import {name}
from hrp.platform.documents.testing import DocumentContract


class Test{name}(DocumentContract):
    model = {name}

    def header(self) -> dict[str, Any]:
        return self.common_header()

    def lines(self) -> list[dict[str, Any]]:
        return [{{"text": "示例", "amount": "12.34"}}]
'''

MIGRATION = '''"""Database guards of the {title}: nothing of a posted one can be changed, even by raw SQL."""

from django.db import migrations

from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("{app}", "{previous}")]
    operations = [GuardDocument("{app}_{noun}", "{app}_{noun}_line")]
'''


class Command(BaseCommand):
    help = "生成一个新单据类型：单据、界面、测试；有了模型迁移之后加 --guards 生成数据库守卫"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app", help="模块，如 logistics")
        parser.add_argument("noun", help="单据名词，下划线小写，如 goods_return")
        parser.add_argument("--title", default="", help="中文名，如 退货单")
        parser.add_argument("--prefix", default="", help="编号前缀，两三个大写字母，如 TH")
        parser.add_argument(
            "--guards", action="store_true", help="只生成数据库守卫（在 makemigrations 之后）"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        app, noun = options["app"], options["noun"]
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", noun):
            raise CommandError(f"单据名词 {noun!r} 应为下划线小写英文，如 goods_return")
        try:
            config = apps.get_app_config(app)
        except LookupError:
            raise CommandError(f"没有 {app!r} 这个模块") from None
        if options["guards"]:
            self._guards(config, noun)
        else:
            self._document(config, noun, title=options["title"], prefix=options["prefix"])

    def _document(self, config: AppConfig, noun: str, *, title: str, prefix: str) -> None:
        if not title:
            raise CommandError("请用 --title 给出中文名，如 --title 退货单")
        if not re.fullmatch(r"[A-Z]{2,3}", prefix):
            raise CommandError(f"编号前缀 {prefix!r} 应为两三个大写字母，如 --prefix TH")
        app, root = config.label, Path(config.path)
        values = {
            "app": app, "path": config.name.removeprefix("hrp."), "noun": noun, "title": title, "prefix": prefix,
            "name": "".join(part.capitalize() for part in noun.split("_")), "upper": noun.upper(),
            "system": config.name.split(".")[1], "debit": "5001.07", "credit": "2302",
        }  # fmt: skip
        self._write(
            {
                root / "documents" / f"{noun}.py": DOCUMENT.format(**values),
                root / "screens" / f"{noun}.py": SCREEN.format(**values),
                root / "tests" / f"test_{noun}.py": TEST.format(**values),
            }
        )
        self.stdout.write(
            "接下来：\n1. 填写字段、apply、entries\n"
            f"2. 在 {os.path.relpath(root / 'apps.py')} 的 ready() 中登记单据与界面\n"
            f"3. python manage.py makemigrations {app} --name {noun}\n"
            f"4. python manage.py new_document {app} {noun} --guards\n"
            f"5. pytest {os.path.relpath(root / 'tests' / f'test_{noun}.py')}\n"
            "6. 在 hrp/config/roles.py 中让岗位可以办理；已运行的医院在“角色”页授权"
        )

    def _guards(self, config: AppConfig, noun: str) -> None:
        """A migration of its own, after the one that makes the tables: a graph with a gap cannot be loaded."""
        kind = f"{config.label}.{noun}"
        if registry.types.get(kind) is None:
            raise CommandError(f"{kind} 尚未登记：请先在 {config.label}/apps.py 的 ready() 中登记单据")
        folder = Path(config.path) / "migrations"
        existing = sorted(path.stem for path in folder.glob("[0-9]*.py"))
        if not any(stem[5:] == noun for stem in existing):
            raise CommandError(
                f"还没有模型迁移：请先 python manage.py makemigrations {config.label} --name {noun}"
            )
        if any(stem[5:] == f"{noun}_guards" for stem in existing):
            raise CommandError(f"{noun} 的数据库守卫已经生成，未作任何改动")
        text = MIGRATION.format(
            app=config.label, noun=noun, title=registry.types[kind].spec.title, previous=existing[-1]
        )
        self._write({folder / f"{int(existing[-1][:4]) + 1:04d}_{noun}_guards.py": text})

    def _write(self, files: Mapping[Path, str]) -> None:
        taken = [str(path) for path in files if path.exists()]
        if taken:
            raise CommandError(f"文件已存在，未作任何改动：{'、'.join(taken)}")
        for path, text in files.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"已生成 {os.path.relpath(path)}")
