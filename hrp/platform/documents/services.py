"""The verbs every document shares, up to approval. Posting and reversal are in :mod:`posting`.

Each verb is one transaction with one audit row; it locks and re-reads the document first, so two people at the same
document meet a clear refusal instead of overwriting each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Model

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from hrp.platform.documents import approvals, registry, states
from hrp.platform.documents.models import ApprovalTask, Attachment, Document, DocumentLine, PrintLog, State
from hrp.platform.documents.spec import DocumentSpec
from hrp.platform.notify import services as notify
from hrp.platform.org.models import Campus, OrgUnit

if TYPE_CHECKING:
    from hrp.platform.base.files import StoredFile

D = TypeVar("D", bound=Document)


def lock(document: D) -> D:
    """The document as it is now, locked until the end of the transaction. Raises NotFound."""
    fresh = sql.lock(type(document), document.pk)
    if fresh is None:
        raise NotFound(f"{document.spec.title}不存在或已被删除", way_out="请返回列表刷新。")
    return fresh


def begin(document: D, act: str, *, actor: User) -> tuple[D, str]:
    """Lock, check scope and permission, and look the act up in the state grid: the start of every verb."""
    document = lock(document)
    return document, allow(document, act, actor=actor)


def allow(document: Document, act: str, *, actor: User) -> str:
    """Scope, permission and state grid for an act on a document already locked; the state it leads to."""
    scope.check_object(actor, states.permission_for(document, act), document)
    return states.next_state(document, act)


def log(
    document: Document, act: str, *, actor: User, summary: str = "", data: dict[str, Any] | None = None
) -> None:
    audit.record(
        actor=actor, act=f"{document.spec.kind}.{act}", target=document.source,
        summary=summary or f"{states.BUTTONS[act].title if act in states.BUTTONS else act} {document}", data=data,
    )  # fmt: skip


def _problems(error: ValidationError, line: int | None) -> list[Problem]:
    if hasattr(error, "error_dict"):
        return [
            Problem(message, field=field, line=line)
            for field, messages in error.message_dict.items()
            for message in messages
        ]
    return [Problem(message, line=line) for message in error.messages]


def _fill(row: Any, values: Mapping[str, Any], allowed: Sequence[str], line: int | None) -> list[Problem]:
    """Set declared fields from ``values`` (foreign keys by id, text parsed by the field). Returns what is wrong."""
    problems: list[Problem] = []
    for name in allowed:
        if name not in values:
            continue
        field = row._meta.get_field(name)
        value = values[name]
        if value == "" and (field.null or field.is_relation):
            value = None
        if value is None and not field.null:
            problems.append(Problem(f"请填写{field.verbose_name}", field=name, line=line))
            continue
        try:
            setattr(row, field.attname, field.to_python(value))
        except ValidationError as error:
            problems.extend(
                Problem(f"{field.verbose_name}：{message}", field=name, line=line)
                for message in error.messages
            )
    return problems


def _references(row: Any) -> list[Any]:
    """Foreign keys of a row, the document it belongs to aside."""
    return [f for f in row._meta.concrete_fields if f.is_relation and f.name != "document"]


def _checked(row: Any, exclude: Sequence[str], line: int | None) -> list[Problem]:
    """What the fields themselves find wrong; foreign keys are looked up together in :func:`_missing`."""
    try:
        row.clean_fields(exclude=[*exclude, *(f.name for f in _references(row))])
    except ValidationError as error:
        return _problems(error, line)
    return []


def _missing(rows: Sequence[Any], *, header: bool = False) -> list[Problem]:
    """Foreign keys that point nowhere: one query for all of them, not one per cell."""
    if not rows:
        return []
    model: type[Model] = type(rows[0])
    statement, fields = _missing_statement(model)
    if not fields:
        return []
    wanted = [sorted({getattr(row, field.attname) for row in rows} - {None}) for field in fields]
    lost = set(sql.rows(statement, wanted))
    return [
        Problem(f"{field.verbose_name}不存在", field=field.name, line=None if header else place)
        for number, field in enumerate(fields if lost else ())
        for place, row in enumerate(rows)
        if (number, getattr(row, field.attname)) in lost
    ]


@cache
def _missing_statement(model: type[Model]) -> tuple[str, list[Any]]:
    """Which of the keys wanted of each reference of a model are not there: (place of the reference, key)."""
    fields = _references(model)
    parts = (
        f"SELECT {number}, asked.key FROM unnest(%s::{field.db_type(connection)}[]) AS asked(key) WHERE NOT EXISTS "  # noqa: S608 - names from our own models
        f'(SELECT FROM "{field.related_model._meta.db_table}" AS t WHERE t."{field.target_field.column}" = asked.key)'
        for number, field in enumerate(fields)
    )
    return " UNION ALL ".join(parts), fields


_ONE_HOSPITAL = f"""SELECT count(DISTINCT hospital_id) FROM "{Campus._meta.db_table}"
    WHERE id = %s OR id = (SELECT campus_id FROM "{OrgUnit._meta.db_table}" WHERE id = %s)"""  # noqa: S608 - names from our own models


def _other_hospital(document: Document) -> list[Problem]:
    """The site decides number and book, so it may not be one of another hospital than the department's."""
    found = sql.row(_ONE_HOSPITAL, [document.campus_id, document.org_unit_id])
    if found == (1,):
        return []
    return [Problem("院区与科室不属于同一家医院", field="campus")]


def lines_of(document: Document) -> list[Any]:
    """The lines of a document as they are stored, in order; none for a type without lines."""
    line_model = registry.type_of(document).line_model
    manager: Any = line_model._default_manager if line_model else None
    return list(manager.filter(document_id=document.pk).order_by("position")) if manager else []


def _write_lines(
    document: Document, line_model: type[DocumentLine], rows: Sequence[Any], *, replace: bool
) -> None:
    manager: Any = line_model._default_manager
    if replace:
        manager.filter(document_id=document.pk).delete()
    for row in rows:
        row.document_id = document.pk
    manager.bulk_create(rows)


SYSTEM_FIELDS = (
    "number", "state", "version", "total", "maker", "created_at", "updated_at", "submitted_at", "posted_at",
    "posted_by", "posted_version", "print_count",
)  # fmt: skip
HEADER_FIELDS = ("campus", "org_unit", "business_date", "note")


def _refused(spec: DocumentSpec, problems: Sequence[Problem]) -> Invalid:
    return Invalid(
        f"{spec.title}有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改后再保存。"
    )


@transaction.atomic
def save_draft(
    model: type[D],
    *,
    actor: User,
    header: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]] = (),
    pk: int | None = None,
    expected_version: int | None = None,
) -> D:
    """Create a draft, or replace header and lines of one. Values may be text; foreign keys are ids.

    Raises Invalid with one problem per wrong cell (field, 0-based line), Conflict when someone saved in between.
    """
    spec, line_model = model.spec, registry.types[model.spec.kind].line_model
    now = clock.now()
    if pk is None:
        scope.require(actor, spec.permission("edit"))
        document = model(maker=actor, created_at=now, updated_at=now, state=State.DRAFT)
    else:
        document, target = begin(model(pk=pk), "edit", actor=actor)
        if expected_version is not None and document.version != expected_version:
            raise Conflict(
                f"{document} 已被他人修改（第 {document.version} 版，您打开的是第 {expected_version} 版）",
                way_out="请刷新页面，核对后重新填写您的修改。", code="version_conflict",
            )  # fmt: skip
        document.state = target
        document.version += 1
    document.updated_at = now
    problems = _fill(document, header, (*HEADER_FIELDS, *spec.header_fields), None)
    rows: list[DocumentLine] = []
    if line_model is not None:
        for place, values in enumerate(lines):
            row = line_model(position=place + 1)
            problems += _fill(row, values, spec.line_fields, place)
            rows.append(row)
        if spec.lines_required and not rows:
            problems.append(Problem("至少要有一行明细"))
    if problems:
        raise _refused(spec, problems)
    problems = _missing([document], header=True) + _missing(rows) or _other_hospital(document)
    if problems:
        raise _refused(spec, problems)
    document.compute(rows)
    problems = _checked(document, SYSTEM_FIELDS, None)
    for place, row in enumerate(rows):
        problems += _checked(row, ("document",), place)
    if problems:
        raise _refused(spec, problems)
    document.validate(rows)
    created = document.pk is None
    document.save()
    if line_model is not None:
        _write_lines(document, line_model, rows, replace=not created)
    scope.check_written(actor, spec.permission("edit"), document)
    log(document, "edit", actor=actor, summary=f"{'新建' if created else '修改'} {document}",
        data={"lines": len(rows), "total": str(document.total), "version": document.version})  # fmt: skip
    return document


@transaction.atomic
def submit(document: D, *, actor: User) -> D:
    """Submit for approval. With no matching route the document is approved by rule at once."""
    document, target = begin(document, "submit", actor=actor)
    if registry.type_of(document).line_model is not None:
        document.validate(lines_of(document))
    now = clock.now()
    document.version += 1
    tasks = approvals.open_tasks(document, at=now)
    document.state = target if tasks else State.APPROVED
    document.submitted_at = document.updated_at = now
    document.save(update_fields=["state", "version", "submitted_at", "updated_at"])
    log(document, "submit", actor=actor)
    if tasks:
        _call(tasks[0], document)
    return document


def _call(task: ApprovalTask, document: Document) -> None:
    people = approvals.holders(task.role_id, task.org_unit_id, on=clock.today())
    notify.notify(
        recipients=list(User.objects.filter(pk__in=people).exclude(pk=document.maker_id)),
        kind="documents.approval",
        title=f"待审核：{document}",
        body=f"{document.maker} 提交，环节：{task.title}，金额 {document.total:,} 元",
        url=registry.url_for(document.source),
        dedupe_key=f"{document.source}:v{task.submission}:{task.position}",
    )


def _tell_maker(document: Document, title: str, body: str) -> None:
    notify.notify(
        recipients=[document.maker], kind="documents.result", title=title, body=body,
        url=registry.url_for(document.source), dedupe_key=f"{document.source}:{document.state}:v{document.version}",
    )  # fmt: skip


@transaction.atomic
def approve(document: D, *, actor: User, opinion: str = "") -> D:
    """Pass the pending level; after the last one the document is approved."""
    document, target = begin(document, "approve", actor=actor)
    task = approvals.decide(document, actor=actor, state=ApprovalTask.State.APPROVED, opinion=opinion)
    following = (
        approvals.tasks_of(document)
        .filter(submission=task.submission, state=ApprovalTask.State.WAITING)
        .first()
    )
    document.updated_at = clock.now()
    if following:
        following.state = ApprovalTask.State.PENDING
        following.save(update_fields=["state"])
        document.save(update_fields=["updated_at"])
        _call(following, document)
    else:
        document.state = target
        document.version += 1
        document.save(update_fields=["state", "version", "updated_at"])
        _tell_maker(document, f"已审核：{document}", "可以过账。")
    log(document, "approve", actor=actor, summary=f"{task.title}通过 {document}", data={"opinion": opinion})
    return document


@transaction.atomic
def send_back(document: D, *, actor: User, reason: str) -> D:
    """驳回 to the maker with a reason: from a pending level, or after approval by who may approve."""
    if not reason.strip():
        raise Invalid("驳回必须填写原因", problems=[Problem("请填写驳回原因", field="reason")])
    document, target = begin(document, "return", actor=actor)
    if document.state == State.SUBMITTED:
        approvals.decide(document, actor=actor, state=ApprovalTask.State.RETURNED, opinion=reason)
    _cancel_open_tasks(document)
    document.state = target
    document.version += 1
    document.updated_at = clock.now()
    document.save(update_fields=["state", "version", "updated_at"])
    log(document, "return", actor=actor, summary=f"驳回 {document}：{reason}")
    _tell_maker(document, f"已驳回：{document}", reason)
    return document


@transaction.atomic
def withdraw(document: D, *, actor: User) -> D:
    """The maker takes a submission back as long as nobody has decided on it; one approved by rule too."""
    document, target = begin(document, "withdraw", actor=actor)
    if document.maker_id != actor.pk:
        raise Conflict(f"{document} 只能由制单人撤回", way_out="如需退回修改，请由审核人驳回。")
    if approvals.is_decided(document):
        raise Conflict(f"{document} 已有人审核，不能撤回", way_out="如需退回修改，请由审核人驳回。")
    _cancel_open_tasks(document)
    document.state = target
    document.version += 1
    document.updated_at = clock.now()
    document.save(update_fields=["state", "version", "updated_at"])
    log(document, "withdraw", actor=actor)
    return document


@transaction.atomic
def void(document: D, *, actor: User, reason: str) -> D:
    """作废 a document that was never posted. It stays readable."""
    if not reason.strip():
        raise Invalid("作废必须填写原因", problems=[Problem("请填写作废原因", field="reason")])
    document, target = begin(document, "void", actor=actor)
    document.state = target
    document.version += 1
    document.updated_at = clock.now()
    document.save(update_fields=["state", "version", "updated_at"])
    log(document, "void", actor=actor, summary=f"作废 {document}：{reason}")
    return document


def _cancel_open_tasks(document: Document) -> None:
    approvals.tasks_of(document).filter(
        state__in=[ApprovalTask.State.PENDING, ApprovalTask.State.WAITING]
    ).update(state=ApprovalTask.State.CANCELLED)


def _handling(document: Document) -> list[str]:
    return [document.spec.permission(act) for act in ("edit", "submit", "approve", "post")]


def may_attach(document: Document, *, actor: User) -> bool:
    """Whether the actor has a hand in the document, where it lies."""
    return any(scope.has(actor, code, document.org_unit_id) for code in _handling(document))


def require_attach(document: Document, *, actor: User) -> None:
    """Raise Forbidden for who only reads documents of the type, NotFound for who handles those of other places."""
    scope.check_object(actor, document.spec.permission("view"), document)
    if may_attach(document, actor=actor):
        return
    held = next((code for code in _handling(document) if scope.has(actor, code)), None)
    if held is None:
        raise Forbidden(
            f"您可以查看{document}，但不能上传附件",
            way_out="请制单、审核或过账人员上传，或请安全管理员授权。",
        )
    scope.check_object(actor, held, document)


@transaction.atomic
def attach(document: Document, *, actor: User, stored: StoredFile) -> Attachment:
    """Put a stored file beside a document. Evidence may be added in any state; nothing is removed after posting.

    Raises Forbidden as :func:`require_attach`.
    """
    require_attach(document, actor=actor)
    attachment = Attachment.objects.create(
        kind=document.spec.kind, document_id=document.pk, name=stored.name, path=stored.path, sha256=stored.sha256,
        size=stored.size, mime=stored.mime, uploaded_by=actor, uploaded_at=clock.now(),
    )  # fmt: skip
    log(document, "attach", actor=actor, summary=f"上传附件 {stored.name}", data={"sha256": stored.sha256})
    return attachment


@transaction.atomic
def count_print(document: Document, *, actor: User) -> int:
    """Record a print and return which copy it is (1 for the first)."""
    scope.check_object(actor, document.spec.permission("print"), document)
    model = type(document)._default_manager
    model.filter(pk=document.pk).update(print_count=F("print_count") + 1)
    copy_number = model.values_list("print_count", flat=True).get(pk=document.pk)
    PrintLog.objects.create(
        kind=document.spec.kind,
        document_id=document.pk,
        copy_number=copy_number,
        actor=actor,
        printed_at=clock.now(),
    )
    return copy_number


def count_paper(kind: str, pk: int, *, actor: User) -> int:
    """As :func:`count_print`, of a paper that is no document (a counting sheet, a list of a visit); the caller judges who may."""
    copy_number = PrintLog.objects.filter(kind=kind, document_id=pk).count() + 1
    PrintLog.objects.create(
        kind=kind, document_id=pk, copy_number=copy_number, actor=actor, printed_at=clock.now()
    )
    return copy_number
