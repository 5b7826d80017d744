"""``hrp help``: the commands of the product, in Chinese, grouped by where they live."""

from __future__ import annotations

import difflib
from collections import defaultdict

from django.apps import apps
from django.core.management import get_commands, load_command_class

from hrp.platform.base.refusals import NotFound

FROM_DJANGO = {
    "check": "检查配置",
    "shell": "进入 Python 交互环境",
    "dbshell": "进入数据库命令行",
    "showmigrations": "列出数据库迁移",
    "makemigrations": "按模型生成迁移（开发用）",
    "makemessages": "提取待翻译文字（开发用）",
    "compilemessages": "编译翻译（开发用）",
    "collectstatic": "收集静态文件",
}


def ours() -> dict[str, str]:
    """Commands written in this project: name -> package."""
    return {name: package for name, package in get_commands().items() if package.startswith("hrp.")}


def overview() -> str:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    groups["安装与运行"].append(("run", "启动整套医院：数据库、网站、后台任务；Ctrl-C 停止"))
    for name, package in sorted(ours().items()):
        title = str(apps.get_app_config(package.rpartition(".")[2]).verbose_name)
        groups[title].append((name, str(load_command_class(package, name).help)))
    groups["来自 Django"] = sorted(FROM_DJANGO.items())
    lines = ["杏林 HRP 命令行。用法：hrp <命令> [参数]；某个命令的参数：hrp <命令> --help", ""]
    for title, rows in groups.items():
        lines.append(title)
        lines += [f"  {name.replace('_', '-'):<22} {text}" for name, text in rows]
        lines.append("")
    return "\n".join(lines).rstrip()


def unknown(name: str) -> NotFound:
    known = [*ours(), *FROM_DJANGO, "run"]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"您是不是要找 hrp {near[0].replace('_', '-')}？" if near else ""
    return NotFound(
        f"没有 {name} 这个命令。", way_out=f"{hint}hrp help 列出全部命令。", code="unknown_command"
    )
