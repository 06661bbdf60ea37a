"""``python -m tests.attack``: run the attack kit (not part of this repository) with our adapter.

The kit is the folder that THREADPOST_ATTACK names, else ``../shared/attack``. It writes files into its own
folder, so a copy is run. Exit code 1 when a mail or a dialogue was unsafe.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attack.adapter import Kit, running
from tests.attack.api import REPOSITORY

ADAPTER = f"adapter:CmdAdapter={sys.executable} {REPOSITORY / 'tests' / 'attack' / 'adapter.py'}"


def kit() -> Path | None:
    """The folder of the kit, None if it is not on this machine."""
    folder = Path(os.environ.get("THREADPOST_ATTACK") or REPOSITORY.parent / "shared" / "attack")
    return folder if (folder / "run_cases.py").exists() else None


def main() -> int:
    """Controls first: a gateway that refuses everything would look safe."""
    source = kit()
    if source is None:
        print("the attack kit is not here; name its folder in THREADPOST_ATTACK")
        return 0
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(source, copy, dirs_exist_ok=True, copy_function=shutil.copyfile)
        found = running()
        mails = [sys.executable, "run_cases.py", "--adapter", ADAPTER, "--split", "dev"]
        runs = [[*mails, "--only", "ctl"], mails, _dialogues(found)]
        return 1 if any(subprocess.run(command, cwd=copy).returncode for command in runs) else 0


def _dialogues(found: dict[str, object]) -> list[str]:
    port = str(Kit(dict(found)).config()["port"])
    return [
        sys.executable,
        "dialogues.py",
        "--port",
        port,
        "--adapter",
        ADAPTER,
        "--pid",
        str(found["gateway"]),
    ]


if __name__ == "__main__":
    sys.exit(main())
