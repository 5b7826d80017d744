"""``hrp create_admins``: the three administrators of a new hospital, with one-time passwords; and new ones when lost."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hrp.platform.access.services.install import ADMINISTRATORS, create_administrators, reset_administrator
from hrp.platform.base.refusals import Refusal


class Command(BaseCommand):
    help = "建立三员（系统、安全、审计管理员）并打印一次性密码；三员必须由三个不同的人担任"

    def add_arguments(self, parser: CommandParser) -> None:
        for duty, (username, title) in ADMINISTRATORS.items():
            parser.add_argument(f"--{duty}", default=username, help=f"{title}的用户名（默认 {username}）")
        parser.add_argument(
            "--no-second-factor",
            action="store_true",
            help="不要求三员双因子登录（等保三级要求双因子，仅供试用）",
        )
        parser.add_argument(
            "--reset", metavar="用户名", help="不建立三员，只为忘记密码的管理员生成一次性密码"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        usernames = {duty: options[duty] for duty in ADMINISTRATORS}
        try:
            if options["reset"]:
                user, password = reset_administrator(username=options["reset"])
                self.stdout.write(f"{user.display_name}  用户名 {user.username}  一次性密码 {password}")
                return
            made = create_administrators(usernames=usernames, second_factor=not options["no_second_factor"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.reason}{refusal.way_out}") from refusal
        self.stdout.write("三员已建立。请分别交给三个人，首次登录须改密码：")
        for user, password in made:
            self.stdout.write(f"  {user.display_name}  用户名 {user.username}  一次性密码 {password}")
        self.stdout.write("业务用户由系统管理员建立，角色由安全管理员授予，日志由审计管理员查看。")
