"""Send what a world has queued, as the dispatcher beside the web application does."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from gateway.outbound.house import SendingDomain
from tests.builders import DOMAIN, KEYS
from tests.outbound.a_house import Basket, Clock, a_dispatcher, a_house
from tests.web.conftest import BASE, Web


async def send(web: Web, *, largest: int = 10_000_000, **house: object) -> list[EmailMessage]:
    """Send what is due now; the mails in the order of their sending. largest: octets that the next hop takes."""
    basket = Basket(largest=largest)
    ours = a_house(domains=(SendingDomain(DOMAIN),), keys=KEYS, base_url=BASE, **house)
    world = web.world
    dispatcher = a_dispatcher(world.database, basket, clock=Clock(world.now), house=ours, blobs=world.blobs)
    await dispatcher.drain()
    await dispatcher.stop()
    return [message_from_bytes(mail.octets(), policy=policy.default) for mail in basket.mails]


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
