"""Time the full reading of a mail (parse, split, clean, classify) beside what other programs do with it.

    python -m tests.bench.reading [--rounds 5] [--sample 600]

In one run, on the same mails, interleaved: our reading, flanker's MIME reader alone, the stdlib parser
(compat32) alone, and a splitter by regular expressions over the stdlib's text. The mails are those of
THREADPOST_CORPORA (default ../shared/corpora) and replies made by perf/load.py (THREADPOST_LOAD). CPU time
of the process, milliseconds; for each mail the median over the rounds. Large mails are read in processes
of their own, whose peak of memory is what they needed above that of an idle one.
"""

from __future__ import annotations

import argparse
import base64
import email
import gc
import hashlib
import importlib.util
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from gateway.inbound.reading import read  # noqa: E402
from gateway.mail.address import quietly  # noqa: E402

LARGE = 25 * 1024 * 1024
MOST_OCTETS = 1024 * 1024  # of a mail of the corpora
_ATTRIBUTION = re.compile(
    r"^[ >]{0,8}(?:On|Le|Am|Op|Il|El|Em|Den|W dniu|Dnia)\b.{0,400}?(?:wrote|a écrit|schrieb|schreef|ha scritto|escribió|escreveu|skrev|napisał\w?)\s{0,3}:\s*$",
    re.MULTILINE | re.DOTALL,
)
_BLOCK = re.compile(r"^[*_]{0,2}(?:From|Von|De|Da|Van)[*_]{0,2}\s?:.{0,200}\n(?:.{0,200}\n){0,4}?[*_]{0,2}(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp)", re.MULTILINE)  # fmt: skip
_TITLE = re.compile(r"^-{2,}\s?(?:Original|Forwarded) Message\s?-{2,}", re.MULTILINE | re.IGNORECASE)
_QUOTED = re.compile(r"^\s{0,3}>+ ?.*$", re.MULTILINE)


class _NoBlobs:
    """Names octets as the blob store does, and keeps none."""

    def put(self, content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()


def ours(raw: bytes) -> None:
    """What the inbound pipeline does with a mail before it asks the store."""
    read(raw, reverse_path="ann@example.test", spam_headers=(), blobs=_NoBlobs())  # type: ignore[arg-type]


def stdlib(raw: bytes) -> str:
    """Parse with the stdlib and decode every leaf."""
    message = email.message_from_bytes(raw)
    texts = []
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and part.get_content_type() == "text/plain":
            texts.append(content.decode("utf-8", "replace"))
    return "\n".join(texts)


def flanker(raw: bytes) -> None:
    """Parse with flanker and decode every body."""
    message = quietly("flanker.mime").from_string(raw.decode("latin-1"))
    for part in message.walk(with_self=True):
        if not str(part.content_type).startswith("multipart/"):
            part.body  # noqa: B018 - decodes


def regexes(raw: bytes) -> str:
    """Cut the stdlib's text at the first sign of a quotation, by regular expressions."""
    text = stdlib(raw).replace("\r\n", "\n")
    found = [match.start() for pattern in (_ATTRIBUTION, _BLOCK, _TITLE) if (match := pattern.search(text))]
    return _QUOTED.sub("", text[: min(found, default=len(text))]).strip()


READERS: dict[str, Callable[[bytes], object]] = {
    "threadpost, all": ours,
    "flanker, parse": flanker,
    "stdlib, parse": stdlib,
    "stdlib + regexes": regexes,
}


def from_corpora(sample: int) -> list[bytes]:
    """Mails of the corpora, the same choice each time."""
    folder = Path(os.environ.get("THREADPOST_CORPORA", "../shared/corpora"))
    paths = sorted(path for path in folder.rglob("*.eml") if path.stat().st_size <= MOST_OCTETS)
    random.Random(1).shuffle(paths)
    return [path.read_bytes() for path in paths[:sample]]


def from_load(count: int) -> list[bytes]:
    """Replies of 3 to 30 kB as perf/load.py makes them."""
    path = Path(os.environ.get("THREADPOST_LOAD", "../shared/perf/load.py"))
    if not path.is_file():
        return []
    spec = importlib.util.spec_from_file_location("load", path)
    assert spec and spec.loader
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    dice = random.Random(1)
    make = load.build
    return [
        make(
            dice,
            i,
            f"u{i}@cust.example.test",
            "Ann Smith",
            "reply@threads.example.test",
            None,
            [],
            dice.randint(3000, 30000),
            "b",
        )[1]
        for i in range(count)
    ]


def measure(mails: list[bytes], rounds: int) -> dict[str, tuple[float, float, int]]:
    """For each reader: the mean and the 99th percentile of the mails' medians, ms, and how many it failed on."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in mails] for name in READERS}
    failed = dict.fromkeys(READERS, 0)
    for turn in range(rounds + 1):  # the first one warms up
        for index, raw in enumerate(mails):
            for name, reader in READERS.items():
                begin = time.process_time()
                try:
                    reader(raw)
                except Exception:
                    failed[name] += turn == rounds
                if turn:
                    times[name][index].append((time.process_time() - begin) * 1000)
        gc.collect()
    medians = {name: sorted(statistics.median(one) for one in of_mails) for name, of_mails in times.items()}
    return {
        name: (statistics.fmean(found), found[int(len(found) * 0.99)], failed[name])
        for name, found in medians.items()
    }


def large(kind: str) -> bytes:
    """A mail of 25 MiB: one file, one text, or one HTML body."""
    head = b"From: ann@example.test\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
    if kind == "file":
        content = base64.encodebytes(random.Random(1).randbytes(LARGE * 3 // 4 - 400_000)).replace(
            b"\n", b"\r\n"
        )
        head += b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        return head + content[:LARGE]
    if kind == "text":
        line = b"The pump in hall two makes a noise again, please have a look at it.\r\n"
        return head + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + line * (LARGE // len(line))
    line = b"<p>The pump in hall two makes a <b>noise</b> again, please look.</p>\r\n"
    return head + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + line * (LARGE // len(line))


def read_large(kind: str) -> None:
    """In a process of its own: print CPU seconds, and the peak of memory above that before reading, MiB."""
    ours(b"From: ann@example.test\r\n\r\n<p>warm</p>")
    raw = large(kind)
    before = _resident()
    begin = time.process_time()
    ours(raw)
    spent = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{spent:.2f} {peak - before + len(raw) / 2**20:.0f} {peak:.0f}")


def _resident() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    """Print both tables."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--sample", type=int, default=600)
    ask.add_argument(
        "--large", choices=("file", "text", "html"), help="read one large mail and print its figures"
    )
    given = ask.parse_args()
    if given.large:
        read_large(given.large)
        return
    for title, mails in (("corpora", from_corpora(given.sample)), ("load.py", from_load(100))):
        if not mails:
            print(f"{title}: not found, set THREADPOST_CORPORA and THREADPOST_LOAD")
            continue
        size = sum(map(len, mails)) / len(mails) / 1024
        print(
            f"{title}: {len(mails)} mails of {size:.1f} KiB; CPU ms a mail, medians of {given.rounds} rounds"
        )
        for name, (mean, worst, failed) in measure(mails, given.rounds).items():
            print(
                f"  {name:18} mean {mean:6.2f}   p99 {worst:7.2f}   {1000 / mean:6.0f}/s a core   failed on {failed}"
            )
    print("25 MiB: CPU s, memory above an idle process with the mail itself MiB, peak of the process MiB")
    for kind in ("file", "text", "html"):
        command = [sys.executable, "-m", "tests.bench.reading", "--large", kind]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        print(f"  {kind:6} {done.stdout.strip() or done.stderr.strip()[-200:]}")


if __name__ == "__main__":
    main()
