"""The wheel carries everything that the program needs: installed away from the checkout, it does the main job."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.builders import a_mail
from tests.served import Installation, NextHop, until

ROOT = Path(__file__).resolve().parents[2]
ALICE, CAROL = "alice@corp.example", "carol@customer.example"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of programs of an environment that holds the wheel and what it asks for, nothing else.

    Nothing is fetched: ``make venv`` has installed what the wheel asks for, at the pinned versions.
    """
    place = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(place), ".")
    [wheel] = place.glob("threadpost-*.whl")
    venv.create(place / "env", symlinks=True)
    pip("--python", str(place / "env"), "install", str(wheel))
    [packages] = (place / "env" / "lib").glob("python*/site-packages")
    lend(packages)
    return place / "env" / "bin"


def pip(*words: str) -> None:
    """Run pip, which has nothing to fetch."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", *words]
    done = subprocess.run([*command, "--no-deps"], capture_output=True, text=True, timeout=100, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def lend(packages: Path) -> None:
    """Lend an environment those packages of ours that the wheel in it asks for, and that these ask for in turn."""
    [wheel] = packages.glob("threadpost-*.dist-info")
    wanted = [(PathDistribution(wheel), "")]
    seen = set()
    while wanted:
        asking, extra = wanted.pop()
        for needed in map(Requirement, asking.requires or ()):
            if needed.marker is not None and not needed.marker.evaluate({"extra": extra}):
                continue
            found = distribution(needed.name)
            assert needed.specifier.contains(found.version, prereleases=True), f"{needed}: {found.version}"
            more = [(found, extra) for extra in ("", *needed.extras) if (found.name, extra) not in seen]
            seen |= {(found.name, extra) for found, extra in more}
            wanted += more
            for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                if not (packages / name).exists():
                    (packages / name).symlink_to(found.locate_file(name))


@pytest.fixture
def gateway(installed: Path, tmp_path: Path) -> Iterator[tuple[Installation, NextHop]]:
    with NextHop() as hop:
        gateway = Installation(
            tmp_path / "site", relay=hop, command=[str(installed / "threadpost")], cwd=tmp_path
        )
        yield gateway, hop
        gateway.close()


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
