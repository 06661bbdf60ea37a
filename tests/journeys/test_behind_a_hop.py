"""A mail server in front speaks for many clients: what one of them does wrong is not the others' trouble."""

from __future__ import annotations

from gateway.inbound.authenticate import Hop, Peers
from gateway.receive.limits import Limits
from gateway.receive.lmtp import LmtpDoor
from store.queries import conversation
from tests.builders import DOMAIN, World, a_mail
from tests.receive.peer import peer_of

HOP = Hop(Peers(["127.0.0.1"]), (), xforward=True)


async def test_a_customer_s_answer_arrives_while_a_guesser_behind_the_same_hop_is_put_off(world: World):
    ticket, carol = world.ticket(), world.partner("carol@customer.example")
    world.follow(ticket, carol)
    door = LmtpDoor(world.acceptor, hostname="mx.test", postmaster_domain=DOMAIN, hops=[HOP], limits=Limits())
    await door.start()

    async with peer_of(door) as hop:
        await hop.greet("LHLO")
        await hop.say("XFORWARD ADDR=192.0.2.66 HELO=guesser.test")
        guesses = await hop.envelope(*(f"reply+{number:020}@{DOMAIN}" for number in range(30)))
        await hop.say("RSET")
        await hop.say("XFORWARD ADDR=192.0.2.7 HELO=mail.customer.example")
        await hop.envelope(world.reply_address(ticket, carol), reverse_path=carol.email)
        answered = await hop.data(a_mail(carol.email, text="It works again."))
    await door.stop(1.0)
    world.worker.run_once()

    assert [said[:3] for said in guesses] == ["250"] + ["550"] * 20 + ["450"] * 10
    assert answered.startswith("250 2.0.0 Ok")
    with world.database.read() as session:
        said = conversation.page(session, ticket.id)[0]
    assert (said.author_email, said.body_text) == (carol.email, "It works again.")
