"""Reading the yearly notice as it is published."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.platform.org.rules.calendar import DayKind
from hrp.platform.org.rules.notices import lay_out, read_notice
from hrp.platform.org.services.calendar import shipped_notices

# The arrangements (not the prose around them) of the four notices, in the words in which they were published.
NOTICES = {
    2023: """国务院办公厅关于2023年部分节假日安排的通知
国办发明电〔2022〕16号
一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。""",
    2024: """国务院办公厅关于2024年部分节假日安排的通知 国办发明电〔2023〕7号
一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。""",
    2025: """国务院办公厅关于2025年部分节假日安排的通知 国办发明电〔2024〕12号
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。""",
    2026: """国务院办公厅关于2026年部分节假日安排的通知 国办发明电〔2025〕7号
一、元旦:1月1日(周四)至3日(周六)放假调休,共3天。1月4日(周日)上班。
二、春节:2月15日(农历腊月二十八、周日)至23日(农历正月初七、周一)放假调休,共9天。2月14日(周六)、2月28日(周六)上班。
三、清明节:4月4日(周六)至6日(周一)放假,共3天。
四、劳动节:5月1日(周五)至5日(周二)放假调休,共5天。5月9日(周六)上班。
五、端午节:6月19日(周五)至21日(周日)放假,共3天。
六、中秋节:9月25日(周五)至27日(周日)放假,共3天。
七、国庆节:10月1日(周四)至7日(周三)放假调休,共7天。9月20日(周日)、10月10日(周六)上班。""",
}


@pytest.mark.parametrize("year", sorted(NOTICES))
def test_the_published_text_gives_the_shipped_days(year):
    read = read_notice(NOTICES[year])
    shipped = {notice.year: notice for notice, _ in shipped_notices()}[year]
    assert read.problems == ()
    assert read.document == shipped.document
    assert {(d.date, d.kind) for d in read.days} == {(d.date, d.kind) for d in shipped.days}


def test_one_paragraph_without_line_breaks_reads_the_same():
    assert read_notice(NOTICES[2025].replace("\n", "")).days[1:] == read_notice(NOTICES[2025]).days[1:]


SENTENCE = "七、国庆节：10月1日至7日放假调休，共7天。9月28日（星期日）、10月11日（星期六）上班。"


def test_a_single_sentence_with_year_and_document_given():
    notice = read_notice(SENTENCE, year=2025, document="国办发明电〔2024〕12号")
    assert notice.problems == ()
    assert [d.date for d in notice.days if d.kind is DayKind.MAKEUP] == [
        dt.date(2025, 9, 28),
        dt.date(2025, 10, 11),
    ]
    assert sum(d.kind is DayKind.HOLIDAY for d in notice.days) == 7


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (SENTENCE.replace("共7天", "共8天"), "写明共 8 天，按日期是 7 天"),
        (SENTENCE.replace("（星期日）", "（星期六）"), "2025-09-28 不是星期六"),
        (SENTENCE.replace("10月11日（星期六）", "10月13日"), "2025-10-13 不是周末"),
        (SENTENCE.replace("至7日", "至37日"), "没有 10 月 37 日"),
        (SENTENCE.replace("9月28日（星期日）、10月11日（星期六）", "次周的周末"), "没有读懂调休上班日期"),
        (SENTENCE.replace("10月11日（星期六）", "10月5日（星期日）"), "既放假"),
        ("七、国庆节：放假七天。", "没有读到放假日期"),
        ("祝大家节日快乐", "没有读到任何放假安排"),
    ],
)
def test_what_does_not_add_up_is_named_and_nothing_is_guessed(wrong, complaint):
    notice = read_notice(wrong, year=2025, document="国办发明电〔2024〕12号")
    assert any(complaint in problem for problem in notice.problems), notice.problems


def test_without_year_or_document_the_notice_is_not_importable():
    notice = read_notice(SENTENCE)
    assert len(notice.problems) == 2


def test_a_laid_out_year_has_every_day_once():
    days = lay_out(2024, {})
    assert len(days) == len({day.date for day in days}) == 366
