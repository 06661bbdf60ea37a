"""``threadpost demo``: what it prints can be used as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.served import ROOT, free_port, until


@pytest.mark.parametrize("way", ["file", "environment"])
def test_the_command_that_it_prints_reaches_its_own_data(tmp_path: Path, way: str):
    """Without a configuration the demo has data of its own, where no other command would look."""
    doors = {"smtp": free_port(), "lmtp": free_port(), "web": free_port()}
    config = tmp_path / "with a space.toml"
    config.write_text(
        "[data]\ndir = 'here'\n" + "".join(f"[{name}]\nport = {n}\n" for name, n in doors.items())
    )
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ports = {f"THREADPOST_{name.upper()}__PORT": str(n) for name, n in doors.items()}
    words = ["--config", config.name] if way == "file" else []
    log = tmp_path / "log"
    with open(log, "wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "gateway", "demo", *words], cwd=tmp_path, stdout=output, stderr=output,
            env=plain if way == "file" else plain | ports,
        )  # fmt: skip
    try:
        until(lambda: "ready\n" in log.read_text() or demo.poll() is not None, seconds=30)
        lines = log.read_text().splitlines()
        [command] = [line.strip() for line in lines if "token create" in line]
        made = subprocess.run(command, shell=True, cwd="/", env=plain, capture_output=True, text=True)
        answer = httpx.get(
            f"http://127.0.0.1:{doors['web']}/api/v1/records/ticket/T-1001",
            headers={"Authorization": f"Bearer {made.stdout.strip()}"},
        )
    finally:
        demo.terminate()
        demo.wait(20)

    assert lines[-1] == "ready"
    assert answer.status_code == 200, made.stderr
