from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

# nothing is held or spent below nothing: what a source releases it held before
NOT_NEGATIVE_SQL = """
CREATE FUNCTION logistics_budget_entry_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT e.source, e.state, sum(e.amount) AS amount INTO bad FROM logistics_budget_entry e
        JOIN (SELECT DISTINCT line_id, source, state FROM added WHERE state <> 'carried') a USING (line_id, source, state)
        GROUP BY e.line_id, e.source, e.state HAVING sum(e.amount) < 0 LIMIT 1;
    IF bad.source IS NOT NULL THEN
        RAISE EXCEPTION '预算流水不成立：% 的 % 合计为 %', bad.source, bad.state, bad.amount USING ERRCODE = 'HR020';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER never_below_nothing AFTER INSERT ON logistics_budget_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION logistics_budget_entry_check();
ALTER TABLE logistics_budget_entry ENABLE ALWAYS TRIGGER never_below_nothing;
"""

DROP_SQL = """
DROP TRIGGER IF EXISTS never_below_nothing ON logistics_budget_entry;
DROP FUNCTION IF EXISTS logistics_budget_entry_check;
"""


class Migration(migrations.Migration):
    dependencies = [("budget", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("logistics_budget_entry"),
        migrations.RunSQL(sql=NOT_NEGATIVE_SQL, reverse_sql=DROP_SQL),
    ]
