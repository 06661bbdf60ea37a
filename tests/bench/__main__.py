"""``make bench``: every benchmark, one after the other; the last table stands in tests/bench/RESULTS.md.

They are measurements, not tests. perf/load.py and perf/sink.py are looked for under THREADPOST_SHARED
(default ../shared). Names on the command line choose: ``python -m tests.bench accept gateway``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHES = tuple(
    sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if path.stem not in ("__init__", "__main__", "falls")
    )
)


def main(names: list[str]) -> int:
    """Run them; answers how many could not run."""
    shared = Path(os.environ.setdefault("THREADPOST_SHARED", "../shared"))
    os.environ.setdefault("THREADPOST_LOAD", str(shared / "perf/load.py"))
    os.environ.setdefault("THREADPOST_CORPORA", str(shared / "corpora"))
    failed = 0
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    for name in names or BENCHES:
        for options in (["--signed"], []) if name == "dispatch" else ([],):
            print(f"\n== {' '.join([name, *options])}", flush=True)
            failed += subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *options]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
