"""A reply address that its owner has long had newer ones for still leads to the thread, but vouches for nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.chatter.follow import invite
from gateway.rules.token import Kind, Token, mint, week_of
from store.models.views import PartnerView, ThreadView
from store.queries import thread as threads
from tests.builders import DOMAIN, KEYS, World, a_mail, hop_client, stamped

CAROL = "carol@customer.example"
YEAR = timedelta(weeks=53)


def address(world: World, thread: ThreadView, partner: PartnerView) -> str:
    """A reply address minted now."""
    token = Token(Kind.REPLY, thread.id, partner.id, week=week_of(world.now))
    return f"reply+{mint(token, KEYS)}@{DOMAIN}"


def notify(world: World, thread: ThreadView) -> None:
    """Alice writes, so that mail of the thread is queued."""
    world.receive(
        stamped(a_mail("alice@corp.example", text="News"), "corp.example"), world.reply_address(thread),
        client=hop_client(),
    )  # fmt: skip


def answer(world: World, to: str, author: str = CAROL, *, proven: bool = False) -> tuple[str, str]:
    """State, and confidence of what was posted ("" if nothing)."""
    raw = a_mail(author, text="Here I am")
    raw = stamped(raw, "customer.example") if proven else raw
    entry = world.receive(raw, to, client=hop_client(), reverse_path=author)
    [target] = world.targets(entry)
    steps = {line["step"]: line["finding"] for line in target.trace}
    return target.state, steps["identify"]


@pytest.fixture
def thread(world: World) -> ThreadView:
    world.partner("alice@corp.example", internal=True)
    return world.ticket(followers=[world.partner("dora@customer.example")])


def test_an_old_address_no_longer_vouches_once_the_thread_has_sent_newer_ones(world: World, thread):
    carol = world.partner(CAROL)
    old = address(world, thread, carol)
    fresh_answer = answer(world, old)
    world.now += YEAR
    silent_answer = answer(world, old)
    notify(world, thread)

    assert fresh_answer == silent_answer == ("posted", "token")
    assert answer(world, old) == ("posted", "claimed")  # a follower by now: posted with the badge


def test_who_only_holds_an_old_address_is_held_and_a_verified_author_still_posts(world: World, thread):
    carol = world.partner(CAROL)
    old = address(world, thread, carol)
    world.now += YEAR
    notify(world, thread)

    assert answer(world, old) == ("held", "claimed")
    assert answer(world, old, proven=True) == ("posted", "verified")
    assert answer(world, address(world, thread, carol)) == ("posted", "token")


def test_a_thread_that_has_been_silent_takes_the_answer_to_its_last_mail_after_years(world: World, thread):
    carol = world.partner(CAROL)
    notify(world, thread)
    old = address(world, thread, carol)
    world.now += 3 * YEAR

    assert answer(world, old) == ("posted", "token")


def test_the_last_notice_is_noted_by_posts_and_invitations_at_most_once_a_day(world: World, thread):
    def noted():
        with world.database.read() as session:
            found = threads.by_id(session, thread.id)
        assert found is not None
        return found.last_notified_at

    before = noted()
    notify(world, thread)
    first, started = noted(), world.now
    world.now += timedelta(hours=2)
    notify(world, thread)
    same = noted()
    world.now += timedelta(days=2)
    carol = world.partner(CAROL)
    with world.database.write() as session:
        current = threads.by_id(session, thread.id)
        assert current is not None
        invite(session, [(current, carol)], posting=world.posting, html="", text="", by=None, now=world.now)

    assert (before, first, same, noted()) == (None, started, started, world.now)
