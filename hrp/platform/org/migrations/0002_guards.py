"""What constraints cannot say: no cycle in a tree on any day; every change of a register bumps its stamp."""

from django.db import migrations

from hrp.platform.base.stamps import BumpStamp

NO_CYCLE = """
CREATE FUNCTION org_tree_edge_refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NULL THEN
        RETURN NULL;
    END IF;
    -- two transactions, each adding half of a cycle, would not see one another: one lane per tree
    PERFORM pg_advisory_xact_lock(hashtext('org_tree_edge'), hashtext(NEW.tree));
    IF EXISTS (
        WITH RECURSIVE above (unit_id, days) AS (
            SELECT NEW.parent_id, daterange(NEW.valid_from, NEW.valid_to, '[]')
            UNION
            SELECT e.parent_id, a.days * daterange(e.valid_from, e.valid_to, '[]')
            FROM above a
            JOIN org_tree_edge e ON e.unit_id = a.unit_id AND e.tree = NEW.tree
            WHERE e.parent_id IS NOT NULL
              AND a.unit_id <> NEW.unit_id
              AND a.days && daterange(e.valid_from, e.valid_to, '[]')
        )
        SELECT FROM above WHERE unit_id = NEW.unit_id
    ) THEN
        RAISE EXCEPTION '科室 % 在 % 树中会成为自己的上级', NEW.unit_id, NEW.tree
            USING ERRCODE = 'check_violation', CONSTRAINT = 'org_tree_edge_no_cycle', TABLE = 'org_tree_edge';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER org_tree_edge_no_cycle AFTER INSERT OR UPDATE ON org_tree_edge
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION org_tree_edge_refuse_cycle();
ALTER TABLE org_tree_edge ENABLE ALWAYS TRIGGER org_tree_edge_no_cycle;
"""
DROP_NO_CYCLE = """
DROP TRIGGER IF EXISTS org_tree_edge_no_cycle ON org_tree_edge;
DROP FUNCTION IF EXISTS org_tree_edge_refuse_cycle();
"""


class Migration(migrations.Migration):
    dependencies = [("org", "0001_initial"), ("base", "0002_stamps")]
    operations = [
        migrations.RunSQL(NO_CYCLE, DROP_NO_CYCLE),
        BumpStamp("org_unit", "tree"),
        BumpStamp("org_tree_edge", "tree"),
        BumpStamp("org_unit_category", "tree"),
        BumpStamp("org_calendar_year", "calendar"),
        BumpStamp("org_calendar_day", "calendar"),
    ]
