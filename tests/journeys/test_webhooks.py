"""Events: queued only where somebody listens, signed, tried again, set aside; and never sent inside our own network."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import event as sqlalchemy_event

from gateway.chatter.events import Events
from gateway.chatter.post import Author, Draft
from gateway.chatter.records import RecordChange
from gateway.chatter.types import put
from gateway.client import BadSignature, read_event
from gateway.inbound import desk
from gateway.outbound.channels import Deferred, Failed, Sent
from gateway.outbound.channels.webhook import WebhookChannel, signature
from gateway.outbound.events import EventDispatcher
from gateway.outbound.guard import is_public
from gateway.rules.retry import GIVE_UP_AFTER
from store.queries import event as store
from store.queries import lives
from tests.builders import World, a_mail

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)


class Host:
    """A host application on loopback. answers: what it says, one after the other; then 200."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.port = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:]
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines if line)
                }
                self.heard.append((headers, await reader.readexactly(int(headers["content-length"]))))
                answer = (
                    self.answers.pop(0) if self.answers else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                )
                if answer == b"silence":
                    await asyncio.sleep(30)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def said(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()


async def call(channel: WebhookChannel, url: str, body: bytes = b"{}") -> Any:
    try:
        return await channel.call(url, secret=SECRET, event_id="evt_1", at=AT, body=body)
    finally:
        await channel.close()


def test_the_signature_is_the_one_of_the_specification():
    signed = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "this machine"), ("::1", "this machine"), ("0.0.0.0", "this machine, in disguise"),
        ("10.1.2.3", "private"), ("172.16.0.1", "private"), ("192.168.1.1", "private"), ("fd00::1", "private"),
        ("169.254.169.254", "the metadata service of a cloud"), ("fe80::1", "the same link"), ("100.64.0.1", "the carrier's"),
        ("224.0.0.1", "many"), ("ff02::1", "many"), ("255.255.255.255", "everybody"), ("192.0.2.1", "documentation"),
        ("::ffff:127.0.0.1", "IPv4 in IPv6"), ("64:ff9b::7f00:1", "IPv4 translated"), ("2002:7f00:1::", "6to4"),
    ],
)  # fmt: skip
async def test_an_address_that_is_not_public_is_never_called(address: str, why: str):
    async def resolve(name: str, port: int) -> list[str]:
        return ["93.184.216.34", address]  # one bad address among good ones is enough

    outcome = await call(WebhookChannel(resolve=resolve), "https://innocent.example/hook")

    assert not is_public(address), why
    assert isinstance(outcome, Failed) and address in outcome.detail


@pytest.mark.parametrize(
    "url", ["http://public.example/", "ftp://public.example/", "https://user:pw@public.example/"]
)
async def test_only_https_without_a_password_is_called(url: str):
    assert isinstance(await call(WebhookChannel(), url), Failed)


async def test_the_name_is_resolved_once_and_that_address_is_called(host: Host):
    asked = []

    async def resolve(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.9"]

    outcome = await call(
        WebhookChannel(allow_private=True, resolve=resolve), f"http://hooks.example:{host.port}/in?a=b"
    )

    assert isinstance(outcome, Sent)
    assert asked == ["hooks.example"]
    assert host.heard[0][0]["host"] == f"hooks.example:{host.port}"


async def test_no_cookie_and_no_connection_is_kept_for_the_next_target(host: Host):
    host.answers = [said("200 OK", "Set-Cookie: who=a; Path=/")]
    channel = WebhookChannel(allow_private=True)

    for path in ("a", "b"):
        await channel.call(
            f"http://127.0.0.1:{host.port}/{path}", secret=SECRET, event_id="evt_1", at=AT, body=b"{}"
        )
    await channel.close()

    assert [headers.get("cookie") for headers, _ in host.heard] == [None, None]
    assert host.connections == 2


@pytest.mark.parametrize(("name", "outcome"), [("hooks.example", Sent), ("other.example", Deferred)])
async def test_the_certificate_must_be_the_one_of_the_name_and_not_of_the_address(
    host: Host, tmp_path: Path, name: str, outcome: type
):
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, private)
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]

    async def resolve(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    trusting = ssl.create_default_context(cafile=str(certificate))
    found = await call(
        WebhookChannel(allow_private=True, resolve=resolve, tls=trusting), f"https://{name}:{port}/"
    )
    server.close()

    assert isinstance(found, outcome), found
    assert [headers["host"] for headers, _ in host.heard] == (
        [f"hooks.example:{port}"] if outcome is Sent else []
    )


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (said("204 No Content"), Sent), (said("410 Gone"), Failed), (said("500 Oh"), Deferred), (said("404 Not Found"), Deferred),
        (said("302 Found", "Location: http://127.0.0.1:1/"), Deferred), (b"nonsense\r\n\r\n", Deferred),
        (said("500 Oh", body=b"x" * 200_000), Deferred),
        (b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + b"y" * 0x4000 + b"\r\n" * 1 + b"ffffff\r\n" + b"z" * 70_000, Deferred),
    ],
)  # fmt: skip
async def test_each_answer_has_its_meaning(host: Host, answer: bytes, outcome: type):
    host.answers = [answer]

    found = await call(WebhookChannel(allow_private=True, timeout=3), f"http://127.0.0.1:{host.port}/")

    assert isinstance(found, outcome)
    assert len(found.detail) <= 300
    assert len(host.heard) == 1, "no redirect was followed"


async def test_a_target_that_does_not_answer_costs_its_time_and_no_more(host: Host):
    host.answers = [b"silence"]
    begun = time.monotonic()

    found = await call(WebhookChannel(allow_private=True, timeout=0.3), f"http://127.0.0.1:{host.port}/")

    assert isinstance(found, Deferred) and "0.3 s" in found.detail
    assert time.monotonic() - begun < 2


# -- from the thread to the host --


@pytest.fixture
def listening(world: World, host: Host) -> World:
    """A world whose webhook is the host."""
    world.posting.events = Events(world.database.bell)
    values = {
        "url": f"http://127.0.0.1:{host.port}/hook", "events": frozenset({"record.opened", "message.posted"}),
        "record_types": frozenset({"ticket"}), "secret": SECRET, "active": True,
    }  # fmt: skip
    with world.database.write() as session:
        store.put_webhook(session, "host", values, world.now)
    return world


async def drain(world: World) -> int:
    dispatcher = EventDispatcher(
        database=world.database, channel=WebhookChannel(allow_private=True, timeout=2), owner="e1",
        clock=lambda: world.now, jitter=lambda: 0.0,
    )  # fmt: skip
    sent = await dispatcher.drain()
    await dispatcher.stop()
    return sent


def events(world: World) -> list[tuple[str, str, int]]:
    with world.database.read() as session:
        return [(row.kind, row.state, row.attempts) for row in reversed(store.listed(session, "host"))]


def says(world: World, thread: Any, author: Any, kind: str = "message") -> None:
    draft = Draft(
        thread, kind, "discussions", Author(author.id, author.name, author.email, author.internal), internal=kind != "message",
        body_text="Hello",
    )  # fmt: skip
    with world.database.write() as session:
        world.posting.post(session, draft, world.now)


async def test_the_host_hears_of_a_record_opened_by_mail_and_of_its_message(listening: World, host: Host):
    world = listening
    world.partner("dan@new.example")
    mail = world.receive(
        a_mail("dan@new.example", subject="Broken tap", text="It drips."), "support@threads.example.test"
    )
    if world.entry(mail).state == "held":
        with world.database.write() as session:
            desk.release(session, mail, world.now)
        while world.worker.run_once():
            pass

    assert await drain(world) == 2

    opened, posted = sorted(
        (read_event(SECRET, headers, body, now=world.now.timestamp()) for headers, body in host.heard),
        key=lambda heard: heard.id,
    )
    assert (opened.type, opened.data["title"], opened.data["by"]) == ("record.opened", "Broken tap", "mail")
    assert posted.type == "message.posted" and posted.record == opened.record
    assert posted.message is not None and posted.message.body_text == "It drips."
    assert [state for _, state, _ in events(world)] == ["sent", "sent"]


async def test_a_changed_octet_or_an_old_call_is_no_event(listening: World, host: Host):
    world = listening
    world.ticket("7")
    await drain(world)
    [(headers, body)] = host.heard
    now = world.now.timestamp()

    assert read_event(SECRET, headers, body, now=now).record.key == "7"
    for wrong in (
        lambda: read_event(SECRET, headers, body.replace(b'"7"', b'"8"'), now=now),
        lambda: read_event("whsec_AAAA", headers, body, now=now),
        lambda: read_event(SECRET, {**headers, "webhook-id": "evt_9"}, body, now=now),
        lambda: read_event(SECRET, headers, body, now=now + 301),
        lambda: read_event(SECRET, {}, body, now=now),
    ):
        with pytest.raises(BadSignature):
            wrong()


async def test_an_event_is_tried_again_with_back_off_and_at_last_set_aside(listening: World, host: Host):
    world = listening
    host.answers = [said("503 Busy", body=b"later")] * 3
    world.ticket()

    assert await drain(world) == 1
    assert events(world) == [("record.opened", "deferred", 1)]
    assert await drain(world) == 0, "not before its time"
    world.now += timedelta(minutes=1)
    assert await drain(world) == 1
    assert events(world) == [("record.opened", "deferred", 2)]
    world.now += GIVE_UP_AFTER
    await drain(world)
    assert events(world) == [("record.opened", "failed", 3)]

    with world.database.write() as session:
        [row] = store.listed(session, "host")
        assert (row.status, row.detail) == ("503", "later")
        assert store.retry(session, "host", row.id, world.now)
    await drain(world)
    assert events(world) == [("record.opened", "sent", 1)]
    assert len({headers["webhook-id"] for headers, _ in host.heard}) == 1, "the same event keeps its id"


async def test_what_nobody_asked_for_and_what_is_gone_is_not_told(listening: World, host: Host):
    world = listening
    ann = world.partner("ann@corp.example", internal=True)
    thread = world.ticket("1")
    says(world, thread, ann, kind="log")
    with world.database.write() as session:
        put(session, "order", "Order", {}, world.now)
    with world.database.write() as session:
        world.records.put(session, RecordChange("order", "1", {}), world.now)
        lives.remove(session, thread.id)

    await drain(world)

    assert events(world) == [("record.opened", "skipped", 0)]
    assert host.heard == []


def test_a_post_costs_no_statement_more_where_nobody_listens(world: World):
    ann = world.partner("ann@corp.example", internal=True)
    thread = world.ticket()

    def statements() -> list[str]:
        said: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            said.append(statement)

        sqlalchemy_event.listen(world.database.engine, "before_cursor_execute", note)
        says(world, thread, ann)
        sqlalchemy_event.remove(world.database.engine, "before_cursor_execute", note)
        return said

    without = statements()
    world.posting.events = Events(world.database.bell)
    statements()  # the first asks who listens
    assert len(statements()) == len(without)


async def test_two_dispatchers_tell_each_event_once(listening: World, host: Host):
    world = listening
    for number in range(40):
        world.ticket(f"n{number}")

    assert sum(await asyncio.gather(drain(world), drain(world))) == 40

    assert len({headers["webhook-id"] for headers, _ in host.heard}) == len(host.heard) == 40
    assert json.loads(host.heard[0][1])["type"] == "record.opened"
