"""``manage.py new_document logistics goods_return --title 退货单 --prefix TH``: the four files of a new document type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hrp.platform.documents.registry import plural

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
            Problem("金额必须大于零", field="amount", line=place) for place, line in enumerate(lines) if line.amount <= 0
        ]
        if problems:
            raise Invalid(f"{title}有 {{len(problems)}} 处需要修改", problems=problems, way_out="请按标红处修改。")

    def apply(self, ctx: PostingContext) -> {name}Facts:
        return {name}Facts(self.total)

    def entries(self, facts: {name}Facts) -> list[EntryDraft]:
        return [
            EntryDraft(
                self.business_date,
                str(self),
                (
                    LineDraft(account="{debit}", amount=facts.amount, org_unit_id=self.org_unit_id, fund="F1"),
                    LineDraft(account="{credit}", amount=-facts.amount, fund="F1"),
                ),
            )
        ]

    def mirror(self, ctx: PostingContext) -> None:
        """The journal is mirrored by the platform; this type keeps no subledger of its own."""


class {name}Line(DocumentLine):
    """One line of a {noun}."""

    document = models.ForeignKey({name}, models.CASCADE, related_name="lines", verbose_name="{title}")
    text = models.CharField("内容", max_length=100)
    amount = MoneyField("金额")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "{title}明细"
        db_table = "{app}_{noun}_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="{app}_{noun}_line_position"),
            models.CheckConstraint(condition=is_number("amount"), name="{app}_{noun}_line_number"),
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
    url="{app}/{plural}",
    menu=("{app}", "单据"),
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
    help = "生成一个新单据类型的四个文件：单据、界面、测试、数据库守卫"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app", help="模块，如 logistics")
        parser.add_argument("noun", help="单据名词，下划线小写，如 goods_return")
        parser.add_argument("--title", required=True, help="中文名，如 退货单")
        parser.add_argument("--prefix", required=True, help="编号前缀，两三个大写字母，如 TH")

    def handle(self, *args: Any, **options: Any) -> None:
        app, noun = options["app"], options["noun"]
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", noun):
            raise CommandError(f"单据名词 {noun!r} 应为下划线小写英文，如 goods_return")
        if not re.fullmatch(r"[A-Z]{2,3}", options["prefix"]):
            raise CommandError(f"编号前缀 {options['prefix']!r} 应为两三个大写字母，如 TH")
        config = apps.get_app_config(app)
        root = Path(config.path)
        migrations = sorted(p.stem for p in (root / "migrations").glob("[0-9]*.py"))
        number = int(migrations[-1][:4]) if migrations else 0
        model_migration = f"{number + 1:04d}_{noun}"
        values = {
            "app": app, "path": config.name.removeprefix("hrp."), "noun": noun, "title": options["title"],
            "prefix": options["prefix"], "name": "".join(part.capitalize() for part in noun.split("_")),
            "upper": noun.upper(), "plural": plural(noun), "previous": model_migration, "debit": "5001.07", "credit": "2302",
        }  # fmt: skip
        files = {
            root / "documents" / f"{noun}.py": DOCUMENT,
            root / "screens" / f"{noun}.py": SCREEN,
            root / "tests" / f"test_{noun}.py": TEST,
            root / "migrations" / f"{number + 2:04d}_{noun}_guards.py": MIGRATION,
        }
        taken = [str(path) for path in files if path.exists()]
        if taken:
            raise CommandError(f"文件已存在，未作任何改动：{'、'.join(taken)}")
        for path, template in files.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(template.format(**values), encoding="utf-8")
            self.stdout.write(f"已生成 {path.relative_to(root.parents[1])}")
        self.stdout.write(
            f"接下来：\n1. 在 {app}/apps.py 的 ready() 中登记单据与界面\n"
            f"2. python manage.py makemigrations {app} --name {noun}（得到 {model_migration}）\n"
            f"3. 填写字段、apply、entries；运行 pytest {root.name}/tests/test_{noun}.py"
        )
