"""What the database itself refuses about projects: a source that gave more to cards than it put in (HR026), at commit."""

SQL = """
CREATE FUNCTION assets_project_covered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT p.code, sum(m.amount) AS left INTO bad FROM assets_project_move m JOIN assets_project p ON p.id = m.project_id
    WHERE m.project_id = NEW.project_id AND m.paid_by_id = NEW.paid_by_id GROUP BY p.code HAVING sum(m.amount) < 0;
    IF FOUND THEN
        RAISE EXCEPTION '在建工程 % 的余额为 % 元', bad.code, bad.left
            USING ERRCODE = 'HR026', HINT = '转固不能超过同一资金来源归集的成本。';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER covered AFTER INSERT ON assets_project_move DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.amount < 0) EXECUTE FUNCTION assets_project_covered();
ALTER TABLE assets_project_move ENABLE ALWAYS TRIGGER covered;
"""

REVERSE_SQL = """
DROP TRIGGER IF EXISTS covered ON assets_project_move;
DROP FUNCTION IF EXISTS assets_project_covered();
"""
