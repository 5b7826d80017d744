"""Files that strangers send in and that the product writes for them: random names, outside the web root, checked first.

A file is judged by its bytes, never by its name or the browser's word. What could run in a browser or hide a second
file is refused. Names shown to people are kept in the database only.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import unicodedata
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, NotFound

MIMES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}
ALLOWED = frozenset(MIMES)
MAX_BYTES = 20 * 1024 * 1024
_EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
_DANGEROUS_PARTS = frozenset(
    [
        "exe",
        "dll",
        "com",
        "bat",
        "cmd",
        "ps1",
        "vbs",
        "vbe",
        "js",
        "jse",
        "wsf",
        "wsh",
        "hta",
        "msi",
        "scr",
        "pif",
        "cpl",
        "jar",
        "sh",
        "php",
        "phtml",
        "asp",
        "aspx",
        "jsp",
        "html",
        "htm",
        "xhtml",
        "shtml",
        "svg",
        "svgz",
        "xml",
        "lnk",
        "reg",
        "iso",
        "img",
        "apk",
        "py",
        "pl",
        "docm",
        "xlsm",
        "pptm",
    ]
)
_MARKUP = re.compile(
    rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|object|embed|\?php|\?xml)", re.IGNORECASE
)
_FOLDER = re.compile(r"[a-z][a-z0-9_]{0,30}")
_ZIP_ENTRIES, _ZIP_UNPACKED, _ZIP_RATIO = 2_000, 400 * 1024 * 1024, 200


@dataclass(frozen=True)
class StoredFile:
    """A file at rest. ``path`` is relative to MEDIA_ROOT; ``name`` is what people see."""

    path: str
    sha256: str
    size: int
    mime: str
    name: str


def store_upload(
    file: BinaryIO,
    *,
    name: str = "",
    allowed: Collection[str] = ALLOWED,
    max_bytes: int = MAX_BYTES,
    folder: str = "uploads",
) -> StoredFile:
    """Check and keep one uploaded file. Raises Invalid, in words for the person who sent it; then nothing is kept."""
    shown = clean_name(name or str(getattr(file, "name", "") or ""))
    data = file.read(max_bytes + 1)
    kind = checked(data, shown, allowed=allowed, max_bytes=max_bytes)
    return store_bytes(data, name=shown, kind=kind, folder=folder)


def store_bytes(data: bytes, *, name: str, kind: str, folder: str) -> StoredFile:
    """Write bytes that were already checked, or that we made ourselves, whole or not at all."""
    path = new_path(folder, kind)
    target = resolve(path, must_exist=False)
    descriptor = os.open(target.with_suffix(".part"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    target.with_suffix(".part").rename(target)
    return StoredFile(path, hashlib.sha256(data).hexdigest(), len(data), MIMES[kind], name)


def new_path(folder: str, kind: str) -> str:
    """A fresh random path under MEDIA_ROOT, its folder made; nothing in it comes from the sender."""
    if not _FOLDER.fullmatch(folder) or kind not in MIMES:
        raise ValueError(f"不是可用的文件夹或类型：{folder} {kind}")
    month = clock.today().strftime("%Y%m")
    path = f"{folder}/{month}/{secrets.token_hex(16)}.{kind}"
    target = Path(settings.MEDIA_ROOT) / path
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def resolve(path: str, *, must_exist: bool = True) -> Path:
    """The absolute path of a stored file; NotFound when it is gone or would lie outside MEDIA_ROOT."""
    root = Path(settings.MEDIA_ROOT).resolve()
    target = (root / path).resolve()
    if root not in target.parents or (must_exist and not target.is_file()):
        raise NotFound(_("文件不存在或已被清理。"), way_out=_("请重新上传或重新生成。"), code="file_missing")
    return target


def remove(path: str) -> None:
    """Delete a stored file; one already gone is no fault."""
    resolve(path, must_exist=False).unlink(missing_ok=True)


def clean_name(name: str) -> str:
    """The last part of a name, without control and direction characters, at most 120 characters."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(
        c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    kept = kept.strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[: 119 - len(suffix)]}{dot}{suffix}" if dot and len(suffix) <= 10 else kept[:120]


def _no(reason: str, way_out: str, code: str) -> Invalid:
    return Invalid(reason, way_out=way_out, code=code)


def checked(data: bytes, name: str, *, allowed: Collection[str] = ALLOWED, max_bytes: int = MAX_BYTES) -> str:
    """The kind of an acceptable file (a key of MIMES). Raises Invalid for everything else."""
    if not data:
        raise _no(_("文件是空的（0 字节）。"), _("请检查后重新上传。"), "file_empty")
    if len(data) > max_bytes:
        raise _no(
            _("文件超过上限 {limit:.0f} MB。").format(limit=max_bytes / 2**20),
            _("请压缩或拆分后再上传。"),
            "file_too_big",
        )
    offered = "、".join(sorted(allowed))
    parts = [part.lower() for part in name.split(".")]
    suffix = {"jpeg": "jpg"}.get(parts[-1], parts[-1]) if len(parts) > 1 else ""
    if any(part.strip() in _DANGEROUS_PARTS for part in parts[1:]):
        raise _no(
            _("文件名“{name}”带有不允许的扩展名。").format(name=name),
            _("只能上传 {kinds}；请勿使用双重扩展名。").format(kinds=offered),
            "file_name",
        )
    if suffix not in allowed:
        raise _no(_("不接收这种文件（{suffix}）。").format(suffix=suffix or _("无扩展名")), _("只能上传 {kinds}。").format(kinds=offered), "file_kind")  # fmt: skip
    if _EICAR in data:
        raise _no(_("文件被识别为病毒样本，已拒绝。"), _("请先查杀病毒。"), "file_virus")
    kind = _kind(data, suffix)
    if kind != suffix:
        raise _no(
            _("文件内容与扩展名 .{suffix} 不符。").format(suffix=suffix),
            _("请用原来的软件打开后另存为正确的格式；不要只改扩展名。"),
            "file_mismatch",
        )
    return kind


def _kind(data: bytes, suffix: str) -> str:
    """What the bytes are. Files that are two things at once are none of them."""
    if data.startswith(b"%PDF-"):
        return (
            ""
            if b"PK\x03\x04" in data[:4096] or _MARKUP.search(data[:1024]) or not _pdf_ends(data)
            else "pdf"
        )
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        end = data.rfind(b"IEND\xaeB`\x82")
        return "png" if end > 0 and len(data) - end <= 8 + 64 and not _hides(data) else ""
    if data.startswith(b"\xff\xd8\xff"):
        end = data.rfind(b"\xff\xd9")
        return "jpg" if end > 0 and not data[end + 2 :].strip(b"\x00") and not _hides(data) else ""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data)
    if suffix in ("txt", "csv") and _is_text(data):
        return suffix
    return ""


def _pdf_ends(data: bytes) -> bool:
    end = data.rfind(b"%%EOF")
    return end > 0 and not data[end + 5 :].strip(b"\r\n \x00")


def _hides(data: bytes) -> bool:
    """A picture that also reads as an archive or as a page."""
    if b"PK\x05\x06" in data[-70000:] and zipfile.is_zipfile(BytesIO(data)):
        return True
    return bool(re.search(rb"<script|<\?php|<html|<svg[\s>]", data, re.IGNORECASE))


def _is_text(data: bytes) -> bool:
    bom16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if bom16 else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        plain = not any(ord(c) < 32 and c not in "\t\r\n\f" for c in text)
        return (
            plain
            and not _MARKUP.search(text[:4096].encode("utf-8", "replace"))
            and "<script" not in text.lower()
        )
    return False


def _zip_kind(data: bytes) -> str:
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return ""
    if len(infos) > _ZIP_ENTRIES:
        raise _no(
            _("压缩包里有 {count} 个文件，过多。").format(count=len(infos)),
            _("请分成几个压缩包。"),
            "file_archive",
        )
    total = sum(info.file_size for info in infos)
    if total > _ZIP_UNPACKED or (total > 8 * 2**20 and total > _ZIP_RATIO * len(data)):
        raise _no(_("压缩包解压后过大（压缩炸弹）。"), _("请拆分后再上传。"), "file_archive")
    for info in infos:
        inner = PurePosixPath(info.orig_filename.replace("\\", "/"))
        if (
            inner.is_absolute()
            or ".." in inner.parts
            or ":" in info.orig_filename
            or stat.S_ISLNK(info.external_attr >> 16)
        ):
            raise _no(_("压缩包里有越界路径或符号链接。"), _("请重新打包后再上传。"), "file_archive")
        if info.flag_bits & 1:
            raise _no(_("压缩包带密码，无法检查内容。"), _("请取消密码后再上传。"), "file_archive")
    names = {info.filename for info in infos}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _no(_("文件带有宏。"), _("请另存为不带宏的格式。"), "file_macro")
    if "[Content_Types].xml" in names:
        return "xlsx" if "xl/workbook.xml" in names else "docx" if "word/document.xml" in names else ""
    return _plain_zip(archive, infos)


def _plain_zip(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> str:
    """An archive whose members could run is refused; the virus sample is looked for inside as well."""
    for info in infos:
        if info.filename.rsplit(".", 1)[-1].lower() in _DANGEROUS_PARTS:
            raise _no(
                _("压缩包里含有不允许的文件“{name}”。").format(name=clean_name(info.filename)),
                _("请去掉可执行或网页文件后重新打包。"),
                "file_archive",
            )
        if info.file_size <= 4096 and not info.is_dir():
            try:
                small = archive.open(info).read(8192)
            except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
                return ""
            if _EICAR in small:
                raise _no(_("压缩包里有病毒样本，已拒绝。"), _("请先查杀病毒。"), "file_virus")
    return "zip"
