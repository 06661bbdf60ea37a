"""What an operator reads of a mail in the ledger names records and people as he can look them up."""

from __future__ import annotations

import pytest

from gateway.mail.envelope import Envelope
from store.queries import lives
from store.queries import thread as threads
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

ALICE, CAROL = "alice@corp.example", "carol@customer.example"


def steps(world: World, mail_id: int) -> dict[str, str]:
    """Step -> finding, of the trace of a mail with one target."""
    [target] = world.targets(mail_id)
    return {line["step"]: line["finding"] for line in target.trace}


def mail(world: World, author: str, to: str) -> int:
    raw = stamped(a_mail(author), author.rpartition("@")[2])
    return world.receive(raw, to, client=hop_client(), reverse_path=author)


@pytest.mark.parametrize(("author", "said"), [(ALICE, "colleague"), (CAROL, "outside partner")])
def test_the_trace_names_the_record_by_type_and_key_and_the_author_by_his_address(
    world: World, author: str, said: str
):
    partner = world.partner(author, internal=author == ALICE)
    thread = world.ticket("A-7", followers=[partner])

    [target] = world.targets(mail(world, author, world.reply_address(thread, partner)))

    trace = {line["step"]: (line["finding"], line["reason"]) for line in target.trace}
    assert trace["route"] == ("ticket A-7", "by token")
    assert trace["identify"] == ("verified", f"{said} {author}, follower")


def test_mail_to_an_archived_record_is_held_and_says_which(world: World):
    carol = world.partner(CAROL)
    thread = world.ticket("A-7", followers=[carol])
    with world.database.write() as session:
        threads.change(session, thread, {"active": False}, world.now)

    mail_id = mail(world, CAROL, world.reply_address(thread, carol))

    [target] = world.targets(mail_id)
    assert (target.state, target.reason) == ("held", "the record is archived")
    assert (target.record_type, target.key) == ("ticket", "A-7")


def test_a_record_that_is_gone_by_now_is_called_so(world: World):
    carol = world.partner(CAROL)
    thread = world.ticket("A-7", followers=[carol])
    address = world.reply_address(thread, carol)
    envelope = Envelope(CAROL, (address,), hop_client())
    raw = stamped(a_mail(CAROL), "customer.example")
    mail_id = world.acceptor.accept_now("smtp", envelope, [world.acceptor.resolve_now(address)], raw)
    with world.database.write() as session:
        lives.remove(session, thread.id)

    while world.worker.run_once():
        pass

    assert steps(world, mail_id)["route"] == "a record that is gone"
    assert world.entry(mail_id).reason == "the record is gone"


def test_a_new_record_is_named_when_it_is_opened(world: World):
    found = steps(world, mail(world, CAROL, f"support@{DOMAIN}"))

    assert (found["route"], found["open"].split()[0]) == ("a new ticket", "ticket")
