from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

# an estimate is never settled beyond what was estimated, an item of a supplier never beyond itself
SETTLED_SQL = """
CREATE FUNCTION logistics_estimate_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT e.receipt_line_id AS line, sum(e.quantity) AS quantity, sum(e.amount) AS amount INTO bad
        FROM logistics_estimate e JOIN (SELECT DISTINCT receipt_line_id FROM added) a USING (receipt_line_id)
        GROUP BY 1 HAVING sum(e.quantity) < 0 OR sum(e.amount) < 0 OR (sum(e.quantity) = 0 AND sum(e.amount) <> 0) LIMIT 1;
    IF bad.line IS NOT NULL THEN
        RAISE EXCEPTION '入库明细 % 的暂估余额不成立：数量 %，金额 %', bad.line, bad.quantity, bad.amount USING ERRCODE = 'HR021';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER never_below_nothing AFTER INSERT ON logistics_estimate
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION logistics_estimate_check();
ALTER TABLE logistics_estimate ENABLE ALWAYS TRIGGER never_below_nothing;

CREATE FUNCTION logistics_payable_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    PERFORM 1 FROM logistics_supplier s WHERE s.id IN (SELECT supplier_id FROM added WHERE settles_id IS NOT NULL)
        ORDER BY s.id FOR NO KEY UPDATE;
    SELECT p.id, p.amount, sum(s.amount) AS settled INTO bad
        FROM logistics_payable p JOIN logistics_payable s ON s.settles_id = p.id
        WHERE p.id IN (SELECT settles_id FROM added WHERE settles_id IS NOT NULL)
        GROUP BY p.id, p.amount, p.settles_id
        HAVING p.settles_id IS NOT NULL OR sign(sum(s.amount)) = sign(p.amount) OR abs(sum(s.amount)) > abs(p.amount) LIMIT 1;
    IF bad.id IS NOT NULL THEN
        RAISE EXCEPTION '应付 % 的核销超过其金额：应付 %，核销 %', bad.id, bad.amount, bad.settled USING ERRCODE = 'HR022';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER never_beyond_itself AFTER INSERT ON logistics_payable
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION logistics_payable_check();
ALTER TABLE logistics_payable ENABLE ALWAYS TRIGGER never_beyond_itself;
"""

SETTLED_DROP_SQL = """
DROP TRIGGER IF EXISTS never_beyond_itself ON logistics_payable;
DROP TRIGGER IF EXISTS never_below_nothing ON logistics_estimate;
DROP FUNCTION IF EXISTS logistics_payable_check, logistics_estimate_check;
"""

# a closed month of materials takes no fact any more, whatever wrote it
CLOSED_TABLES = ("logistics_move", "logistics_estimate", "logistics_payable", "logistics_consumed")
CLOSED_SQL = """
CREATE FUNCTION logistics_refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE closed text;
BEGIN
    SELECT to_char(p.first_day, 'YYYY-MM') INTO closed FROM logistics_close c JOIN ledger_period p ON p.id = c.period_id
        WHERE c.reopened_at IS NULL AND c.period_id IN (SELECT DISTINCT period_id FROM added) LIMIT 1;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION '% 物资已月结，不能再记账', closed USING ERRCODE = 'HR002';
    END IF;
    RETURN NULL;
END $$;
""" + "".join(
    f"""
CREATE TRIGGER closed_month AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION logistics_refuse_closed();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER closed_month;
"""
    for table in CLOSED_TABLES
)

# a closed month is reopened once, and nothing else about it changes; a store in use takes no opening
RULES_SQL = """
CREATE FUNCTION logistics_close_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE free text[] := ARRAY['reopened_by_id', 'reopened_at', 'reopen_reason'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '月结记录不能删除' USING ERRCODE = 'HR001';
    END IF;
    IF OLD.reopened_at IS NOT NULL OR (to_jsonb(NEW) - free) IS DISTINCT FROM (to_jsonb(OLD) - free) THEN
        RAISE EXCEPTION '月结记录不能修改' USING ERRCODE = 'HR001', HINT = '反结账后重新月结。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed_stays BEFORE UPDATE OR DELETE ON logistics_close
    FOR EACH ROW EXECUTE FUNCTION logistics_close_guard();
ALTER TABLE logistics_close ENABLE ALWAYS TRIGGER closed_stays;

CREATE FUNCTION logistics_opening_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('posted', 'reversed') AND NEW.state <> OLD.state
       AND EXISTS (SELECT FROM logistics_store_opening o WHERE o.store_id = NEW.store_id) THEN
        RAISE EXCEPTION '库房已启用，期初不能再变' USING ERRCODE = 'HR023';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER before_use BEFORE UPDATE OF state ON logistics_opening
    FOR EACH ROW EXECUTE FUNCTION logistics_opening_guard();
ALTER TABLE logistics_opening ENABLE ALWAYS TRIGGER before_use;
"""

RULES_DROP_SQL = """
DROP TRIGGER IF EXISTS before_use ON logistics_opening;
DROP TRIGGER IF EXISTS closed_stays ON logistics_close;
DROP FUNCTION IF EXISTS logistics_opening_guard, logistics_close_guard;
"""

CLOSED_DROP_SQL = "".join(f"DROP TRIGGER IF EXISTS closed_month ON {table};" for table in CLOSED_TABLES) + (
    "DROP FUNCTION IF EXISTS logistics_refuse_closed;"
)


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0001_initial"),
        ("logistics", "0002_guards"),
        ("base", "0001_initial"),
        ("documents", "0002_guards"),
    ]
    operations = [
        AppendOnly("logistics_estimate"),
        AppendOnly("logistics_payable"),
        AppendOnly("logistics_consumed"),
        AppendOnly("logistics_einvoice"),
        AppendOnly("logistics_period_balance"),
        AppendOnly("logistics_store_opening"),
        GuardDocument("logistics_supplier_invoice", "logistics_supplier_invoice_line"),
        GuardDocument("logistics_cost_adjustment", "logistics_cost_adjustment_line"),
        GuardDocument("logistics_opening", "logistics_opening_line"),
        GuardDocument("logistics_payment", "logistics_payment_line"),
        migrations.RunSQL(sql=SETTLED_SQL, reverse_sql=SETTLED_DROP_SQL),
        migrations.RunSQL(sql=CLOSED_SQL, reverse_sql=CLOSED_DROP_SQL),
        migrations.RunSQL(sql=RULES_SQL, reverse_sql=RULES_DROP_SQL),
    ]
