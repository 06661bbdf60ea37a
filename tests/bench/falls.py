"""Kills the whole server fifty times under load and counts; then looks whether each 250 came after its sync.

Both measuring programs are foreign ones, found in the folder THREADPOST_ATTACK (../shared/attack when it
is not set). They write into their own folder, so they run from a copy. Prints their lines of JSON;
exits 0 when nothing was lost or posted twice and no 250 came before its sync, else 1; 2 without them.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.served import ROOT, Installation, NextHop

KIT = Path(os.environ.get("THREADPOST_ATTACK") or ROOT.parent / "shared" / "attack")
PROGRAMS = ("durability.py", "fsync_order.py", "dialogues.py")
AUTHOR = "kit@evil.example"  # whom the programs write as
READERS = ("alice@corp.example", "bob@corp.example")


class LoggingHop(NextHop):
    """A next hop that keeps one line a mail and nothing else: our Message-ID, the recipient."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = open(log, "a", buffering=1)  # noqa: SIM115 - closed with the process

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        head = envelope.content.partition(b"\r\n\r\n")[0].decode("latin-1")
        ids = [line[11:].strip() for line in head.split("\r\n") if line.lower().startswith("message-id:")]
        self._log.write(f"{ids[0] if ids else '-'} {envelope.rcpt_tos[0]}\n")
        return "250 2.0.0 OK"


def main(kills: int, mails: int, senders: int) -> int:
    """Run both programs; the exit code of the whole."""
    missing = [name for name in PROGRAMS if not (KIT / name).is_file()]
    if missing:
        print(
            f"falls: {', '.join(missing)} not found in {KIT}; name the folder in THREADPOST_ATTACK",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="tp-falls-") as name:
        directory = Path(name)
        kit = directory / "kit"
        shutil.copytree(KIT, kit, ignore=shutil.ignore_patterns("cases", "*.jsonl", "*.log"))
        log = directory / "told.txt"
        with LoggingHop(log) as hop:
            unlimited = (
                "[limits]\nmails_per_author = 0\n"  # the programs write as one author, who proves nothing
            )
            gateway = Installation(directory / "gateway", relay=hop, more=unlimited)
            address = _reply_address(gateway)
            fell = _fall(
                kit, gateway, address, log, [f"--kills={kills}", f"--mails={mails}", f"--senders={senders}"]
            )
            synced = _sync(kit, gateway, address)
    told = fell.get("outbound") or {}
    is_well = fell["exit"] == 0 and synced["exit"] == 0 and told.get("missing_for") == 0
    print("falls: " + ("nothing lost, nothing posted twice, no 250 before its sync" if is_well else "FAILED"))
    return 0 if is_well else 1


def _reply_address(gateway: Installation) -> str:
    """Make a record that two colleagues and the author follow; answers the author's reply address."""
    server = gateway.start()
    try:
        for reader in READERS:
            gateway.api.put(
                f"/partners/{reader}", json={"internal": True, "role": "member"}
            ).raise_for_status()
        gateway.api.put("/records/ticket/1", json={"title": "Falls"}).raise_for_status()
        for reader in (*READERS, AUTHOR):
            gateway.api.post("/records/ticket/1/followers", json={"email": reader}).raise_for_status()
        record = gateway.api.get("/records/ticket/1").json()
        return str(record["reply_address"])
    finally:
        server.stop()


def _fall(kit: Path, gateway: Installation, address: str, log: Path, load: list[str]) -> dict[str, Any]:
    database = gateway.directory / "var" / "threadpost.db"
    stored = [sys.executable, "-m", "tests.bench.stored", str(database)]
    return _report("durability", kit, gateway, address, [
        "--list", shlex.join([*stored, "posted"]), "--outbound-list", shlex.join([*stored, "told", str(log)]),
        "--settle=5", *load,
    ])  # fmt: skip


def _sync(kit: Path, gateway: Installation, address: str) -> dict[str, Any]:
    if shutil.which("strace") is None:
        print(
            "falls: strace is not installed, so nothing was said about the order of sync and 250",
            file=sys.stderr,
        )
        return {"exit": 1}
    # the doors alone: the syncs of a worker in the same process would pass for theirs
    return _report("fsync_order", kit, gateway, address, ["-n", "50"], only="receive")


def _report(
    program: str,
    kit: Path,
    gateway: Installation,
    address: str,
    words: list[str],
    *,
    only: str = "receive,work,web,schedule",
) -> dict[str, Any]:
    """Run one program; its last line as an object, with its exit code."""
    command = [
        sys.executable, str(kit / f"{program}.py"), "--server", shlex.join(gateway.words("serve", "--only", only)),
        "--port", str(gateway.smtp), "--rcpt", address, "--frm", AUTHOR, *words,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=3600)
    lines = done.stdout.strip().splitlines() or ["{}"]
    print(f"{program}: {lines[-1]}", flush=True)
    try:
        return {**json.loads(lines[-1]), "exit": done.returncode}
    except ValueError:
        return {"exit": done.returncode or 1}


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(given + [50, 5000, 8][len(given) :])))
