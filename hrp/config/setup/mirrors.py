"""The user's own package mirror, said to pip, understood by uv.

uv reads neither pip's configuration file nor its variables. What a hospital has set for pip is passed on, unless it
has set the same thing for uv.
"""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

from hrp.config.setup.stamps import VENV

MEANING = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
}
UV_FILES = (Path("/etc/uv/uv.toml"), Path("~/.config/uv/uv.toml"))


def for_uv() -> dict[str, str]:
    """The environment uv runs in."""
    environment = dict(os.environ)
    if _uv_has_its_own():
        return environment
    for name, value in _pip_settings().items():
        meanings = MEANING.get(name, ())
        if meanings and not any(environment.get(variable) for variable in meanings):
            separator = "," if name == "find-links" else " "
            environment[meanings[0]] = separator.join(value.split())
    return environment


def _uv_has_its_own() -> bool:
    given = os.environ.get("UV_CONFIG_FILE")
    return bool(given) or any(file.expanduser().exists() for file in UV_FILES)


def _pip_settings() -> dict[str, str]:
    """``pip config list`` without the sections: file settings first, variables last, the last one wins."""
    result = subprocess.run(
        [VENV / "bin" / "python", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    settings = {}
    for line in result.stdout.splitlines():
        key, _, quoted = line.partition("=")
        section, _, name = key.partition(".")
        if section in ("global", "install", ":env:") and quoted:
            settings[name] = str(ast.literal_eval(quoted))
    return settings
