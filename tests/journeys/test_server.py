"""The whole gateway as a process on both databases: mail in by every door, mail out to the next hop."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.builders import a_mail, stamped
from tests.conftest import BOTH
from tests.served import DOMAIN, HERE, Arrived, Installation, NextHop, until

ALICE, BOB, CAROL = "alice@corp.example", "bob@corp.example", "carol@customer.example"


@pytest.fixture(scope="module")
def hop() -> Iterator[NextHop]:
    with NextHop() as hop:
        yield hop


@pytest.fixture(scope="module", params=BOTH)
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hop: NextHop
) -> Iterator[Installation]:
    """One server for all stories of this file; each has a record and people of its own."""
    url, drop = "", lambda: None
    if request.param == "postgresql":
        cluster = request.getfixturevalue("postgresql_cluster")
        url = cluster.empty()
        drop = lambda: cluster.drop(url)  # noqa: E731 - said once
    gateway = Installation(tmp_path_factory.mktemp(request.param), relay=hop, database_url=url)
    gateway.start()
    gateway.api.put(f"/partners/{ALICE}", json={"name": "Alice Adams", "internal": True}).raise_for_status()
    gateway.api.put(f"/partners/{BOB}", json={"name": "Bob Brown", "internal": True}).raise_for_status()
    gateway.api.put(f"/partners/{CAROL}", json={"name": "Carol Cook"}).raise_for_status()
    yield gateway
    gateway.close()
    drop()


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """The key of a ticket that no other story has."""
    return f"{request.node.name.split('[')[0].replace('_', '-')[5:40]}-{time.monotonic_ns()}"


def a_ticket(gateway: Installation, key: str, *followers: str) -> None:
    gateway.api.put(f"/records/ticket/{key}", json={"title": f"Pump {key}"}).raise_for_status()
    for follower in followers:
        gateway.api.post(f"/records/ticket/{key}/followers", json={"email": follower}).raise_for_status()


def says(gateway: Installation, key: str, author: str, text: str) -> dict:
    answer = gateway.api.post(
        f"/records/ticket/{key}/messages", json={"kind": "message", "author": author, "body_text": text}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def said(gateway: Installation, key: str, text: str) -> dict | None:
    """The message of a thread that holds this text."""
    found = gateway.get(f"/records/ticket/{key}/messages", kind="message")["items"]
    return next((message for message in found if text in message["body_text"]), None)


def the_mail(hop: NextHop, recipient: str, text: str) -> Arrived:
    """The one mail with this text that the reader gets."""
    until(lambda: hop.to(recipient, text), what=f"the mail to {recipient}")
    [mail] = hop.to(recipient, text)
    return mail


def test_a_customers_answer_lands_on_the_thread_and_its_followers_are_told(
    gateway: Installation, hop: NextHop, key: str
):
    a_ticket(gateway, key, ALICE, BOB, CAROL)
    asked = says(gateway, key, ALICE, f"Does it still leak? {key}")
    question = the_mail(hop, CAROL, f"Does it still leak? {key}").mail

    raw = a_mail(
        f"Carol Cook <{CAROL}>", to=question["Reply-To"], subject=f"Re: {question['Subject']}",
        text=f"It is dry now {key}.\r\n\r\nOn Monday Alice Adams wrote:\r\n> Does it still leak?",
        message_id=f"<answer.{key}@customer.example>", extra=f"In-Reply-To: {question['Message-ID']}\r\n",
    )  # fmt: skip
    gateway.send(raw, question["Reply-To"])

    posted = until(lambda: said(gateway, key, "It is dry now"), what="the post")
    assert posted["author"]["email"] == CAROL
    assert posted["body_text"] == f"It is dry now {key}."
    to_alice, to_bob = the_mail(hop, ALICE, f"dry now {key}"), the_mail(hop, BOB, f"dry now {key}")
    for told in (to_alice, to_bob):
        mail = told.mail
        assert mail["From"].addresses[0].addr_spec == f"notifications@{DOMAIN}"
        assert mail["From"].addresses[0].display_name == "Carol Cook (not verified) via Threadpost"
        assert mail["To"] == told.recipient
        assert mail["Message-ID"] == posted["message_id"] != f"<answer.{key}@customer.example>"
        assert mail["References"].split()[-2:] == [asked["message_id"], f"<answer.{key}@customer.example>"]
        assert mail["In-Reply-To"] == asked["message_id"]
        assert mail["List-Id"].endswith(f".ticket.{DOMAIN}>")
        assert (
            f"<{gateway.base_url}/" in mail["List-Unsubscribe"]
            and "<mailto:leave+" in mail["List-Unsubscribe"]
        )
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert told.reverse_path.startswith("bounce+") and told.reverse_path.endswith(f"@{DOMAIN}")
    assert to_alice.mail["Reply-To"].startswith("reply+")
    assert to_alice.mail["Reply-To"] != to_bob.mail["Reply-To"]
    assert to_alice.reverse_path != to_bob.reverse_path
    assert hop.to(CAROL, f"dry now {key}") == []


def test_lmtp_answers_for_each_recipient(gateway: Installation, hop: NextHop, key: str):
    a_ticket(gateway, key, CAROL)
    says(gateway, key, ALICE, f"First {key}")
    reply = the_mail(hop, CAROL, f"First {key}").mail["Reply-To"]
    raw = a_mail(CAROL, subject=f"Three {key}", text=f"Three at once {key}")

    with smtplib.LMTP(HERE, gateway.lmtp) as peer:
        peer.ehlo_or_helo_if_needed()
        replies = [
            peer.mail(CAROL),
            *(peer.rcpt(path) for path in (reply, f"nobody@{DOMAIN}", f"postmaster@{DOMAIN}")),
        ]
        answer = peer.data(raw)
        further = peer.getreply()

    assert [code for code, _ in replies] == [250, 250, 550, 250]
    assert replies[2][1].startswith(b"5.1.1")
    assert (answer[0], further[0]) == (250, 250)
    assert (
        until(lambda: said(gateway, key, f"Three at once {key}"), what="the post")["author"]["email"] == CAROL
    )


def test_mail_to_an_alias_opens_a_record_and_its_opener_is_told_of_the_answer(
    gateway: Installation, hop: NextHop, key: str
):
    raw = stamped(
        a_mail("Dan Day <dan@newcomer.example>", subject=f"Broken tap {key}", text="It drips."),
        "newcomer.example",
    )

    with smtplib.SMTP(HERE, gateway.smtp, source_address=("127.0.0.9", 0)) as front:  # the configured hop
        front.sendmail("dan@newcomer.example", [f"support@{DOMAIN}"], raw)

    [record] = until(
        lambda: gateway.get("/records", type="ticket", q=f"Broken tap {key}")["items"], what="the record"
    )
    assert record["title"] == f"Broken tap {key}"
    assert record["key"].startswith("tp-")
    says(gateway, record["key"], ALICE, f"We send somebody {key}")
    told = the_mail(hop, "dan@newcomer.example", f"We send somebody {key}").mail
    assert told["Subject"] == f"Re: Broken tap {key}"


def test_a_refusal_of_the_next_hop_is_shown_on_the_message(gateway: Installation, hop: NextHop, key: str):
    gone = f"gone-{time.monotonic_ns()}@customer.example"
    hop.answers[gone] = ["550 5.1.1 no such user"]
    a_ticket(gateway, key, gone)

    message = says(gateway, key, ALICE, "Are you there?")

    def failed() -> dict | None:
        notices = gateway.get(f"/messages/{message['id']}")["notices"]
        return next((notice for notice in notices if notice["state"] == "failed"), None)

    notice = until(failed, what="the failure")
    assert notice["partner"]["email"] == gone
    assert "5.1.1" in notice["reason"]
    assert hop.to(gone) == []


def test_a_deferral_of_the_next_hop_is_tried_again(gateway: Installation, hop: NextHop, key: str):
    busy = f"busy-{time.monotonic_ns()}@customer.example"
    hop.answers[busy] = ["450 4.2.1 try again later"]
    a_ticket(gateway, key, busy)
    message = says(gateway, key, ALICE, f"A busy day {key}")

    def deferred() -> dict | None:
        items = gateway.get("/deliveries", record=f"ticket/{key}", state="deferred")["items"]
        return items[0] if items else None

    waiting = until(deferred, what="the deferral")
    gateway.api.post(
        f"/deliveries/{waiting['id']}/retry"
    ).raise_for_status()  # a minute is too long for a test

    told = the_mail(hop, busy, f"A busy day {key}").mail
    assert told["Message-ID"] == message["message_id"]
    assert waiting["status"] == "4.2.1" and waiting["due_at"] > waiting["created_at"]


@pytest.mark.real_peer
def test_swaks_is_understood(gateway: Installation, hop: NextHop, key: str):
    if shutil.which("swaks") is None:
        assert os.environ.get("CI") != "true", "swaks is needed in CI"
        pytest.skip("swaks is not installed")
    a_ticket(gateway, key, ALICE, CAROL)
    says(gateway, key, ALICE, f"First {key}")
    reply = the_mail(hop, CAROL, f"First {key}").mail["Reply-To"]

    command = ["swaks", "--server", f"{HERE}:{gateway.smtp}", "--from", CAROL, "--to", reply]
    command += ["--header", f"Subject: Swaks {key}", "--body", f"Sent by a program of others {key}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.returncode == 0, done.stdout + done.stderr
    assert until(lambda: said(gateway, key, "Sent by a program of others"), what="the post")
    assert the_mail(hop, ALICE, f"a program of others {key}")


def test_who_is_unknown_is_refused_before_the_data_and_nothing_is_stored(gateway: Installation, key: str):
    before = gateway.get("/ledger")["items"]

    with smtplib.SMTP(HERE, gateway.smtp) as peer:
        peer.ehlo()
        peer.mail(CAROL)
        unknown, forged = peer.rcpt(f"nobody@{DOMAIN}"), peer.rcpt(f"reply+{'a' * 40}@{DOMAIN}")
        foreign = peer.rcpt("somebody@elsewhere.example")
        data = peer.docmd("DATA")

    assert {(code, text.split()[0]) for code, text in (unknown, forged, foreign)} == {(550, b"5.1.1")}
    assert data[0] == 503
    assert gateway.get("/ledger")["items"] == before


def test_what_is_too_large_is_refused_when_declared_and_when_sent(gateway: Installation, key: str):
    raw = a_mail(CAROL, text="x" * 70 + ("\r\n" + "y" * 70) * 15_000)

    with smtplib.SMTP(HERE, gateway.smtp) as peer:
        peer.ehlo()
        declared = peer.mail(CAROL, [f"size={len(raw)}"])
        peer.mail(CAROL)
        peer.rcpt(f"support@{DOMAIN}")
        sent = peer.data(raw)
        after = peer.noop()

    assert (declared[0], declared[1][:5]) == (552, b"5.3.4")
    assert (sent[0], sent[1][:5]) == (552, b"5.3.4")
    assert after[0] == 250


def test_the_http_door_takes_a_mail_as_smtp_does(gateway: Installation, hop: NextHop, key: str):
    a_ticket(gateway, key, CAROL)
    says(gateway, key, ALICE, f"First {key}")
    reply = the_mail(hop, CAROL, f"First {key}").mail["Reply-To"]
    kind = {"Content-Type": "message/rfc822"}

    taken = gateway.api.post(
        "/raw", params={"rcpt": [reply, f"nobody@{DOMAIN}"], "from": CAROL}, headers=kind,
        content=a_mail(CAROL, text=f"Over HTTP {key}"),
    )  # fmt: skip
    refused = gateway.api.post(
        "/raw", params={"rcpt": f"nobody@{DOMAIN}"}, headers=kind, content=a_mail(CAROL)
    )

    assert taken.status_code == 202
    assert [target["forward_path"] for target in taken.json()["targets"]] == [reply]
    assert until(lambda: said(gateway, key, f"Over HTTP {key}"), what="the post")
    entry = gateway.get(f"/ledger/{taken.json()['id']}")
    assert (entry["door"], entry["state"]) == ("raw", "posted")
    assert refused.status_code == 422
    assert refused.headers["content-type"].startswith("application/problem+json")


def test_broken_mail_never_shows_a_traceback_and_is_never_lost(gateway: Installation, key: str):
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(100))
    broken = {
        "no author": b"Subject: none\r\n\r\nno author\r\n",
        "no Message-ID": a_mail(CAROL, message_id=None),
        "NUL": a_mail(CAROL, text="a\0b"),
        "8-bit header": a_mail(CAROL).replace(b"Subject: Hello", b"Subject: caf\xe9 \xff\xfe"),
        "100 levels": f"From: {CAROL}\r\n{deep}deep\r\n".encode(),
        "no header": b"\r\n\r\nnothing\r\n",
    }

    with smtplib.SMTP(HERE, gateway.smtp) as peer:
        for what, raw in broken.items():
            assert peer.sendmail(CAROL, [f"support@{DOMAIN}"], raw) == {}, what

    def settled() -> list[dict]:
        entries = gateway.get("/ledger", limit="6")["items"]
        is_open = any(entry["state"] in ("received", "processing") for entry in entries)
        return [] if is_open else entries

    entries = until(settled, what="the end of all")
    assert {entry["state"] for entry in entries} <= {"posted", "held", "refused"}
    assert all(entry["reason"] for entry in entries if entry["state"] != "posted")
    assert all(entry["trace"] for entry in (gateway.get(f"/ledger/{one['id']}") for one in entries))
