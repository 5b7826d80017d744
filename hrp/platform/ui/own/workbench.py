"""The menu of the 工作台."""

from __future__ import annotations

from hrp.platform.notify.selectors import unread_count
from hrp.platform.ui import menu, work


def register() -> None:
    mine = "我的工作"
    menu.add("home", mine, menu.Item("工作台", icon="home", url_name="home", order=1))
    menu.add(
        "home",
        mine,
        menu.Item("待办审批", icon="checkbox", url_name="work.todo", count=work.todo_count, order=10),
    )
    menu.add("home", mine, menu.Item("我发起的", icon="send", url_name="work.mine", order=20))
    menu.add(
        "home", mine, menu.Item("消息中心", icon="bell", url_name="work.inbox", count=unread_count, order=30)
    )
    menu.add("home", mine, menu.Item("下载中心", icon="download", url_name="work.files", order=40))
