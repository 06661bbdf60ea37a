"""``threadpost token``: which applications may ask, for what, and whether they still do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from gateway import clock
from gateway.app import App
from gateway.chatter import access
from gateway.settings import load

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_shows_scopes_record_types_and_the_last_use_and_no_secret(
    tmp_path: Path, sqlite_template: Path
):
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "threadpost.db")
    environment = {"THREADPOST_DATA__DIR": f'"{tmp_path / "var"}"'}
    app = App(load(None, environment))
    app.prepare()
    with app.database.write() as session:
        secret = access.create_token(
            session, name="shop", scopes=["read", "post"], record_types=["order"], now=clock.now()
        )
        caller = access.caller_of(session, secret)
        assert caller is not None
        access.note_use(session, caller, clock.now())
        access.create_token(session, name="old", scopes=["admin"], now=clock.now())

    shown = [
        subprocess.run(
            [sys.executable, "-m", "gateway", "token", "list", *words], cwd=ROOT, capture_output=True, text=True,
            timeout=60, env={"PATH": os.environ["PATH"], **environment}, check=True,
        ).stdout
        for words in ((), ("--json",))
    ]  # fmt: skip

    shop, old = map(json.loads, shown[1].splitlines())
    assert (shop["name"], shop["scopes"], shop["record_types"]) == ("shop", ["post", "read"], ["order"])
    assert shop["used_at"] and old["used_at"] is None and old["record_types"] == []
    assert "order" in shown[0] and "never" in shown[0] and "all" in shown[0]
    assert secret not in shown[0] + shown[1]
