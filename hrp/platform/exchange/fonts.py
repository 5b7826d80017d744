"""Where Chinese type for paper is found. Plain paths: the set-up asks before any package is installed."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NPM = ROOT / "assets" / "fonts"

SYSTEM = tuple(
    Path("/usr/share/fonts") / folder
    for folder in (
        "opentype/noto", "noto-cjk", "google-noto-cjk", "opentype/source-han-serif", "opentype/source-han-sans",
    )
)  # fmt: skip
FETCHED = tuple(
    NPM / "node_modules" / "@expo-google-fonts" / "noto-sans-sc" / weight
    for weight in ("400Regular", "700Bold")
)
"""Two weights of one family, fetched by the set-up for machines whose system brings none."""


def of_system() -> list[Path]:
    """Folders of the operating system that hold Chinese type."""
    return [
        folder
        for folder in SYSTEM
        if folder.is_dir() and (any(folder.glob("*CJK*")) or any(folder.glob("SourceHan*")))
    ]


def folders(own: Path) -> list[Path]:
    """Where to look, best first: the system's, the hospital's ``own`` folder, what the set-up fetched."""
    return [folder for folder in (*of_system(), own, *FETCHED) if folder.is_dir()]
