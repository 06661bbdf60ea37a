"""A backup taken from a running store goes on elsewhere: same threads, same files, same reply addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gateway import clock
from gateway.app import App
from gateway.chatter.records import RecordChange
from gateway.settings import load

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {"THREADPOST_DATA__DIR": f'"{data}"', "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_a_backup_is_restored_with_its_files_and_keys(tmp_path: Path):
    old, copy, new = (tmp_path / name for name in ("old", "copy", "new"))
    app = App(load(None, {"THREADPOST_DATA__DIR": f'"{old}"'}))
    app.prepare()
    with app.database.write() as session:
        app.records.put(session, RecordChange("ticket", "T-1", {"title": "Pump"}), clock.now())
    blob = app.blobs.put(b"a file")
    keys = app.keys

    assert run("db", "backup", str(copy), data=old).returncode == 0
    assert run("db", "restore", str(copy), data=new).returncode == 0

    again = App(load(None, {"THREADPOST_DATA__DIR": f'"{new}"'}))
    with again.database.read() as session:
        assert again.records.get(session, "ticket", "T-1").title == "Pump"
    assert again.blobs.get(blob) == b"a file"
    assert again.keys == keys
    refused = run("db", "restore", str(copy), data=new)
    assert refused.returncode == 65 and "exists" in refused.stderr
