"""The house stands: who may import whom, who may touch a library, a caption on each file."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted([*ROOT.glob("gateway/**/*.py"), *ROOT.glob("store/**/*.py")])
DOORKEEPERS = {
    "aiosmtpd": ("gateway/receive/",),
    "aioimaplib": ("gateway/receive/",),
    "flanker": ("gateway/mail/",),
    "dkim": ("gateway/mail/dkim",),
    "spf": ("gateway/inbound/",),
    "dns": ("gateway/inbound/", "gateway/app", "gateway/cli"),
    "jinja2": ("gateway/templating.py",),
    "apscheduler": ("gateway/schedule/",),
    "litestar": ("gateway/web/",),
    "sqlalchemy": ("store/",),
    "alembic": ("store/",),
    "aiosmtplib": ("gateway/outbound/",),
    "nh3": ("gateway/mail/",),
    "tnefparse": ("gateway/mail/",),
    "flufl": ("gateway/mail/",),
}


@cache
def imported(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_import_contracts_hold():
    program = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("library", sorted(DOORKEEPERS))
def test_each_library_has_its_doorkeeper(library):
    doors = DOORKEEPERS[library]
    users = [path.relative_to(ROOT).as_posix() for path in MODULES if library in imported(path)]

    assert [user for user in users if not user.startswith(doors)] == []


def test_every_module_has_a_caption():
    bare = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert bare == []


def test_no_committed_file_names_a_machine_or_a_registry():
    words = re.compile(
        rb"(?i)/"
        rb"(root|tmp)/|/"
        rb"work/|py"
        rb"pi\.|files\.python"
        rb"hosted|/opt/"
        rb"(wheels|py)|npm"
        rb"js\.org"
    )
    ended = (".py", ".toml", ".md", ".txt", ".service", ".timer", ".html", ".css")
    named = [
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        ROOT / "constraints.txt",
        ROOT / ".ci" / "run",
        *ROOT.glob("*.md"),
    ]
    for folder in ("gateway", "store", "tests", "config", "systemd", "templates"):
        named += [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in ended]

    found = [
        path.relative_to(ROOT).as_posix()
        for path in named
        if path.exists() and words.search(path.read_bytes())
    ]

    assert found == []
