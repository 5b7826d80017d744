"""Uploads: judged by their bytes, kept under random names, and whatever could run is refused."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from hrp.platform.base import files
from hrp.platform.base.refusals import Invalid, NotFound

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
JPG = b"\xff\xd8\xff\xe0" + b"\x10" * 200 + b"\xff\xd9"


def png(extra: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00\x00")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body + extra


def archive(members: dict[str, bytes], **attributes: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(info, key, value)
            opened.writestr(info, data)
    return buffer.getvalue()


XLSX = archive({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"})
DOCX = archive({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"})


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def kept(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("合同.pdf", PDF, "pdf"),
        ("图.PNG", png(), "png"),
        ("照片.jpeg", JPG, "jpg"),
        ("表.xlsx", XLSX, "xlsx"),
        ("文.docx", DOCX, "docx"),
        ("说明.txt", "维护记录\r\n第二行".encode(), "txt"),
        ("数据.csv", "编码,名称\n001,纱布".encode("gb18030"), "csv"),
        ("u16.txt", "编码".encode("utf-16"), "txt"),
        ("资料.2026.10.zip", archive({"a/b.txt": b"x", "c.pdf": PDF}), "zip"),
    ],
)
def test_good_files_are_kept_whole(name: str, data: bytes, kind: str, media: Path) -> None:
    stored = files.store_upload(io.BytesIO(data), name=f"C:\\fakepath\\{name}")
    path = files.resolve(stored.path)
    assert path.read_bytes() == data
    assert stored.name == name
    assert stored.mime == files.MIMES[kind]
    assert re.fullmatch(rf"uploads/\d{{6}}/[0-9a-f]{{32}}\.{kind}", stored.path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept(media) == [path]
    assert files.store_upload(io.BytesIO(data), name=name).path != stored.path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b""),
        ("a.txt", b"x" * 1001),
        ("a.svg", b"<svg onload=alert(1)>"),
        ("a.html", b"<html>"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.pdf", b"MZ\x90\x00"),
        ("a.jpg", png()),
        ("a.php.jpg", JPG),
        ("a.pdf.exe", PDF),
        ("a.exe .pdf", PDF),
        ("a", PDF),
        ("a.txt", b"<script>alert(1)</script>"),
        ("a.csv", b"a,b\n<iframe src=x>"),
        ("a.txt", b"a\x00b"),
        ("a.txt", EICAR),
        ("a.pdf", PDF[:-6] + EICAR + b"%%EOF"),
        ("a.zip", archive({"x.com.txt": EICAR})),
        ("a.zip", archive({"run.exe": b"MZ"})),
        ("a.zip", archive({"../x.txt": b"x"})),
        ("a.zip", archive({"/etc/x.txt": b"x"})),
        ("a.zip", archive({"link.txt": b"/etc/passwd"}, external_attr=0o120777 << 16, create_system=3)),
        ("a.zip", b"PK\x03\x04broken"),
        ("a.zip", XLSX),
        ("a.docx", XLSX),
        ("a.xlsx", archive({"[Content_Types].xml": b"", "xl/workbook.xml": b"", "xl/vbaProject.bin": b""})),
        ("a.png", png(archive({"a.txt": b"x" * 200}))),
        ("a.png", png(b"<script>")),
        ("a.jpg", JPG + archive({"a.txt": b"x"})),
        ("a.jpg", JPG[:-2] + b"<?php system($x)?>" + b"\xff\xd9"),
        ("a.pdf", PDF + archive({"a.txt": b"x"})),
        ("a.pdf", b"%PDF-1.7\n<html><script>x</script>\n%%EOF"),
    ],
)
def test_bad_files_leave_nothing(name: str, data: bytes, media: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        files.store_upload(io.BytesIO(data), name=name, max_bytes=1000)
    assert refusal.value.way_out
    assert kept(media) == []


def test_archives_are_bounded(media: Path) -> None:
    for data in (archive({f"{i}.txt": b"" for i in range(2001)}), archive({"a.txt": b"\0" * 50_000_000})):
        with pytest.raises(Invalid) as refusal:
            files.store_upload(io.BytesIO(data), name="a.zip")
        assert refusal.value.code == "file_archive"


def test_only_what_is_allowed() -> None:
    with pytest.raises(Invalid) as refusal:
        files.store_upload(io.BytesIO(PDF), name="a.pdf", allowed={"png", "jpg"})
    assert "jpg、png" in refusal.value.way_out


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\a.pdf", "a.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\x00\r\n.pdf", "a.pdf"),
        (" .. ", ""),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names(given: str, expected: str) -> None:
    assert files.clean_name(given) == expected


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "uploads/../../x", "", "uploads/none.pdf"])
def test_nothing_outside_is_reached(path: str, media: Path) -> None:
    media.mkdir(parents=True)
    (media.parent / "secret").write_text("x")
    with pytest.raises(NotFound):
        files.resolve(path)


def test_folders_and_kinds_are_ours() -> None:
    for folder, kind in (("../x", "pdf"), ("uploads", "exe"), ("", "pdf")):
        with pytest.raises(ValueError):
            files.new_path(folder, kind)
