"""The demo hospital's plans: seven in force, one revised at the hospital's request, and a drill of this year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hrp.operations.contracts.models import Contract
from hrp.operations.emergency.models import Drill, EmergencyPlan
from hrp.operations.emergency.rules import Contact, Content, Role, Step
from hrp.operations.emergency.services import drills, plans
from hrp.platform.access.models import User
from hrp.platform.base import clock

ENGINEER, COUNTERPART = "zhouyi", "wulei"

_ROLES = (
    Role("指挥", "孙浩", "决定启动与升级，掌握进度"),
    Role("技术处置", "周毅、何静", "按步骤处置，逐步回报"),
    Role("记录通报", "服务台当班座席", "每 30 分钟通报甲方一次"),
    Role("甲方协调", "吴磊", "通知科室，组织手工流程，确认恢复"),
)
_CONTACTS = (
    Contact("服务热线", "杏林软件有限公司", "400-800-1234"),
    Contact("周毅", "杏林软件 值班工程师", "13800001001"),
    Contact("孙浩", "杏林软件 服务台主管", "13800001002"),
    Contact("吴磊", "信息科 系统主管工程师", "内线 6805"),
    Contact("机房值班", "信息科机房 三楼", "内线 6800"),
)
_MANUAL = "停机期间库房凭纸质领料单发放，单据按编号留存，恢复后两小时内由库房补录并与实物核对。"


@dataclass(frozen=True)
class Story:
    """What differs between the scenarios."""

    trigger: str
    steps: tuple[tuple[str, str, str], ...]
    rollback: str
    specifics: str


STORIES: dict[str, Story] = {
    "db_down": Story(
        "数据库连接全部失败，或探针连续 3 次（90 秒）不通；任一系统无法登录或无法提交。",
        (
            ("确认范围：登录主库服务器，查看进程、磁盘、日志", "周毅", "5 分钟"),
            ("通知甲方协调人，启用库房手工领料", "服务台", "10 分钟"),
            ("主库可恢复则重启实例并核对最后提交的单据", "周毅", "20 分钟"),
            ("不能恢复则切换到备库，修改连接指向", "周毅、何静", "30 分钟"),
            ("三个库房各出库一笔、成本各查一表验证", "吴磊", "45 分钟"),
        ),
        "切换后 24 小时内不回切；回切前重建旧主库为备库，核对两边流水号与余额一致，再择夜间回切。",
        "主库 10.10.8.11、备库 10.10.8.12，同在三楼机房 A02 机柜；机房门禁由信息科当班人员开启。" + _MANUAL,
    ),
    "app_down": Story(
        "全院打不开系统页面，或页面报错而数据库可连接。",
        (
            ("查看应用服务与反向代理状态、最近发布记录", "周毅", "5 分钟"),
            ("重启应用服务；两台轮流，先备后主", "周毅", "15 分钟"),
            ("仍失败则回退到上一个发布版本", "何静", "30 分钟"),
            ("抽查登录、入库、出库、工资查询各一笔", "吴磊", "40 分钟"),
        ),
        "回退版本保留在 releases 目录，数据库结构有变化的发布先做还原点，再回退代码。",
        "应用服务器两台，前置负载均衡由信息科管理；发布窗口为周三 21 点后。" + _MANUAL,
    ),
    "disk_full": Story(
        "数据盘使用率超过 95%，或出现磁盘写满的报错。",
        (
            ("停止批处理与导出任务，腾出写入空间", "周毅", "5 分钟"),
            ("按清单清理过期归档和临时文件，逐项记录", "周毅", "20 分钟"),
            ("申请并挂载扩容磁盘", "吴磊", "60 分钟"),
            ("补做失败的单据过账，核对流水与余额", "何静", "90 分钟"),
        ),
        "清理前先复制到备份盘；误删的从备份盘原路径恢复。",
        "数据盘 2 TB，扩容由信息科存储管理员办理，工作日 30 分钟、夜间 60 分钟内到位。" + _MANUAL,
    ),
    "ransomware": Story(
        "出现勒索提示、大量文件被改名，或安全设备报告加密行为。",
        (
            ("立即拔除受感染服务器网线，不关机", "机房值班", "2 分钟"),
            ("停止备份同步，封存最近三份备份", "周毅", "10 分钟"),
            ("报告信息科主任，由医院决定是否报告网信与公安部门", "吴磊", "30 分钟"),
            ("在隔离区用干净介质重建系统，恢复到感染前时间点", "何静", "当日"),
            ("改换全部口令与密钥后再接入内网", "周毅、吴磊", "恢复前"),
        ),
        "恢复点之后的业务由库房凭纸质单据补录；被加密的磁盘整盘封存，供取证。",
        "离线备份存放在东湖院区，取用须两人签字；取证磁盘交信息科保管。" + _MANUAL,
    ),
    "data_error": Story(
        "账实不符、余额为负、工资或成本结果明显异常，影响多个科室。",
        (
            ("冻结相关模块的过账与结账", "吴磊", "10 分钟"),
            ("查明涉及的单据与时间范围，列出清单", "何静", "60 分钟"),
            ("拟订更正单据（红冲重做），双方核对", "何静、财务科", "4 小时"),
            ("执行更正，复核余额与报表", "财务科", "当日"),
        ),
        "更正只用红冲与补单，不直接修改数据库；更正前后各留一份对照表。",
        "结账日前三天内发生的，由财务科长决定是否推迟结账。更正单据由财务科长签字。",
    ),
    "interface_down": Story(
        "与供应商平台、财务系统等接口连续失败 15 分钟或积压超过 50 条。",
        (
            ("查看接口队列与对方状态，判断是哪一方", "周毅", "15 分钟"),
            ("联系对方值班，登记对方工单号", "服务台", "20 分钟"),
            ("紧急订单改为电话下单，登记台账", "物资管理科", "30 分钟"),
            ("恢复后按顺序补发，核对双方笔数与金额", "何静", "恢复后 1 小时"),
        ),
        "补发按业务编号去重；对方已人工处理的从队列中剔除并双方签字。",
        "供应商平台值班电话、财务系统接口负责人见联系人；台账存物资管理科。",
    ),
    "network_cut": Story(
        "某院区或楼宇无法访问系统，其他区域正常。",
        (
            ("确认是链路、交换机还是配线间断电", "信息科网络组", "10 分钟"),
            ("启用备用链路或临时无线桥接", "信息科网络组", "30 分钟"),
            ("断网区域启用手工领料与登记", "吴磊", "15 分钟"),
            ("恢复后补录并核对", "物资管理科", "恢复后 2 小时"),
        ),
        "备用链路启用后观察 24 小时再切回主链路。",
        "东湖院区备用链路由运营商提供，报障号码在信息科值班表内。" + _MANUAL,
    ),
}


def seed(users: Mapping[str, User], contract: Contract, today: dt.date) -> Drill:
    """All plans signed in January of last year; the data base plan revised twice; a drill some weeks ago."""
    engineer, head = users[ENGINEER], users[COUNTERPART]
    for scenario, story in STORIES.items():
        _version(
            engineer,
            head,
            contract,
            scenario,
            _content(story),
            dt.date(contract.starts_on.year, 1, 4),
            "首版",
        )
    _revise(engineer, head, contract)
    return _drill(engineer, head, today)


def _content(story: Story) -> Content:
    steps = tuple(Step(*row) for row in story.steps)
    return Content(story.trigger, _ROLES, steps, _CONTACTS, story.rollback, story.specifics)


def _version(
    engineer: User, head: User, contract: Contract, scenario: str, content: Content, day: dt.date, note: str
) -> None:
    with clock.pinned(clock.at(day, 9, 20)):
        version = plans.draft(
            actor=engineer, contract=contract, scenario=scenario, content=content, note=note
        )
        version = plans.sign(actor=engineer, version=version)
    with clock.pinned(clock.at(day + dt.timedelta(days=1), 10, 5)):
        plans.sign(actor=head, version=version)


def _revise(engineer: User, head: User, contract: Contract) -> None:
    """The stand-by server comes in March; in May the hospital asks for its night-time access to be written down."""
    year = contract.starts_on.year
    second = _content(STORIES["db_down"])
    second = replace(
        second, steps=(*second.steps, Step("登记切换时间与丢失的秒数，通报院方", "孙浩", "60 分钟"))
    )
    _version(engineer, head, contract, "db_down", second, dt.date(year, 3, 11), "启用备库，补充切换登记")
    third = replace(
        second, specifics=second.specifics + "夜间与节假日由总值班（内线 6000）陪同开启机房，须登记门禁。"
    )
    with clock.pinned(clock.at(dt.date(year, 5, 12), 15, 40)):
        plan = EmergencyPlan.objects.get(contract=contract, scenario="db_down")
        request = plans.request_revision(
            actor=head, plan=plan, text="夜间切换时进不了机房，请写明夜间开门的路径和电话。"
        )
    _version(engineer, head, contract, "db_down", third, dt.date(year, 5, 19), "补充夜间进入机房的路径")
    with clock.pinned(clock.at(dt.date(year, 5, 20), 11)):
        plans.answer_revision(
            actor=engineer,
            request=request,
            accepted=True,
            text="已在“本院实际情况”补充总值班开门路径，第 3 版双方已签署。",
        )


def _drill(engineer: User, head: User, today: dt.date) -> Drill:
    """Held on a weekday afternoon about two months ago, within this contract year wherever that is possible."""
    day = max(dt.date(today.year, 1, 6), today - dt.timedelta(days=60))
    day = min(day, today - dt.timedelta(days=2))

    def at(minute: int) -> dt.datetime:
        return clock.at(day, 14) + dt.timedelta(minutes=minute)

    with clock.pinned(clock.at(day - dt.timedelta(days=14), 9)):
        drill = drills.plan_drill(
            actor=engineer, scenario="db_down", planned_on=day, place="三楼信息科机房",
            situation="主库服务器断电，三个库房出库中断；要求在备库恢复出库。", goal="30 分钟内切换到备库并恢复出库",
        )  # fmt: skip
    with clock.pinned(at(100)):
        for side, name, duty in (
            ("supplier", "孙浩", "指挥"), ("supplier", "周毅", "技术处置"), ("hospital", "吴磊", "甲方协调"),
            ("hospital", "王敏", "库房验证"),
        ):  # fmt: skip
            drills.add_participant(actor=engineer, drill=drill, side=side, name=name, duty=duty)
        for minute, text in (
            (0, "断开主库电源，开始计时"), (3, "值班工程师应答，确认主库不可达"), (8, "通知库房启用手工领料单"),
            (21, "备库提升为主库，应用改指"), (27, "三个库房各出库一笔成功"), (75, "主库重建为备库，核对流水号一致"),
        ):  # fmt: skip
            drills.add_event(actor=engineer, drill=drill, text=text, at=at(minute))
        drills.add_finding(
            actor=head, drill=drill, what="骨科库房找不到纸质领料单，逐库房配发一本并贴标识", owner="吴磊", due_on=day + dt.timedelta(days=21),
        )  # fmt: skip
        finding = drills.add_finding(
            actor=engineer, drill=drill, what="切换脚本中备库地址写死，改为读配置", owner="周毅", due_on=day + dt.timedelta(days=14),
        )  # fmt: skip
        drills.conclude(
            actor=engineer, drill=drill, began_at=at(0), ended_at=at(90), result="passed",
            summary="27 分钟恢复出库，达到目标。手工领料单配发不全，切换脚本需改进。",
        )  # fmt: skip
        drills.sign(actor=engineer, drill=drill)
    with clock.pinned(at(150)):
        signed = drills.sign(actor=head, drill=drill)
    with clock.pinned(clock.at(min(day + dt.timedelta(days=10), today), 8)):
        drills.finish_finding(
            actor=engineer, finding=finding, evidence="变更单 BG-0112，脚本已改并在测试库复测"
        )
    return signed
