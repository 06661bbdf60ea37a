"""Mail that leads nowhere, to programs' addresses and from programs: nothing is opened, nothing is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import UnknownRecipient
from gateway.rules.token import Kind, Token, mint
from store.queries import thread as threads
from store.session import Database
from tests.builders import DOMAIN, KEYS, World, a_mail, hop_client, stamped

SUPPORT, ANY = f"support@{DOMAIN}", f"anything@{DOMAIN}"
CAROL = "carol@customer.example"
DSN = (
    "From: MAILER-DAEMON@mx.customer.example\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <dsn1@mx.customer.example>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
    "Final-Recipient: rfc822; dora@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
)


@pytest.fixture
def world(database: Database, tmp_path: Path):
    """A house that takes mail to any address of its domain."""
    world = World(database, tmp_path, catchall=True, spam_headers=(("x-spam-flag", "yes"),))
    yield world
    world.close()


def records(world: World) -> int:
    with world.database.read() as session:
        return len(threads.search(session, record_type=None, query="", before=None, limit=99).rows)


def outbox(world: World) -> int:
    """How many mails were queued."""
    with world.database.read() as session:
        return int(session.exec_driver_sql("SELECT count(*) FROM delivery").scalar() or 0)


def proven(raw: bytes) -> bytes:
    return stamped(raw, "customer.example")


def test_t080_mail_to_the_catchall_alone_is_held_and_not_bounced(world: World):
    entry = world.receive(proven(a_mail(CAROL, to=ANY)), ANY, client=hop_client(), reverse_path=CAROL)

    assert world.entry(entry).state == "held"
    assert world.entry(entry).reason == "no thread and no alias answers to this address"
    assert (records(world), outbox(world)) == (0, 0)


@pytest.mark.parametrize("order", [(SUPPORT, ANY), (ANY, SUPPORT)], ids=["alias first", "catchall first"])
def test_t081_beside_an_alias_the_catchall_changes_nothing(world: World, order: tuple[str, str]):
    entry = world.receive(
        proven(a_mail(CAROL, to=", ".join(order))), *order, client=hop_client(), reverse_path=CAROL
    )

    assert [target.state for target in world.targets(entry)] == ["posted", "posted"]
    assert (records(world), outbox(world)) == (1, 0)


@pytest.mark.parametrize("beside", [(), (SUPPORT,)], ids=["alone", "with an alias"])
def test_t083_a_report_opens_no_record_and_is_not_answered(world: World, beside: tuple[str, ...]):
    bounce = f"bounce+{mint(Token(Kind.BOUNCE, 999, week=46), KEYS)}@{DOMAIN}"

    entry = world.receive(DSN.format(to=bounce).encode(), bounce, *beside, reverse_path="")

    assert {target.state for target in world.targets(entry)} <= {"absorbed", "held"}
    assert (records(world), outbox(world)) == (0, 0)


def test_t083_the_bare_bounce_address_is_unknown_even_to_a_catchall(world: World):
    with pytest.raises(UnknownRecipient):
        world.acceptor.resolve_now(f"bounce@{DOMAIN}")


@pytest.mark.parametrize("path", ["", "mailer-daemon@mx.customer.example"])
@pytest.mark.parametrize("to", [SUPPORT, ANY])
def test_t084_a_mailer_daemon_opens_no_record(world: World, path: str, to: str):
    raw = proven(a_mail("MAILER-DAEMON@mx.customer.example", to=to, subject="Warning"))

    entry = world.receive(raw, to, client=hop_client(), reverse_path=path)

    assert world.entry(entry).state == "held"
    assert (records(world), outbox(world)) == (0, 0)


def test_t092_an_auto_replier_that_writes_to_a_bounce_address_hears_nothing(world: World):
    bounce = f"bounce+{mint(Token(Kind.BOUNCE, 999, week=46), KEYS)}@{DOMAIN}"
    raw = a_mail(CAROL, to=bounce, extra="Auto-Submitted: auto-replied\r\n")

    entry = world.receive(raw, bounce, reverse_path="")

    assert world.entry(entry).state == "absorbed"
    assert (records(world), outbox(world)) == (0, 0)


@pytest.mark.parametrize("reverse_path", ["", CAROL], ids=["null path", "its own path"])
@pytest.mark.parametrize("marks", [
    "Auto-Submitted: auto-replied\r\n", "X-Auto-Response-Suppress: All\r\n",
    "Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n", "Precedence: auto_reply\r\n",
])  # fmt: skip
def test_t107_an_automatic_answer_that_was_forwarded_to_the_catchall_is_held_and_nothing_is_mailed_at_all(
    world: World, reverse_path: str, marks: str
):
    """Odoo answers it, and the forwarder sends that back for ever."""
    extra = f"{marks}References: <unknown@{DOMAIN}>\r\nX-Forwarded-To: {ANY}\r\n"
    for n in range(3):
        raw = proven(a_mail(CAROL, to=f"dora@customer.example, {ANY}", text=f"I am away {n}", extra=extra))
        entry = world.receive(raw, ANY, client=hop_client(), reverse_path=reverse_path)
        assert world.entry(entry).state == "held"

    assert (records(world), outbox(world)) == (0, 0)


def received(count: int) -> str:
    return "".join(
        f"Received: from a{n}.example by b{n}.example; Mon, 23 Nov 2026 12:00:00 +0000\r\n"
        for n in range(count)
    )


@pytest.mark.parametrize(("hops", "state"), [(100, "posted"), (101, "held")])
def test_a_mail_that_passed_more_than_a_hundred_hosts_is_held_as_a_loop(world: World, hops: int, state: str):
    entry = world.receive(a_mail(CAROL, extra=received(hops)), SUPPORT)

    assert world.entry(entry).state == state
    assert state == "posted" or "it seems to loop" in world.entry(entry).reason


def test_what_a_hop_marked_as_spam_is_held(world: World):
    entry = world.receive(
        proven(a_mail(CAROL, extra="X-Spam-Flag: YES\r\n")), SUPPORT, client=hop_client(), reverse_path=CAROL
    )

    assert (world.entry(entry).state, world.entry(entry).reason) == (
        "held",
        "marked as spam: x-spam-flag: yes",
    )


def test_a_spam_mark_by_a_stranger_means_nothing(world: World):
    entry = world.receive(a_mail(CAROL, extra="X-Spam-Flag: YES\r\n"), SUPPORT)

    assert world.entry(entry).state == "posted"


def test_t106_our_own_mail_that_comes_back_by_an_alias_that_follows_is_absorbed(world: World):
    ours = world.partner(SUPPORT)
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[ours, carol])
    world.receive(
        proven(a_mail(CAROL, text="Hello")), world.reply_address(thread, carol), client=hop_client(),
        reverse_path=CAROL,
    )  # fmt: skip
    [message] = world.messages(thread)
    assert world.notices(message.id)[SUPPORT] == ("queued", "follower")

    back = a_mail(
        f'"Carol via Threadpost" <notifications@{DOMAIN}>', to=SUPPORT, message_id=message.message_id
    )
    entry = world.receive(back, SUPPORT, reverse_path=f"bounce+x@{DOMAIN}")

    assert (world.entry(entry).state, world.entry(entry).reason) == ("absorbed", "our own mail came back")
    assert (records(world), len(world.messages(thread))) == (1, 1)
