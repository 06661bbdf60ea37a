"""Answers that ask for something: a proven author is obeyed, nobody's command is posted to everybody."""

from __future__ import annotations

import pytest

from gateway.inbound import desk
from gateway.rules.token import Kind, Token, mint
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from tests.builders import DOMAIN, KEYS, World, a_mail, hop_client, stamped

CAROL, ALICE = "carol@customer.example", "alice@corp.example"


def address(thread: ThreadView, partner: PartnerView, verb: str) -> str:
    token = mint(Token(Kind.REPLY, thread.id, partner.id, False, 0, 46), KEYS)
    return f"reply+{token}+{verb}@{DOMAIN}"


def asks(
    world: World, author: PartnerView, *to: str, text: str = "", proven: bool = True, extra: str = ""
) -> tuple[str, str]:
    """State and reason of a mail."""
    raw = a_mail(author.email, text=text, extra=extra)
    if proven:
        raw = stamped(raw, author.email.rpartition("@")[2])
    entry = world.entry(world.receive(raw, *to, client=hop_client(), reverse_path=author.email))
    return entry.state, entry.reason


def wants(world: World, thread: ThreadView, partner: PartnerView) -> frozenset[str] | None:
    with world.database.read() as session:
        found = followers.follower(session, thread.id, partner.id)
    return None if found is None else found.subtypes


@pytest.fixture
def carol(world: World) -> PartnerView:
    return world.partner(CAROL)


@pytest.fixture
def thread(world: World, carol: PartnerView) -> ThreadView:
    return world.ticket(followers=[carol, world.partner("dora@customer.example")])


@pytest.mark.parametrize("proven", [True, False], ids=["verified", "by his own address"])
def test_mute_leaves_mentions_only_and_posts_nothing(world: World, thread, carol, proven: bool):
    said = asks(world, carol, address(thread, carol, "mute"), text="mute", proven=proven)

    assert said == ("absorbed", "muted the thread")
    assert wants(world, thread, carol) == frozenset()
    assert world.messages(thread) == []


def test_who_muted_hears_of_no_post(world: World, thread, carol):
    alice = world.partner(ALICE, internal=True)
    asks(world, carol, address(thread, carol, "mute"))

    asks(world, alice, world.reply_address(thread, alice), text="News")

    assert world.notices(world.messages(thread)[-1].id)[CAROL] == ("skipped", "not subscribed to discussions")


def test_a_mail_to_the_thread_and_to_its_mute_address_says_something(world: World, thread, carol):
    asks(world, carol, address(thread, carol, "mute"), world.reply_address(thread, carol), text="I say this")

    assert [message.body_text for message in world.messages(thread)] == ["I say this"]
    assert wants(world, thread, carol) == {"discussions"}


def test_done_is_held_until_activities_exist(world: World, thread, carol):
    state, reason = asks(world, carol, address(thread, carol, "done"), text="done")

    assert (state, world.messages(thread)) == ("held", [])
    assert reason == "asks to mark an activity as done, which cannot be done by mail yet"


@pytest.mark.parametrize("extra", ["Auto-Submitted: auto-replied\r\n"])
def test_an_out_of_office_answer_mutes_nobody(world: World, thread, carol, extra: str):
    state, _ = asks(world, carol, address(thread, carol, "mute"), extra=extra)

    assert (state, wants(world, thread, carol)) == ("held", {"discussions"})


def test_a_command_that_nothing_proves_is_held_and_not_posted(world: World, thread, carol):
    record_address = world.reply_address(thread)  # minted for nobody, so it vouches for nobody

    state, reason = asks(world, carol, record_address, text="/leave", proven=False)

    assert (state, reason) == ("held", "asks to leave, and nothing proves the author")
    assert (world.messages(thread), wants(world, thread, carol)) == ([], {"discussions"})


def test_who_claims_to_be_a_colleague_is_asked_before_he_leaves(world: World, thread):
    alice = world.partner(ALICE, internal=True)
    world.follow(thread, alice)

    state, _ = asks(world, alice, world.reply_address(thread, alice), text="/leave", proven=False)

    assert (state, wants(world, thread, alice)) == ("held", {"discussions"})
    with world.database.read() as session:
        kinds = session.exec_driver_sql("SELECT kind, address FROM delivery").all()
    assert [tuple(row) for row in kinds] == [("confirm", ALICE)]


def test_a_held_command_that_a_person_releases_is_obeyed(world: World, thread, carol):
    raw = a_mail(CAROL, text="/leave")
    entry = world.receive(raw, world.reply_address(thread), reverse_path=CAROL)

    with world.database.write() as session:
        desk.release(session, entry, world.now)
    while world.worker.run_once():
        pass

    assert world.entry(entry).state == "absorbed"
    assert wants(world, thread, carol) is None


def test_b02_a_verified_colleague_may_leave_a_record_that_is_closed_to_him_by_now(world: World):
    alice = world.partner(ALICE, internal=True)
    thread = world.ticket(followers=[alice], members=[world.partner("bob@corp.example", internal=True).email])

    assert asks(world, alice, world.reply_address(thread, alice), text="hello")[0] == "held"
    said = asks(world, alice, world.reply_address(thread, alice), text="/leave")

    assert said == ("absorbed", "left the thread")
    assert wants(world, thread, alice) is None


def test_a_failed_author_leaves_nothing(world: World, thread, carol):
    raw = stamped(a_mail(CAROL, text="/leave"), "customer.example", "fail")

    entry = world.receive(raw, world.reply_address(thread, carol), client=hop_client())

    assert world.entry(entry).reason == "the author failed authentication"
    assert wants(world, thread, carol) == {"discussions"}


def test_a_sentence_about_leaving_is_a_message(world: World, thread, carol):
    asks(world, carol, world.reply_address(thread, carol), text="I said /leave but stay")

    assert [message.body_text for message in world.messages(thread)] == ["I said /leave but stay"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/leave\n\nPlease close it, it runs again.", "Please close it, it runs again."),
        ("Please close it, it runs again.\n\n/leave", "Please close it, it runs again."),
        ("Please close it,\n /Leave \nit runs again.", "Please close it,\nit runs again."),
        ("/leave\nThanks for the pump. Bye!", "Thanks for the pump. Bye!"),
    ],
    ids=["above", "below", "between", "thanks that say more"],
)
@pytest.mark.parametrize("proven", [True, False], ids=["verified", "by his own address"])
def test_what_is_said_beside_the_line_leave_is_posted_without_it(
    world: World, thread, carol, text: str, said: str, proven: bool
):
    state, _ = asks(world, carol, world.reply_address(thread, carol), text=text, proven=proven)

    first, *log = world.messages(thread)
    assert (state, first.body_text, first.author_id) == ("posted", said, carol.id)
    assert "/leave" not in first.body_html.lower()
    assert world.notices(first.id)["dora@customer.example"] == ("queued", "follower")
    assert wants(world, thread, carol) is None
    assert [entry.kind for entry in log] == ["log"], "that she left is told, after what she said"


@pytest.mark.parametrize(
    "text",
    [
        "/leave\n\nBest regards,\nCarol Jones\nAcme Corp",
        "Grazie\n/leave",
        "/leave\n-- \nCarol",
        "\n/leave\n\nCarol",
    ],
)
def test_a_closing_formula_or_a_signature_beside_the_line_says_nothing(world: World, thread, text: str):
    carol = world.partner("carol.jones@customer.example")
    world.follow(thread, carol)
    raw = stamped(a_mail(f"Carol Jones <{carol.email}>", text=text), "customer.example")

    entry = world.entry(world.receive(raw, world.reply_address(thread, carol), client=hop_client()))

    assert (entry.state, entry.reason) == ("absorbed", "left the thread")
    assert [message.kind for message in world.messages(thread)] == ["log"]


def test_the_line_goes_out_of_the_html_too_and_the_rest_keeps_its_form(world: World, thread, carol):
    html = "<html><body><p>It <b>runs</b> again.</p><div><span>/leave</span></div></body></html>"
    raw = stamped(a_mail(CAROL, text=html), "customer.example").replace(b"text/plain", b"text/html")

    world.receive(raw, world.reply_address(thread, carol), client=hop_client())

    said = world.messages(thread)[0]
    assert (said.body_text, said.body_html.strip()) == ("It runs again.", "<p>It <b>runs</b> again.</p>")


def test_a_line_leave_that_nothing_proves_is_held_with_all_that_is_said(world: World, thread, carol):
    said = asks(world, carol, world.reply_address(thread), text="It runs.\n/leave", proven=False)

    assert said == ("held", "asks to leave, and nothing proves the author")
    assert (world.messages(thread), wants(world, thread, carol)) == ([], {"discussions"})


def test_a_held_mail_with_the_line_is_posted_without_it_when_a_person_releases_it(
    world: World, thread, carol
):
    entry = world.receive(
        a_mail(CAROL, text="It runs.\n/leave"), world.reply_address(thread), reverse_path=CAROL
    )

    with world.database.write() as session:
        desk.release(session, entry, world.now)
    while world.worker.run_once():
        pass

    assert world.entry(entry).state == "posted"
    assert world.messages(thread)[0].body_text == "It runs."
    assert wants(world, thread, carol) is None


def test_b02_a_colleague_who_may_no_longer_write_leaves_by_the_line_and_what_he_says_is_held(world: World):
    alice = world.partner(ALICE, internal=True)
    thread = world.ticket(followers=[alice], members=[world.partner("bob@corp.example", internal=True).email])

    state, _ = asks(world, alice, world.reply_address(thread, alice), text="Goodbye all.\n/leave")

    assert (state, wants(world, thread, alice)) == ("held", None)


def test_what_is_said_to_the_address_that_mutes_is_posted(world: World, thread, carol):
    state, _ = asks(world, carol, address(thread, carol, "mute"), text="mute\n\nTell Dora instead.")

    assert (state, world.messages(thread)[0].body_text) == ("posted", "Tell Dora instead.")
    assert wants(world, thread, carol) == frozenset()


def test_a_line_in_what_is_quoted_asks_for_nothing(world: World, thread, carol):
    asks(
        world,
        carol,
        world.reply_address(thread, carol),
        text="Yes.\n\nOn Monday, Ann <a@x.example> wrote:\n> /leave\n",
    )

    assert wants(world, thread, carol) == {"discussions"}
