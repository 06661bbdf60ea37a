"""The settings of trust: whom we believe, what strangers and robots may do, and how much of it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.settings.section import Section, doc


class Hop(Section, frozen=True):
    """A mail server in front of us that checks SPF, DKIM and DMARC and says so in Authentication-Results."""

    peers: Annotated[list[str], doc('Where it connects from: IP address, CIDR or "unix".')]
    authserv_ids: Annotated[
        list[str],
        doc("Its identities in Authentication-Results (RFC 8601 section 2.5). Empty = it checks nothing."),
    ] = field(default_factory=list)
    xforward: Annotated[bool, doc("Take the address of the true client from its XFORWARD.")] = False
    spam_headers: Annotated[
        list[str], doc('Header lines by which it marks spam, such as "X-Spam-Flag: YES"; such mail is held.')
    ] = field(default_factory=list)


class Auth(Section, frozen=True):
    """Whom we believe."""

    trusted_relays: Annotated[
        list[str],
        doc(
            'IP, CIDR or "unix" of peers that have authenticated the author themselves. Never a front server on loopback: it passes on what strangers send.'
        ),
    ] = field(default_factory=list)
    dkim_aliases: Annotated[
        dict[str, list[str]],
        doc('Signing domains that count as aligned, such as {"corp.example" = ["corp.onmicrosoft.com"]}.'),
    ] = field(default_factory=dict)
    hops: Annotated[list[Hop], doc("Front servers, one [[auth.hops]] each.")] = field(default_factory=list)


Decision = Literal["accept", "hold", "reject", "discard"]
_OF_A_CLASS = 'Mail of {}: "accept" = as the trust table says, "hold", "reject" = refused, which a proven author is told, or "discard". Aliases and record types may say otherwise.'


class Policy(Section, frozen=True):
    """What strangers and robots may do."""

    outsiders: Annotated[
        Literal["hold", "same_domain"],
        doc(
            'Outsider with another\'s reply address: "hold", or "same_domain" = posts and follows when verified and of the same organisation.'
        ),
    ] = "hold"
    auto_follow: Annotated[
        Literal["verified", "always", "never"],
        doc("Which outside authors become followers of the thread they write to."),
    ] = "verified"
    automatic: Annotated[
        Literal["hold", "open", "reject", "discard"],
        doc(
            'Automatic mail to an alias: "hold", "reject" and "discard" as below, or "open" = it opens a record, without acknowledgement or follower.'
        ),
    ] = "hold"
    internal: Annotated[Decision, doc(_OF_A_CLASS.format("colleagues"))] = "accept"
    follower: Annotated[
        Decision, doc(_OF_A_CLASS.format("those who follow the record, or were invited to it"))
    ] = "accept"
    known: Annotated[Decision, doc(_OF_A_CLASS.format("other outside partners"))] = "accept"
    stranger: Annotated[Decision, doc(_OF_A_CLASS.format("authors whose address nobody has"))] = "accept"
    freemail: Annotated[
        list[str],
        doc(
            'Domains of mail providers beside those that we know: sharing one makes nobody a colleague for outsiders = "same_domain".'
        ),
    ] = field(default_factory=list)
    reply_address_weeks: Annotated[
        int,
        Meta(
            ge=0,
            le=1023,
            description="A reply address minted this many weeks before the last notice of its thread no longer vouches for its owner; it still leads to the thread. 0 = never.",
        ),
    ] = 52


class Limits(Section, frozen=True):
    """Brakes against loops and floods; what is over one is held. A verified follower is not counted."""

    window_minutes: Annotated[
        int, Meta(ge=1, le=10080, description="How far back the next three limits count.")
    ] = 120
    records_per_author: Annotated[
        int,
        Meta(
            ge=0,
            description="New records of one type that one outside author may open in the window; colleagues are not counted. 0 = any number.",
        ),
    ] = 60
    count_proven_strangers: Annotated[
        bool,
        doc("Count the records that outside authors open also where their address is proven."),
    ] = False
    mails_per_author: Annotated[
        int,
        Meta(
            ge=0,
            description="Mails of one author on one record in the window that nothing proves, or that a program wrote. 0 = any number.",
        ),
    ] = 60
    same_answers: Annotated[
        int,
        Meta(
            ge=0,
            description="How often a verified author may say the same words in the window, each time after somebody else spoke, before he counts as a program. 0 = any number.",
        ),
    ] = 10
    exempt: Annotated[
        list[str],
        doc(
            "Addresses and @domains that are not counted where they are verified, such as a monitoring system."
        ),
    ] = field(default_factory=list)

    fanout_per_record_hour: Annotated[
        int,
        Meta(
            ge=1,
            description="Mails an hour to followers of one record; the mails of further posts wait until that hour is over, those to mentioned people and addressees do not.",
        ),
    ] = 600
    received_headers: Annotated[
        int, Meta(ge=1, description="Received fields above which a mail counts as looping and is held.")
    ] = 100
