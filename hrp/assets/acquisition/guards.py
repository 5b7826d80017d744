"""What the database itself refuses about acquisition, as SQL run by the migrations, each at commit.

* plans of a year above the budget of a source, or a budget lowered below what is planned (HR040);
* an acceptance posted without its seven stages, or with a defect nobody ended (HR041);
* payments above their milestone (HR042);
* more pieces accepted than a line of a contract has (HR043).
"""

SQL = """
CREATE FUNCTION assets_budget_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record; home bigint; which int;
BEGIN
    IF TG_TABLE_NAME = 'assets_acquisition_plan' THEN
        SELECT hospital_id INTO home FROM org_campus WHERE id = NEW.campus_id;
        which := NEW.year;
    ELSE
        home := OLD.hospital_id;
        which := OLD.year;
    END IF;
    SELECT s.name, l.project, sum(l.amount) AS planned, coalesce(max(b.amount), 0) AS budget INTO bad
    FROM assets_acquisition_plan_line l
    JOIN assets_acquisition_plan d ON d.id = l.document_id AND d.state = 'posted' AND d.year = which
    JOIN org_campus c ON c.id = d.campus_id AND c.hospital_id = home
    JOIN assets_source s ON s.id = l.source_id
    LEFT JOIN assets_acquisition_budget b ON b.hospital_id = home AND b.year = which AND b.source_id = l.source_id
        AND b.project = l.project
    GROUP BY s.name, l.source_id, l.project HAVING sum(l.amount) > coalesce(max(b.amount), 0) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% 年 % % 已列计划 % 元，超过预算 % 元', which, bad.name, bad.project, bad.planned, bad.budget
            USING ERRCODE = 'HR040', HINT = '请核减计划，或追加预算。';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER budget_held AFTER UPDATE ON assets_acquisition_plan DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'posted' AND OLD.state <> 'posted') EXECUTE FUNCTION assets_budget_held();
ALTER TABLE assets_acquisition_plan ENABLE ALWAYS TRIGGER budget_held;
CREATE CONSTRAINT TRIGGER budget_held AFTER UPDATE OR DELETE ON assets_acquisition_budget DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION assets_budget_held();
ALTER TABLE assets_acquisition_budget ENABLE ALWAYS TRIGGER budget_held;

CREATE FUNCTION assets_acceptance_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE signed int; open int;
BEGIN
    SELECT count(*) INTO signed FROM assets_acquisition_step WHERE acceptance_id = NEW.id AND submission = NEW.submitted_at;
    IF signed < 7 THEN
        RAISE EXCEPTION '验收单 % 只完成 % 个环节，不能终验', NEW.number, signed USING ERRCODE = 'HR041';
    END IF;
    SELECT count(*) INTO open FROM assets_acquisition_defect d WHERE acceptance_id = NEW.id
        AND NOT EXISTS (SELECT FROM assets_acquisition_defect_end WHERE defect_id = d.id);
    IF open > 0 THEN
        RAISE EXCEPTION '验收单 % 还有 % 项缺陷未处理', NEW.number, open USING ERRCODE = 'HR041';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER acceptance_whole AFTER UPDATE ON assets_acquisition_acceptance DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted') EXECUTE FUNCTION assets_acceptance_whole();
ALTER TABLE assets_acquisition_acceptance ENABLE ALWAYS TRIGGER acceptance_whole;

CREATE FUNCTION assets_milestone_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT m.amount, sum(p.amount) AS paid INTO bad FROM assets_acquisition_milestone m
    JOIN assets_acquisition_payment p ON p.milestone_id = m.id AND p.state = 'posted'
    WHERE m.id = NEW.milestone_id GROUP BY m.amount HAVING sum(p.amount) > m.amount;
    IF FOUND THEN
        RAISE EXCEPTION '付款合计 % 元超过付款节点 % 元', bad.paid, bad.amount USING ERRCODE = 'HR042';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER milestone_held AFTER UPDATE ON assets_acquisition_payment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted') EXECUTE FUNCTION assets_milestone_held();
ALTER TABLE assets_acquisition_payment ENABLE ALWAYS TRIGGER milestone_held;

CREATE FUNCTION assets_pieces_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT l.name, l.quantity, sum(p.quantity) AS came INTO bad FROM assets_acquisition_contract_line l
    JOIN assets_acquisition_piece p ON p.contract_line_id = l.id
    JOIN assets_acquisition_acceptance d ON d.id = p.acceptance_id AND d.state = 'posted'
    WHERE l.id = NEW.contract_line_id GROUP BY l.name, l.quantity HAVING sum(p.quantity) > l.quantity;
    IF FOUND THEN
        RAISE EXCEPTION '% 合同 % 件，已验收 % 件', bad.name, bad.quantity, bad.came USING ERRCODE = 'HR043';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER pieces_held AFTER INSERT ON assets_acquisition_piece DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION assets_pieces_held();
ALTER TABLE assets_acquisition_piece ENABLE ALWAYS TRIGGER pieces_held;
"""

REVERSE_SQL = """
DROP TRIGGER IF EXISTS pieces_held ON assets_acquisition_piece;
DROP TRIGGER IF EXISTS milestone_held ON assets_acquisition_payment;
DROP TRIGGER IF EXISTS acceptance_whole ON assets_acquisition_acceptance;
DROP TRIGGER IF EXISTS budget_held ON assets_acquisition_budget;
DROP TRIGGER IF EXISTS budget_held ON assets_acquisition_plan;
DROP FUNCTION IF EXISTS assets_pieces_held();
DROP FUNCTION IF EXISTS assets_milestone_held();
DROP FUNCTION IF EXISTS assets_acceptance_whole();
DROP FUNCTION IF EXISTS assets_budget_held();
"""
