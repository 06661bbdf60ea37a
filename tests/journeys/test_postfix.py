"""Debian's Postfix with config/postfix before and behind Threadpost: each recipient gets the status that is true."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.client import (
    Message,
    delete_record,
    deliveries,
    follow,
    messages,
    post_message,
    put_partner,
    put_record,
)
from gateway.errors import StoreBusy
from gateway.inbound.accept import Acceptor
from gateway.settings.doors import Lmtp, Smtp
from store.models import InboundMail
from store.session import Database
from tests.builders import a_mail
from tests.postfix import SOURCE, NoPostfix, Postfix
from tests.receive import peer
from tests.served import DOMAIN, HERE, Installation, NextHop, free_port, until

pytestmark = [pytest.mark.real_peer, pytest.mark.timeout(180)]

ALICE, CAROL, DAN = "alice@corp.example", "carol@customer.example", "dan@newcomer.example"


class Fronted(Installation):
    """An installation as config/postfix/README.md describes it: Postfix is a hop and the relay."""

    def __init__(self, *places: object, submission: int, path: str = "", **settings: object) -> None:
        self._submission, self._path = submission, path
        super().__init__(*places, **settings)

    def _toml(self, relay: str, database_url: str) -> str:
        text = super()._toml(f"smtp://{HERE}:{self._submission}", database_url)
        if self._path:
            text = text.replace("[lmtp]\n", f'[lmtp]\npath = "{self._path}"\n')
        hop = "unix" if self._path else "127.0.0.1"
        return text.replace("[log]", f'[[auth.hops]]\npeers = ["{hop}"]\nxforward = true\n[log]')


@pytest.fixture(scope="module")
def sink() -> Iterator[NextHop]:
    """The world behind Postfix."""
    with NextHop() as sink:
        yield sink


def started(**settings: object) -> Postfix:
    """A Postfix; in CI its absence fails, elsewhere it skips."""
    try:
        return Postfix(**settings)
    except NoPostfix as trouble:
        if os.environ.get("CI") == "true":
            pytest.fail(f"needed in CI: {trouble}")
        pytest.skip(str(trouble))


class House:
    """Postfix, Threadpost, and the world behind them."""

    def __init__(self, gateway: Installation, postfix: Postfix, sink: NextHop) -> None:
        self.gateway, self.postfix, self.sink = gateway, postfix, sink

    def ticket(self, name: str, *followers: str) -> str:
        """A ticket that somebody follows and has had mail about; answers Carol's reply address."""
        key = f"{name}-{time.monotonic_ns()}"
        self.gateway.client(put_record("ticket", key, title=f"Pump {key}"))
        for follower in followers:
            self.gateway.client(follow("ticket", key, follower))
        self.say(key, f"First {key}")
        return key

    def say(self, key: str, text: str) -> None:
        self.gateway.client(post_message("ticket", key, author=ALICE, body_text=text))

    def reply_address(self, key: str, reader: str = CAROL) -> str:
        return str(self.mails(reader, f"First {key}")[0].mail["Reply-To"])

    def mails(self, reader: str, text: str) -> list:
        until(lambda: self.sink.to(reader, text), what=f"the mail to {reader}")
        return self.sink.to(reader, text)

    def said(self, key: str, text: str) -> list[Message]:
        """The messages of a thread that hold this text."""
        found = self.gateway.client(messages("ticket", key, kind="message")).items
        return [message for message in found if text in message.body_text]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sink: NextHop) -> Iterator[House]:
    yield from a_house(tmp_path_factory.mktemp("fronted"), sink)


@pytest.fixture
def house_with_a_socket(tmp_path: Path, sink: NextHop) -> Iterator[House]:
    yield from a_house(tmp_path, sink, with_socket=True)


def a_house(directory: Path, sink: NextHop, *, with_socket: bool = False) -> Iterator[House]:
    """Postfix and Threadpost, LMTP between them on TCP or on a unix socket."""
    submission = free_port()
    postfix = started(relay_domains=DOMAIN, relayhost=f"[{HERE}]:{sink.port}", submission=submission)
    path = postfix.directory / "lmtp.sock" if with_socket else None
    gateway = Fronted(directory, submission=submission, path=str(path or ""))
    postfix.set(relay_transport=f"lmtp:unix:{path}" if path else f"lmtp:inet:{HERE}:{gateway.lmtp}")
    with postfix:
        try:
            gateway.start()
            if path:
                shutil.chown(path, group="postfix")
            gateway.client(put_partner(ALICE, name="Alice Adams", internal=True))
            gateway.client(put_partner(CAROL, name="Carol Cook"))
            yield House(gateway, postfix, sink)
        finally:
            gateway.close()


def test_the_size_limits_of_postfix_and_of_the_doors_are_equal():
    limit = re.search(r"^message_size_limit = (\d+)$", (SOURCE / "main.cf").read_text(), re.M)

    assert limit and int(limit[1]) == Smtp().max_size == Lmtp().max_size


def test_mail_to_a_forged_reply_address_ends_at_rcpt_and_no_bounce_is_written(house: House):
    key = house.ticket("forged", CAROL)
    local_part, _, domain = house.reply_address(key).partition("@")
    forged = f"{local_part[:-1]}{'a' if local_part[-1] != 'a' else 'b'}@{domain}"
    before = len(house.sink.arrived())

    refused = house.postfix.send(
        a_mail("Eve <eve@evil.example>"), forged, reverse_path="victim@innocent.example"
    )

    assert refused[forged][0] == 550, house.postfix.log()
    assert b"5.1.1" in refused[forged][1]
    time.sleep(1.0)
    assert house.postfix.queue == ""
    assert [mail.recipient for mail in house.sink.arrived()[before:] if "innocent" in mail.recipient] == []
    assert "status=bounced" not in house.postfix.log()


@pytest.mark.parametrize("way", ["house", "house_with_a_socket"])
def test_an_answer_comes_through_postfix_and_the_thread_is_told_through_postfix(
    request: pytest.FixtureRequest, way: str
):
    house = request.getfixturevalue(way)
    key = house.ticket("answer", ALICE, CAROL)
    reply = house.reply_address(key)
    raw = a_mail(f"Carol Cook <{CAROL}>", to=reply, subject="Re: Pump", text=f"It is dry now {key}.")

    assert house.postfix.send(raw, reply, reverse_path=CAROL) == {}

    told = house.mails(ALICE, f"It is dry now {key}.")
    [message] = house.said(key, "It is dry now")
    assert len(told) == 1
    assert told[0].reverse_path.startswith("bounce+")
    assert message.author.email == CAROL
    [attempt] = house.postfix.attempts("lmtp", reply)
    assert attempt.status == "sent" and attempt.said.startswith("250")
    [onward] = [one for one in house.postfix.attempts("smtp", ALICE) if one.status == "sent"][-1:]
    assert onward.said.startswith("250")


def test_threadpost_hears_from_postfix_who_the_true_client_is(house: House):
    mail = InboundMail.table()
    newest = select(mail.c.client).order_by(mail.c.id.desc()).limit(1)
    key = house.ticket("client", CAROL)
    reply = house.reply_address(key)

    house.postfix.send(a_mail(CAROL, text=f"From afar {key}"), reply, reverse_path=CAROL, client="127.0.0.88")

    until(lambda: house.said(key, "From afar"), what="the post")
    store = Database(f"sqlite:///{house.gateway.config.parent / 'var' / 'threadpost.db'}")
    with store.read() as session:
        [client] = session.execute(newest).scalars()
    store.close()
    assert client["address"] == "127.0.0.88" and client["xforward"] is True
    assert client["peer"] in (HERE, "unix")


@pytest.mark.parametrize("count", [2, 3])
def test_one_of_several_recipients_is_refused_and_nothing_is_doubled_on_the_whole_way(
    house: House, count: int
):
    """Postfix, LMTP, Threadpost, relay, Postfix, the world; each thread that took the mail tells Alice once.

    The refused one was verified before and is gone since: the worst case, LMTP itself has to say it.
    """
    keys = [house.ticket(f"several{count}", CAROL, ALICE) for _ in range(count)]
    replies = [house.reply_address(key) for key in keys]
    for key, reply in zip(keys, replies, strict=True):  # Postfix knows them all as good from now on
        assert house.postfix.send(a_mail(CAROL, text=f"Early {key}"), reply, reverse_path=CAROL) == {}
    for key in keys:
        until(lambda key=key: house.said(key, f"Early {key}"), what="the early post")
    gone = replies[1]
    house.gateway.client(delete_record("ticket", keys[1]))
    time.sleep(5.5)  # for so long a door may remember what it knew of an address

    refused = house.postfix.send(a_mail(CAROL, text=f"For {count} at once"), *replies, reverse_path=CAROL)

    assert refused == {}
    until(
        lambda: [one for one in house.postfix.attempts("lmtp", gone) if one.status == "bounced"],
        what="the refusal",
    )
    assert [one.status for one in house.postfix.attempts("lmtp", gone)] == ["sent", "bounced"]
    assert "550 5.1.1" in house.postfix.attempts("lmtp", gone)[-1].said
    for key, reply in [pair for pair in zip(keys, replies, strict=True) if pair[1] != gone]:
        until(lambda key=key: house.said(key, f"For {count} at once"), what="the post")
        assert [one.status for one in house.postfix.attempts("lmtp", reply)] == ["sent", "sent"]
        assert len(house.said(key, f"For {count} at once")) == 1
    assert "may be sent more than once" not in house.postfix.log()
    text = f"For {count} at once"
    until(lambda: len(house.sink.to(ALICE, text)) == count - 1, what="the mail about each post")
    time.sleep(1.0)  # what was doubled would come by now
    told = house.sink.to(ALICE, text)
    assert len({one.mail["Reply-To"] for one in told}) == len(told) == count - 1
    assert all(one.reverse_path.startswith("bounce+") for one in told)
    onward = [one for one in house.postfix.attempts("smtp", ALICE) if one.status != "sent"]
    assert onward == [] and house.sink.to(CAROL, text) == []


def test_what_the_world_refuses_of_our_mail_is_known_by_its_bounce(house: House):
    """Postfix took our mail and the world refuses it later: the bounce leads back to the delivery."""
    gone = f"gone-{time.monotonic_ns()}@customer.example"
    house.sink.answers[gone] = ["550 5.1.1 no such user"]
    key = house.ticket("bounced", gone)

    def state() -> str:
        found = house.gateway.client(deliveries(record=("ticket", key))).items
        return next((one.state for one in found if one.address == gone), "")

    until(lambda: state() == "bounced", what="the bounce")
    assert house.sink.to(gone) == []
    assert house.gateway.api.get(f"/suppressions/{gone}").status_code == 200


class Hesitant(Acceptor):
    """A door's acceptor whose store is busy at the first questions about one address."""

    busy_for = peer.SALES
    times = 0

    async def resolve(self, path: str):
        if path == self.busy_for and self.times > 0:
            type(self).times -= 1
            raise StoreBusy("busy")
        return await super().resolve(path)


@pytest.fixture
def hesitant_door(database, tmp_path):
    """An LMTP door in a thread of this process; answers its port."""
    loop = asyncio.new_event_loop()
    acceptor = peer.an_acceptor(database, tmp_path, acceptor=Hesitant)
    opened, end = threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def serve() -> None:
        async with peer.an_open_door(acceptor, lmtp=True) as door:
            ports.append(door.port)
            opened.set()
            await end.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    opened.wait(10)
    yield ports[0]
    loop.call_soon_threadsafe(end.set)
    thread.join(10)
    loop.close()


def test_a_recipient_that_we_answer_with_451_is_deferred_and_retried_alone(
    database, hesitant_door, sink: NextHop
):
    Hesitant.times = 0
    front = started(relay_domains=DOMAIN, relayhost=f"[{HERE}]:{sink.port}", submission=free_port())
    front.set(relay_transport=f"lmtp:inet:{HERE}:{hesitant_door}")
    with front as postfix:
        for address in (peer.SUPPORT, peer.SALES):  # verified, so that the 451 falls behind Postfix's 250
            assert postfix.send(peer.MAIL, address, reverse_path=DAN) == {}
        until(lambda: len(peer.stored(database)) == 2, what="the early mails")
        Hesitant.times = 1

        assert postfix.send(peer.MAIL, peer.SUPPORT, peer.SALES, reverse_path=DAN) == {}

        until(
            lambda: [one.status for one in postfix.attempts("lmtp", peer.SALES)][1:] == ["deferred"],
            what="the 451",
        )
        assert "451 4.3.0" in postfix.attempts("lmtp", peer.SALES)[-1].said
        time.sleep(1.1)
        postfix.flush()
        until(lambda: postfix.queue == "", what="the second try")
        assert [paths for _, _, paths in peer.stored(database)[2:]] == [[peer.SUPPORT], [peer.SALES]]
        assert [one.status for one in postfix.attempts("lmtp", peer.SUPPORT)] == ["sent", "sent"]
