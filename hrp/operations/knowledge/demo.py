"""What the demo hospital's desk has learnt: articles of its four systems, one waiting for review, one for publication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from hrp.operations.knowledge import services
from hrp.operations.knowledge.models import Article, ArticleVersion, Label
from hrp.operations.knowledge.services import Text
from hrp.platform.access.models import User
from hrp.platform.base import clock

AUTHOR, REVIEWER = "zhouyi", "wulei"

_LOGISTICS, _ASSETS, _HR, _COSTING = (
    "物流管理系统", "固定资产管理系统", "人力资源管理系统", "成本核算管理系统",
)  # fmt: skip

ARTICLES: tuple[tuple[str, Text], ...] = (
    (_LOGISTICS, Text("出库时提示库存不足，但货架上有货", "点过账后提示「可用库存不足」，提示中列出已过期数量", "打开「库存查询」，按物资查看各批号的有效期\n已过期的批号办理报损出库\n临期仍可用的，核对有效期是否录错", "批号已过有效期，不计入可用库存", "不能出库 过期 缺货")),
    (_LOGISTICS, Text("扫码枪扫不出高值耗材条码", "扫码后光标停在原处，无声音；手工录入可以保存", "确认扫的是带 (01) 的主条码\n两段条码的，先扫主码再扫副码\n仍扫不出的，把包装拍照随工单提交", "供应商换用 GS1 复合码，或条码污损", "UDI GS1 骨科 植入")),
    (_LOGISTICS, Text("入库单过账后发现数量录错怎么办", "已过账的入库单没有「修改」按钮", "打开原单点「红冲」，写明原因，选不早于原单的日期\n另制一张正确的入库单\n已经发出的批号先退库再红冲", "已过账的单据不能修改", "红冲 改单 冲销 录错")),
    (_LOGISTICS, Text("采购订单邮件发不出去", "点「发送」后退回「认证失败」", "通知值班工程师更新邮件网关授权\n急用的先导出 PDF，电话通知供应商\n恢复后在「待发送」里批量补发", "邮件网关授权码到期", "邮箱 退信 供应商")),
    (_LOGISTICS, Text("三联单打印错位", "241×140 连续纸打印时表格偏移半行", "在 Windows「打印服务器属性」新建 241×140 mm 纸张\n打印机选该纸张，按实际大小打印\n进纸孔对准第一孔", "打印机没有自定义纸张，按 A4 缩放", "针式打印机 连续纸 打偏")),
    (_LOGISTICS, Text("收货电脑打开系统是空白页", "只有一台电脑打不开，其他正常", "按 Ctrl F5 强制刷新\n浏览器升级到 Chrome 或 Edge 最新版\n仍空白的，记下页面下方的编号报修", "浏览器版本过旧", "白屏 打不开")),
    (_ASSETS, Text("月末核对少提了几台设备的折旧", "折旧清单与设备台账相差数台", "在「资产卡片」按折旧方法为空筛选\n逐台补选折旧方法和年限\n重新运行当月折旧", "建卡时没有选折旧方法", "呼吸机 计提 少提")),
    (_ASSETS, Text("资产标签打印偏了两毫米", "换了新标签卷后条码压线", "打印机上重新做介质校准\n在「标签设置」把上边距调为 1.5 mm\n先打一张试样再批量打印", "新卷间距与模板不符", "标签机 二维码")),
    (_ASSETS, Text("盘点单导出后没有使用科室", "Excel 里「使用科室」一列为空", "升级到 V2.3.1 或以上\n急用的，先在页面「列设置」勾选科室再导出", "旧导出模板的字段名已变", "盘点 导出 科室")),
    (_HR, Text("调入人员工资没有岗位津贴", "当月调入的人员工资条缺岗位津贴", "核对「任职记录」的生效日是否为报到日\n有误的，按更正流程补录生效日\n重算当月工资并核对工资条", "生效日录成了次月 1 日", "工资 津贴 调动")),
    (_HR, Text("如何打印在职证明", "人事科新来的老师找不到入口", "「人员档案」找到本人，点「打印」\n选「在职证明」模板\n需要英文的选「在职证明（英）」", "", "证明 打印 人事")),
    (_HR, Text("忘记密码或账号被锁", "连续输错后提示账号锁定 15 分钟", "等待 15 分钟后再试\n忘记密码的请系统管理员重置，首次登录须修改\n换了手机的同时重置二次验证", "", "登录 解锁 重置")),
    (_COSTING, Text("门诊科室成本突然增加三成", "分摊结果与上月差异很大", "在「统计量」查同月是否有两张水电表读数\n重复的红冲其中一张\n重新运行分摊并比较差异", "统计量单据重复导入", "分摊 差异 水电")),
    (_COSTING, Text("报表上的数怎么追到凭证", "想知道某科室某项成本的来处", "在报表上点该数字，逐层展开到凭证\n点凭证号打开原始单据", "", "追溯 下钻 来源")),
    (_COSTING, Text("结账时提示检查未通过", "点「结账」后列出未过账单据或不平的检查项", "按提示逐条打开未过账的单据，过账或作废\n仍有不平的不要强行处理，报修并附上检查项名称", "当月还有未过账单据", "月结 结账 期间")),
)  # fmt: skip

_PARTIES = Text("归档日志写满磁盘的应急处理", "全院单据无法保存，数据库日志报 No space left on device", "按预案 EP-HRP-01 第 3 步清理已备份的归档\n扩容后恢复写入，核对积压单据", "备份任务停止，归档不再清理", "磁盘 归档 应急")  # fmt: skip
_WAITING = Text(
    "高值耗材退货怎么录", "手术取消后植入物要退给供应商", "「退货单」扫原条码，选原入库单", "", "退货 植入"
)
_DRAFT = Text(
    "批量修改物资的供应商", "供应商更名后几百个物资要改", "待整理：先导出模板，改后导入", "", "导入 供应商"
)


def seed(users: Mapping[str, User], today: dt.date) -> list[Article]:
    """Write, review and publish over the past months; ``users`` by username, both people of the contract."""
    author, reviewer = users[AUTHOR], users[REVIEWER]
    made = []
    for place, (module, text) in enumerate(ARTICLES):
        day = today - dt.timedelta(days=200 - 11 * place)
        made.append(_publish(author, reviewer, day, module, text))
    made.append(
        _publish(author, reviewer, today - dt.timedelta(days=30), _LOGISTICS, _PARTIES, Label.PARTIES)
    )
    _revise(author, reviewer, made[4], today - dt.timedelta(days=20))
    with clock.pinned(clock.at(today - dt.timedelta(days=3), 10)):
        waiting = services.draft(actor=author, text=_WAITING, module=_LOGISTICS)
        services.review(actor=reviewer, version=waiting, approved=True)
        services.draft(actor=author, text=_DRAFT, module=_LOGISTICS)
    for place, name in enumerate(("wangmin", "zhaoqian", "zhangxiaoyan", "wangmin", "lijianguo")):
        if name in users:
            with clock.pinned(clock.at(today - dt.timedelta(days=25 - 4 * place), 9, 20)):
                services.deflect(
                    actor=users[name], article=made[place * 3 % 15].article, words=made[place].keywords
                )
    return [Article.objects.get(pk=version.article_id) for version in made]


def _publish(
    author: User, reviewer: User, day: dt.date, module: str, text: Text, label: str = Label.OPEN
) -> ArticleVersion:
    with clock.pinned(clock.at(day, 10)):
        version = services.draft(actor=author, text=text, module=module, label=label)
    with clock.pinned(clock.at(day + dt.timedelta(days=2), 15)):
        services.review(actor=reviewer, version=version, approved=True, opinion="已按步骤试过")
        return services.publish(actor=reviewer, version=version)


def _revise(author: User, reviewer: User, version: ArticleVersion, day: dt.date) -> None:
    """One article has been improved since: a second version."""
    with clock.pinned(clock.at(day, 11)):
        second = services.revise(actor=author, article=version.article)
        text = Text(
            second.title,
            second.symptoms,
            f"{second.cure}\n每换一批纸先打一张空白单试位",
            second.cause,
            second.keywords,
        )
        services.edit(actor=author, version=second, text=text, module=second.article.module)
        services.review(actor=reviewer, version=second, approved=True)
        services.publish(actor=reviewer, version=second)
