"""The example host application beside a running gateway: it opens tickets, shows their thread, hears of mail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.client import (
    AsyncClient,
    Client,
    ProblemError,
    delete_record,
    follow_many,
    followers,
    merge_partner,
    messages,
    post_message,
    put_partner,
    put_record,
    put_webhook,
    record,
    records,
    webhooks,
)
from tests.builders import a_mail
from tests.served import DOMAIN, HERE, ROOT, Installation, NextHop, free_port, until

CAROL, AGENT = "carol@customer.example", "agent@corp.example"


class Neighbour(Installation):
    """A gateway that calls webhooks on this machine."""

    def _toml(self, relay: str, database_url: str) -> str:
        return super()._toml(relay, database_url) + "[webhooks]\nallow_private = true\n"


@pytest.fixture(scope="module")
def hop() -> Iterator[NextHop]:
    with NextHop() as hop:
        yield hop


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, hop: NextHop) -> Iterator[Installation]:
    gateway = Neighbour(tmp_path_factory.mktemp("helpdesk"), relay=hop)
    gateway.start()
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def token(gateway: Installation) -> str:
    return gateway.api.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture(scope="module")
def api(gateway: Installation) -> Client:
    return gateway.client


@pytest.fixture(scope="module")
def helpdesk(
    gateway: Installation, api: Client, token: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The example as a process; answers its address."""
    port = free_port()
    api(put_partner(AGENT, name="Agent", internal=True))
    hook = api(
        put_webhook("helpdesk", url=f"http://{HERE}:{port}/hook", events=["record.opened", "message.posted"])
    )
    assert hook.secret.startswith("whsec_")
    given = {
        "THREADPOST_URL": gateway.base_url, "THREADPOST_TOKEN": token, "WEBHOOK_SECRET": hook.secret,
        "HELPDESK_PORT": str(port), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    log: Path = tmp_path_factory.mktemp("log") / "helpdesk.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "config/examples/helpdesk/app.py")],
            env={**os.environ, **given},
            stdout=output,
            stderr=output,
        )
    address = f"http://{HERE}:{port}"

    def is_up() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(address).status_code == 200
        except httpx.TransportError:
            return False

    until(is_up, what="the helpdesk")
    yield address
    process.terminate()
    process.wait(10)


def test_a_ticket_of_the_helpdesk_is_answered_by_mail_and_the_helpdesk_hears_of_it(
    gateway: Installation, hop: NextHop, api: Client, helpdesk: str
):
    form = {"title": "Pump leaks", "email": CAROL, "text": "It leaks."}
    key = httpx.post(f"{helpdesk}/tickets", data=form).text
    api(post_message("ticket", key, author=AGENT, body_text="Since when?"))
    asked = until(lambda: hop.to(CAROL, "Since when?"), what="the mail")[0].mail

    gateway.send(a_mail(f"Carol <{CAROL}>", to=asked["Reply-To"], text="Since <Monday>."), asked["Reply-To"])

    until(lambda: f"{key} Pump leaks (waits)" in httpx.get(helpdesk).text, what="message.posted")
    shown = httpx.get(f"{helpdesk}/tickets/{key}").text
    assert shown.index("Since &lt;Monday&gt;.") < shown.index("Since when?") < shown.index("It leaks.")


def test_a_ticket_opened_by_mail_comes_to_the_helpdesk(gateway: Installation, helpdesk: str):
    raw = a_mail("Dan <dan@newcomer.example>", subject="Broken tap", text="It drips.")
    gateway.send(raw, f"support@{DOMAIN}", reverse_path="dan@newcomer.example")

    [entry] = until(
        lambda: [
            e
            for e in gateway.get("/ledger")["items"]
            if e["subject"] == "Broken tap" and e["state"] != "received"
        ],
        what="the mail",
    )
    if entry["state"] == "held":
        gateway.api.post(f"/ledger/{entry['id']}/release", json={}).raise_for_status()

    until(lambda: "Broken tap (waits)" in httpx.get(helpdesk).text, what="record.opened")


def test_a_call_with_a_wrong_signature_is_refused_by_the_helpdesk(helpdesk: str):
    headers = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}

    assert httpx.post(f"{helpdesk}/hook", content=b"{}", headers=headers).status_code == 401


def test_the_client_names_what_is_wrong_and_what_a_note_would_have_reached(api: Client):
    api(put_partner(AGENT, name="Agent", internal=True))
    api(put_record("ticket", "c1", title="One"))

    with pytest.raises(ProblemError) as refused:
        api(post_message("ticket", "c1", author="nobody@nowhere.example", body_text="?"))
    assert (refused.value.status, refused.value.errors[0].pointer) == (422, "#/author")

    with pytest.raises(ProblemError) as refused:
        api(post_message("ticket", "c1", author=AGENT, kind="note", body_text="?", mentions=[CAROL]))
    assert (refused.value.status, refused.value.external) == (409, [CAROL])


def test_the_client_pages_repeats_and_deletes(api: Client):
    api(put_partner(AGENT, name="Agent", internal=True))
    api(put_record("order", "a/b c", title="Slashes and blanks"))
    twice = [
        api(post_message("order", "a/b c", author=AGENT, body_text="Once", idempotency_key="k1"))
        for _ in range(2)
    ]
    api(post_message("order", "a/b c", author=AGENT, body_text="Then"))

    assert twice[0].id == twice[1].id
    first = api(messages("order", "a/b c", kind="message", limit=1))
    second = api(messages("order", "a/b c", kind="message", limit=1, before=first.next))
    assert [page.items[0].body_text for page in (first, second)] == ["Then", "Once"]
    assert [one.key for one in api(records(record_type="order")).items] == ["a/b c"]
    api(delete_record("order", "a/b c"))
    with pytest.raises(ProblemError):
        api(record("order", "a/b c"))


async def test_the_async_client_follows_in_bulk_merges_and_lists(gateway: Installation, token: str):
    async with AsyncClient(gateway.base_url, token) as api:
        for key in ("b1", "b2"):
            await api(put_record("contract", key))
        names = [("contract", "b1"), ("contract", "b2")]
        done = await api(follow_many(names, ["eve@one.example", "eve@two.example"]))
        again = await api(follow_many(names, ["eve@one.example"], follow=False))
        survivor = await api(merge_partner("eve@two.example", "eve@one.example"))
        people = (await api(followers("contract", "b1"))).items
        hooks = (await api(webhooks())).items

    assert (done.records, done.partners, done.changed, again.changed) == (2, 2, 4, 2)
    assert survivor.addresses == ["eve@one.example", "eve@two.example"]
    assert [one.partner.email for one in people] == ["eve@one.example"]
    assert all(hook.secret == "" for hook in hooks)


def test_the_client_needs_nothing_else_of_the_gateway():
    words = "import sys, gateway.client; print(*sorted(m for m in sys.modules if m.startswith(('gateway', 'store'))))"

    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)

    assert {name for name in done.stdout.split() if not name.startswith("gateway.client")} == {"gateway"}
