"""Articles from draft to version after version, found by what people type, and counted when they help."""

from __future__ import annotations

import random
import time

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World
from hrp.operations.knowledge import rules, selectors, services
from hrp.operations.knowledge.models import Article, ArticleVersion, Label, State, Use
from hrp.operations.knowledge.services import Text
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db

ALL = (selectors.VIEW, selectors.EDIT, selectors.REVIEW)
TEXT = Text(
    title="出库时提示库存不足",
    symptoms="点保存时弹出「库存不足」，但货架上明明有货",
    cause="批号已过有效期，系统不计入可用库存",
    cure="打开「库存查询」按批号查看有效期\n过期的批号办理报损",
    keywords="不能出库 过期 HRP-2041",
)


@pytest.fixture
def world() -> World:
    return desk.make()


@pytest.fixture
def author(world: World) -> User:
    people.allow(world.engineer, *ALL)
    return world.engineer


@pytest.fixture
def reviewer(world: World) -> User:
    people.allow(world.head, *ALL)
    return world.head


@pytest.fixture
def nurse(world: World) -> User:
    return people.person(selectors.VIEW, unit=world.ward, name="赵护士长")


def published(author: User, reviewer: User, text: Text = TEXT, label: str = Label.OPEN) -> Article:
    version = services.draft(actor=author, text=text, module="物流管理系统", label=label)
    services.review(actor=reviewer, version=version, approved=True)
    services.publish(actor=reviewer, version=version)
    return Article.objects.get(pk=version.article_id)


def found(actor: User, words: str, **narrowed: str) -> list[str]:
    return [hit.version.title for hit in selectors.search(actor, words, **narrowed)]  # type: ignore[arg-type]


class TestLife:
    def test_a_draft_is_reviewed_by_another_and_then_published(self, author: User, reviewer: User) -> None:
        version = services.draft(actor=author, text=TEXT, module="物流管理系统")
        with pytest.raises(Conflict):
            services.publish(actor=reviewer, version=version)
        with pytest.raises(Forbidden):
            services.review(actor=author, version=version, approved=True)
        services.review(actor=reviewer, version=version, approved=True)
        assert found(author, "库存不足") == [], "a reviewed draft is not yet an article"
        services.publish(actor=reviewer, version=version)
        assert found(author, "库存不足") == [TEXT.title]

    def test_the_database_refuses_an_author_who_reviews(self, author: User) -> None:
        version = services.draft(actor=author, text=TEXT, module="物流管理系统")
        with pytest.raises(DatabaseError), transaction.atomic():
            ArticleVersion.objects.filter(pk=version.pk).update(reviewer=author)

    def test_what_is_missing_is_named(self, author: User) -> None:
        with pytest.raises(Invalid) as refused:
            services.draft(actor=author, text=Text("", " ", ""), module="")
        assert {one.field for one in refused.value.problems} == {"title", "symptoms", "cure", "module"}
        assert not Article.objects.exists()

    def test_a_reviewed_draft_that_is_changed_is_reviewed_anew(self, author: User, reviewer: User) -> None:
        version = services.draft(actor=author, text=TEXT, module="物流管理系统")
        services.review(actor=reviewer, version=version, approved=True)
        changed = services.edit(actor=author, version=version, text=TEXT, module="物流管理系统")
        assert (changed.state, changed.reviewer) == (State.DRAFT, None)
        with pytest.raises(Forbidden):
            services.edit(actor=reviewer, version=version, text=TEXT, module="物流管理系统")

    def test_sending_back_needs_an_opinion(self, author: User, reviewer: User) -> None:
        version = services.draft(actor=author, text=TEXT, module="物流管理系统")
        with pytest.raises(Invalid):
            services.review(actor=reviewer, version=version, approved=False, opinion=" ")
        back = services.review(actor=reviewer, version=version, approved=False, opinion="写明在哪个菜单")
        assert (back.state, back.opinion) == (State.DRAFT, "写明在哪个菜单")

    def test_a_published_text_stands_and_a_new_version_follows_it(self, author: User, reviewer: User) -> None:
        article = published(author, reviewer)
        assert article.current is not None
        for statement in (
            "UPDATE operations_article_version SET cure = '另法'",
            "UPDATE operations_article_version SET state = 'draft'",
            "DELETE FROM operations_article_version",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        with pytest.raises(Conflict):
            services.edit(actor=author, version=article.current, text=TEXT, module="物流管理系统")
        second = services.revise(actor=author, article=article)
        with pytest.raises(Conflict):
            services.revise(actor=author, article=article)
        services.edit(
            actor=author,
            version=second,
            text=Text("出库提示库存不足怎么办", "同上", "查有效期"),
            module="其他",
        )
        assert found(author, "怎么办") == []
        services.review(actor=reviewer, version=second, approved=True)
        services.publish(actor=reviewer, version=second)
        assert found(author, "怎么办") == ["出库提示库存不足怎么办"]
        assert [one.title for one in selectors.versions(article)] == ["出库提示库存不足怎么办", TEXT.title]
        article.refresh_from_db()
        assert article.module == "物流管理系统", "a revision does not move a published article"

    def test_a_draft_can_be_thrown_away_and_an_article_withdrawn(self, author: User, reviewer: User) -> None:
        services.discard(actor=author, version=services.draft(actor=author, text=TEXT, module="物流管理系统"))
        assert not Article.objects.exists()
        article = published(author, reviewer)
        with pytest.raises(Invalid):
            services.switch(actor=reviewer, article=article, active=False)
        services.switch(actor=reviewer, article=article, active=False, reason="V2.4 起已修正")
        assert found(author, "库存不足") == []
        with pytest.raises(Conflict, match="已下架"):
            services.deflect(actor=author, article=article)
        services.switch(actor=reviewer, article=article, active=True)
        assert found(author, "库存不足") == [TEXT.title]


class TestSearch:
    @pytest.mark.parametrize(
        "words",
        [
            "库存不足",
            "出库 有货",
            "货架",
            "效期",
            "kcbz",
            "ckst",
            "HRP-2041",
            "hrp 2041",
            "２０４１",
            "货",
            "报损",
            "过期",
        ],
    )
    def test_found_by_what_people_type(self, author: User, reviewer: User, words: str) -> None:
        published(author, reviewer)
        assert found(author, words) == [TEXT.title]

    @pytest.mark.parametrize("words", ["存库", "足不", "工资条", "xyz", "2042"])
    def test_not_found_by_what_is_not_there(self, author: User, reviewer: User, words: str) -> None:
        published(author, reviewer)
        assert found(author, words) == []

    def test_a_title_weighs_more_than_a_text(self, author: User, reviewer: User) -> None:
        published(author, reviewer, Text("扫码枪没反应", "扫不出", "重新插拔；盘点单也可手工录入"))
        published(author, reviewer, Text("盘点单如何导出", "找不到按钮", "点导出"))
        assert found(author, "盘点单") == ["盘点单如何导出", "扫码枪没反应"]

    def test_a_whole_sentence_finds_what_is_near_and_nothing_that_is_far(
        self, author: User, reviewer: User
    ) -> None:
        published(author, reviewer)
        published(author, reviewer, Text("工资条打印不全", "只打出一半", "调整纸张"))
        asked = "护士站出库一直提示库存不足怎么回事"
        assert [hit.version.title for hit in selectors.suggest(author, asked)] == [TEXT.title]
        assert selectors.suggest(author, "食堂订餐系统登录不上去") == []
        assert selectors.suggest(author, "库") == []

    def test_hits_are_marked_in_title_and_text(self, author: User, reviewer: User) -> None:
        published(author, reviewer)
        hit = selectors.search(author, "库存不足")[0]
        assert [part.text for part in hit.title if part.hit] == ["库存不足"]
        assert "".join(part.text for part in hit.title) == TEXT.title
        assert [part.text for part in rules.highlight(TEXT.title, "kcbz") if part.hit] == ["库存不足"]
        assert [part.text for part in rules.highlight("Error ＨＲＰ 码", "hrp") if part.hit] == ["ＨＲＰ"]

    def test_what_is_typed_cannot_break_the_query(self, author: User, reviewer: User) -> None:
        published(author, reviewer)
        for words in ("'", "库存 & | ! (", ":*", "\\", "库存' <-> '", "_ck", "%", "\x00a", "库" * 300):
            selectors.search(author, words)
            selectors.suggest(author, words)

    def test_a_label_keeps_an_article_from_departments(
        self, author: User, reviewer: User, nurse: User
    ) -> None:
        article = published(author, reviewer, label=Label.PARTIES)
        assert (found(author, "库存不足"), found(nurse, "库存不足")) == ([TEXT.title], [])
        with pytest.raises(NotFound):
            selectors.article(nurse, article.pk)
        with pytest.raises(NotFound):
            services.deflect(actor=nurse, article=article)
        assert selectors.faq(author) == []

    def test_two_thousand_articles_answer_within_a_tenth_of_a_second(
        self, author: User, reviewer: User
    ) -> None:
        many(author, reviewer, 2000)
        assert found(author, "呼吸机折旧")
        for words in ("呼吸机折旧", "无法打印", "kcbz", "全院各库房扫码入库每张单都要等很久怎么回事"):
            for verb in (selectors.search, selectors.suggest):
                taken = min(timed(verb, author, words) for _ in range(7))
                assert taken < 0.1, f"{verb.__name__} {words}: {taken * 1000:.0f} ms"


def timed(verb: object, actor: User, words: str) -> float:
    started = time.perf_counter()
    verb(actor, words)  # type: ignore[operator]
    return time.perf_counter() - started


def many(author: User, reviewer: User, count: int) -> None:
    """Generated articles, written straight to the table: the search is what is measured."""
    rng = random.Random(3)
    things = (
        "出库单",
        "入库单",
        "呼吸机",
        "工资条",
        "盘点单",
        "采购订单",
        "资产标签",
        "分摊报表",
        "高值耗材",
        "扫码枪",
    )
    faults = (
        "无法打印",
        "保存报错",
        "数据不对",
        "找不到",
        "很慢",
        "库存不足",
        "折旧少计",
        "重复导入",
        "条码扫不出",
        "权限不够",
    )
    articles = Article.objects.bulk_create(Article(module="物流管理系统") for _ in range(count))
    versions = []
    for place, article in enumerate(articles):
        title = f"{rng.choice(things)}{rng.choice(faults)} 之{place}"
        symptoms = "，".join(rng.choice(things) + rng.choice(faults) for _ in range(6))
        cure = "；".join(
            f"先看{rng.choice(things)}是否{rng.choice(faults)}，再核对参数 P{rng.randrange(999)}"
            for _ in range(8)
        )
        versions.append(
            ArticleVersion(
                article=article, number=1, state="published", title=title, symptoms=symptoms, cure=cure,
                author=author, written_at=desk.MONDAY, reviewer=reviewer, reviewed_at=desk.MONDAY,
                publisher=reviewer, published_at=desk.MONDAY,
                search=rules.lexemes((("A", title), ("C", symptoms), ("D", cure))),
            )
        )  # fmt: skip
    for version in ArticleVersion.objects.bulk_create(versions):
        Article.objects.filter(pk=version.article_id).update(current=version)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE operations_article_version")


class TestUse:
    def test_solved_without_a_ticket_counts_once_a_day(
        self, author: User, reviewer: User, nurse: User
    ) -> None:
        article = published(author, reviewer)
        for _ in range(2):
            services.deflect(actor=nurse, article=article, words="出库不了")
        use = Use.objects.get()
        assert (use.kind, use.by, use.org_unit, use.words) == ("deflected", nurse, nurse.unit, "出库不了")
        assert selectors.search(nurse, "库存不足")[0].uses == 1

    def test_uses_cannot_be_taken_back(self, author: User, reviewer: User) -> None:
        services.deflect(actor=author, article=published(author, reviewer))
        for statement in (
            "UPDATE operations_article_use SET words = ''",
            "DELETE FROM operations_article_use",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_the_faq_lists_open_articles_by_system_most_helpful_first(
        self, author: User, reviewer: User
    ) -> None:
        published(author, reviewer, Text("甲", "现象", "办法"))
        services.deflect(actor=author, article=published(author, reviewer))
        assert [(module, [one.title for one in rows]) for module, rows in selectors.faq(author)] == [
            ("物流管理系统", [TEXT.title, "甲"])
        ]


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestPages:
    def test_written_reviewed_published_and_found_over_http(self, author: User, reviewer: User) -> None:
        form = {
            "module": "物流管理系统",
            "label": "open",
            "title": TEXT.title,
            "symptoms": TEXT.symptoms,
            "cure": TEXT.cure,
        }
        assert door(author).post(reverse("operations.knowledge.new"), form | {"cure": ""}).status_code == 422
        assert door(author).post(reverse("operations.knowledge.new"), form).status_code == 302
        pk = Article.objects.get().pk
        for code in ("approve", "publish"):
            assert (
                door(reviewer).post(reverse("operations.knowledge.act", args=[pk, code])).status_code == 302
            )
        page = door(author).get(reverse("operations.knowledge"), {"q": "库存不足"}).content.decode()
        assert "<mark>库存不足</mark>" in page
        assert (
            TEXT.cure.split("\n")[0]
            in door(author).get(reverse("operations.knowledge.article", args=[pk])).content.decode()
        )

    def test_readers_do_not_see_drafts_nor_write(self, author: User, nurse: User) -> None:
        version = services.draft(actor=author, text=TEXT, module="物流管理系统")
        client = door(nurse)
        address = reverse("operations.knowledge.article", args=[version.article_id])
        assert client.get(address).status_code == 404
        assert (
            client.get(reverse("operations.knowledge"), {"tab": "draft"}).content.decode().count(TEXT.title)
            == 0
        )
        assert client.get(reverse("operations.knowledge.new")).status_code == 403

    def test_suggestions_come_while_a_title_is_typed_and_one_solves_it(
        self, author: User, reviewer: User, nurse: User
    ) -> None:
        article = published(author, reviewer)
        client = door(nurse)
        answer = client.get(reverse("operations.knowledge.suggest"), {"title": "提示库存不足"})
        assert reverse("operations.knowledge.solved", args=[article.pk]) in answer.content.decode()
        solved = client.post(
            reverse("operations.knowledge.solved", args=[article.pk]), headers={"HX-Request": "true"}
        )
        assert solved.headers["HX-Redirect"] == reverse("operations.knowledge.article", args=[article.pk])
        assert Use.objects.count() == 1
        stranger = door(people.person("operations.ticket.view"))
        assert (
            stranger.get(reverse("operations.knowledge.suggest"), {"title": "提示库存不足"}).content.strip()
            == b""
        )

    def test_the_faq_prints(self, author: User, reviewer: User) -> None:
        published(author, reviewer)
        answer = door(author).get(reverse("operations.knowledge.faq"))
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
