from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "hrp.platform.access"
    label = "access"
    verbose_name = "用户与权限"

    def ready(self) -> None:
        from hrp.platform.access import checks as checks
        from hrp.platform.access import invariants, permissions, scope
        from hrp.platform.audit import services as audit
        from hrp.platform.base import acts

        acts.bind(recorder=audit.record, gate=scope.require)
        invariants.register_all()
        permissions.declare_all(
            "access",
            {
                "system.user.view": "查看用户",
                "system.user.edit": "建立、修改、锁定用户，重置密码",
                "security.user.view": "查看用户及其授权",
                "security.user.reset_factor": "重置双因子",
                "security.role.view": "查看角色",
                "security.role.edit": "建立角色，调整角色权限",
                "security.grant.view": "查看授权",
                "security.grant.edit": "授予、收回角色",
                "security.key.revoke": "吊销他人的接口密钥",
                "security.policy.view": "查看安全策略",
            },
        )
        permissions.declare_all(
            "audit",
            {
                "audit.log.view": "查看操作日志",
                "audit.log.export": "导出操作日志",
                "audit.history.view": "查看档案变更历史",
                "audit.chain.verify": "核验审计链",
            },
        )
        permissions.declare_all(
            "jobs", {"system.job.view": "查看后台任务", "system.job.edit": "重试、取消后台任务"}
        )
        permissions.declare_all(
            "org",
            {
                "org.unit.view": "查看科室",
                "org.category.edit": "设置科室类别",
                "system.org_unit.edit": "建立、调整、合并、停用科室",
                "system.calendar.import": "导入工作日历",
                "system.parameter.edit": "设置业务参数",
                "org.parameter.view": "查看业务参数",
                "org.parameter.verify": "核对业务参数",
            },
        )
