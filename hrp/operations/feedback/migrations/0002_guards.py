"""What was said is never edited: marks, replies, steps, the words of an enquiry, and a survey once it is published."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

GUARDS = """
CREATE FUNCTION operations_guard_enquiry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    projected text[] := ARRAY['state', 'responded_at', 'owner_id', 'due_on'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - projected = to_jsonb(NEW) - projected THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '咨询与建议「%」：不允许 %', OLD.title, TG_OP
        USING ERRCODE = 'HR001', HINT = '提出的内容不可修改，补充请写入办理步骤或另行提出。';
END $$;
CREATE TRIGGER guard_enquiry BEFORE UPDATE OR DELETE ON operations_enquiry
    FOR EACH ROW EXECUTE FUNCTION operations_guard_enquiry();
ALTER TABLE operations_enquiry ENABLE ALWAYS TRIGGER guard_enquiry;

CREATE FUNCTION operations_guard_survey() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '调查「%」已发布：不允许 %', OLD.title, TG_OP USING ERRCODE = 'HR001', HINT = '请另立一次调查。';
END $$;
CREATE TRIGGER guard_survey BEFORE UPDATE OR DELETE ON operations_survey
    FOR EACH ROW EXECUTE FUNCTION operations_guard_survey();
ALTER TABLE operations_survey ENABLE ALWAYS TRIGGER guard_survey;

CREATE FUNCTION operations_guard_survey_question() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.survey_id ELSE OLD.survey_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM operations_survey s WHERE s.id = asked AND s.published_at IS NOT NULL) THEN
        RAISE EXCEPTION '调查已发布：不允许 % 问题', TG_OP USING ERRCODE = 'HR001', HINT = '请另立一次调查。';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard_survey_question BEFORE INSERT OR UPDATE OR DELETE ON operations_survey_question
    FOR EACH ROW EXECUTE FUNCTION operations_guard_survey_question();
ALTER TABLE operations_survey_question ENABLE ALWAYS TRIGGER guard_survey_question;
"""

DROP_GUARDS = """
DROP FUNCTION operations_guard_enquiry() CASCADE;
DROP FUNCTION operations_guard_survey() CASCADE;
DROP FUNCTION operations_guard_survey_question() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_rating"),
        AppendOnly("operations_survey_invitation"),
        AppendOnly("operations_survey_reply"),
        AppendOnly("operations_enquiry_step"),
        migrations.RunSQL(GUARDS, DROP_GUARDS),
    ]
