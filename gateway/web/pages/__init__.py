"""The pages: rendered here, working without a script, in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.web.pages import confirm, files, home, leave, ledger, login, outbox, static, thread


def handlers(static_files: Path, *, dev: bool) -> list[Any]:
    """The routes of all pages. dev: with /dev/outbox, because no relay is configured."""
    modules = [home, login, leave, confirm, files, ledger, thread, *([outbox] if dev else [])]
    return [static.handler(static_files), *(route for module in modules for route in module.handlers)]
