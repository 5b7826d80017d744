"""Shifts, pagings and checks are facts. A changed rota is seen by every process within a second."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.base.stamps import BumpStamp

FACTS = (
    "operations_duty_shift",
    "operations_duty_shift_cut",
    "operations_duty_substitution",
    "operations_duty_handover",
    "operations_paging_step",
    "operations_paging_attempt",
    "operations_paging_ack",
    "operations_contact_check",
)
ROTA = (
    "operations_duty_shift",
    "operations_duty_shift_cut",
    "operations_duty_substitution",
    "operations_duty_person",
)

RUN = """
CREATE FUNCTION operations_guard_paging() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.source, OLD.key, OLD.level, OLD.steps, OLD.started_at, OLD.respond_by)
            IS NOT DISTINCT FROM (NEW.source, NEW.key, NEW.level, NEW.steps, NEW.started_at, NEW.respond_by)
            AND NEW.position >= OLD.position
            AND (OLD.state IN ('active', 'exhausted') OR NEW.state = OLD.state) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '呼叫 %：不允许 %', OLD.id, TG_OP
        USING ERRCODE = 'HR001', HINT = '呼叫一经开始，对象、呼叫链与时间不可修改；已结束的不再重开。';
END $$;
CREATE TRIGGER guard_paging BEFORE UPDATE OR DELETE ON operations_paging_run
    FOR EACH ROW EXECUTE FUNCTION operations_guard_paging();
ALTER TABLE operations_paging_run ENABLE ALWAYS TRIGGER guard_paging;
"""
DROP_RUN = "DROP FUNCTION operations_guard_paging() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("duty", "0001_initial"), ("base", "0001_initial")]
    operations = [
        *(AppendOnly(table) for table in FACTS),
        *(BumpStamp(table, "duty_rota") for table in ROTA),
        migrations.RunSQL(RUN, DROP_RUN),
    ]
