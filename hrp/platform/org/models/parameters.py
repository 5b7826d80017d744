"""What rules and figures a hospital goes by, from which day on, and where they come from."""

from __future__ import annotations

from django.db import models

from hrp.platform.base.history import tracked


@tracked()
class Parameter(models.Model):
    """The value of one declared parameter from a day on. Once somebody else has verified it, it stands."""

    key = models.CharField("参数", max_length=80)
    valid_from = models.DateField("生效日期")
    value = models.CharField("值", max_length=500)
    source = models.CharField("依据", max_length=200, help_text="文件名称、文号或院内决定")
    entered_by = models.CharField("录入人", max_length=50)
    entered_at = models.DateTimeField("录入时间")
    verified_by = models.CharField("核对人", max_length=50, blank=True)
    verified_at = models.DateTimeField("核对时间", null=True, blank=True)

    class Meta:
        verbose_name = "业务参数"
        db_table = "org_parameter"
        ordering = ("key", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=["key", "valid_from"], name="org_parameter_once"),
            models.CheckConstraint(
                condition=models.Q(verified_by="") | ~models.Q(verified_by=models.F("entered_by")),
                name="org_parameter_another_verifies",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.valid_from}"
