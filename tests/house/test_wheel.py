"""The wheel carries everything that the program needs: installed away from the checkout, it does the main job."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_mail
from tests.served import Installation, NextHop, until

ROOT = Path(__file__).resolve().parents[2]
ALICE, CAROL = "alice@corp.example", "carol@customer.example"
_PATIENCE = 400


def pip(python: Path | str, *words: str) -> None:
    """Run pip. Where no package can be fetched the test is skipped with pip's own words, but in CI it fails."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, cwd=ROOT)
    if done.returncode == 0:
        return
    trouble = done.stderr.strip()[-1500:]
    is_unreachable = re.search(
        r"No matching distribution|Could not find a version|connection|Temporary failure", trouble
    )
    if is_unreachable and os.environ.get("CI") != "true":
        pytest.skip(f"no package index is reachable: {trouble.splitlines()[-1]}")
    pytest.fail(trouble)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of programs of an environment that holds the wheel and its dependencies only."""
    place = tmp_path_factory.mktemp("wheel")
    pip(
        sys.executable,
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(place),
        ".",
    )
    [wheel] = place.glob("threadpost-*.whl")
    (place / "pins.txt").write_text(pins())
    subprocess.run([sys.executable, "-m", "venv", str(place / "env")], check=True, timeout=_PATIENCE)
    python = place / "env" / "bin" / "python"
    builders = re.findall(r"^(?:setuptools|wheel)==\S+", pins(), flags=re.MULTILINE)
    pip(python, "install", "--quiet", *builders)  # some dependencies exist as source only
    pip(
        python,
        "install",
        "--quiet",
        "--no-build-isolation",
        "--constraint",
        str(place / "pins.txt"),
        str(wheel),
    )
    return python.parent


def pins() -> str:
    """The versions of constraints.txt without their hashes: a wheel of our own can have none."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return "\n".join(line.removesuffix("\\").strip() for line in lines if re.match(r"[a-z0-9]", line)) + "\n"


@pytest.fixture
def gateway(installed: Path, tmp_path: Path) -> Iterator[tuple[Installation, NextHop]]:
    with NextHop() as hop:
        gateway = Installation(
            tmp_path / "site", relay=hop, command=[str(installed / "threadpost")], cwd=tmp_path
        )
        yield gateway, hop
        gateway.close()


@pytest.mark.timeout(3 * _PATIENCE)
def test_an_installed_wheel_does_the_main_job(installed: Path, gateway: tuple[Installation, NextHop]):
    site, hop = gateway
    where = subprocess.run(
        [str(installed / "python"), "-c", "import gateway, store; print(gateway.__file__, store.__file__)"],
        capture_output=True, text=True, cwd=site.directory, timeout=60,
    ).stdout  # fmt: skip
    assert str(ROOT) not in where and where.count("site-packages") == 2

    site.start()
    for name, body in (("partners/" + ALICE, {"internal": True}), ("records/ticket/1", {"title": "Pump"})):
        site.api.put(f"/{name}", json=body).raise_for_status()
    for follower in (ALICE, CAROL):
        site.api.post("/records/ticket/1/followers", json={"email": follower}).raise_for_status()
    question = {"kind": "message", "author": ALICE, "body_text": "Does it leak?"}
    site.api.post("/records/ticket/1/messages", json=question).raise_for_status()
    asked = until(lambda: hop.to(CAROL, "Does it leak?"), what="the question")[0].mail
    site.send(a_mail(CAROL, text="It does."), asked["Reply-To"])

    assert until(lambda: hop.to(ALICE, "It does."), what="the answer")[0].mail["Subject"] == asked["Subject"]
    assert site.api.get("/records/ticket/1").json()["reply_address"]
    page = site.api.get(f"{site.base_url}/login")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
