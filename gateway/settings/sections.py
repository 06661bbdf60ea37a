"""Every setting: its name, its default and its documentation, section by section.

``describe`` makes config/threadpost.toml of this page, so the description of a field is the manual.
Times are seconds and sizes octets unless the description says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

MIB = 1 << 20


def doc(text: str) -> Meta:
    """The documentation of a setting."""
    return Meta(description=text)


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file; a name that it does not know is an error."""


class Data(Section, frozen=True):
    """Where everything is kept."""

    dir: Annotated[
        str,
        doc(
            "Directory of the database, files, keys and the outbox Maildir; relative to the current directory."
        ),
    ] = "var"
    database_url: Annotated[
        str, doc('SQLAlchemy URL, such as "postgresql://user@host/threadpost". Empty = SQLite in dir.')
    ] = ""
    blob_url: Annotated[
        str,
        doc(
            'Where large mails and files lie. Empty = the folder "blobs" in dir. Object storage (s3://) arrives in a later release.'
        ),
    ] = ""


class Domain(Section, frozen=True):
    """A mail domain that is ours. The first one is where mail is sent from if a record names none."""

    name: Annotated[str, doc("The domain behind the @, such as threads.example.com.")]
    catchall: Annotated[
        bool, doc("Accept mail to any address of the domain; what leads nowhere is held instead of refused.")
    ] = False
    reply_prefix: Annotated[str, doc("Local part before the token of reply addresses.")] = "reply"
    bounce_prefix: Annotated[str, doc("Local part before the token of reverse-paths.")] = "bounce"
    leave_prefix: Annotated[str, doc("Local part before the token of unsubscribe addresses.")] = "leave"
    notifications: Annotated[str, doc("Local part of the From address of what we send.")] = "notifications"
    dkim_selector: Annotated[
        str,
        doc("DKIM selector; the public key is published at SELECTOR._domainkey.NAME. Empty = no signing."),
    ] = ""
    dkim_key: Annotated[
        str,
        doc(
            "File with the private DKIM key in PEM form (threadpost dkim keygen makes one). Empty = no signing."
        ),
    ] = ""


class Smtp(Section, frozen=True):
    """The SMTP door, where mail from outside comes in."""

    host: Annotated[str, doc('Address to listen on; "0.0.0.0" = every IPv4 address.')] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 = any free one.")] = 8025
    path: Annotated[
        str,
        doc(
            "Unix socket to listen on instead of host and port; made with mode 0660 in a directory that exists. Empty = host and port."
        ),
    ] = ""
    enabled: Annotated[bool, doc("Open this door.")] = True
    hostname: Annotated[str, doc("Name in the greeting. Empty = the name of the machine.")] = ""
    tls_certificate: Annotated[
        str,
        doc("PEM file with the certificate chain; offers STARTTLS. Read again on SIGHUP. Empty = no TLS."),
    ] = ""
    tls_key: Annotated[str, doc("PEM file with the private key. Empty = it is in tls_certificate.")] = ""
    max_size: Annotated[
        int, Meta(ge=1024, description="Largest mail in octets; more is refused with 552 5.3.4.")
    ] = 50 * MIB
    max_connections: Annotated[int, Meta(ge=1, description="Connections at the same time.")] = 500
    max_connections_per_client: Annotated[
        int,
        Meta(
            ge=1,
            description="Connections at the same time from one address; hops and trusted relays are not limited. Of a client whom a hop names by XFORWARD, the mails that it hands over at the same time.",
        ),
    ] = 50
    max_recipients: Annotated[
        int, Meta(ge=1, description="Recipients of one mail (RFC 5321 asks for at least 100).")
    ] = 100
    spool_from: Annotated[
        int, Meta(ge=0, description="Mails from this many octets on are written to a file while they arrive.")
    ] = MIB
    command_timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds to wait for the next command (RFC 5321 section 4.5.3.2 asks for five minutes).",
        ),
    ] = 300.0
    data_timeout: Annotated[
        float, Meta(gt=0, description="Seconds to wait for the next octets of a mail.")
    ] = 180.0


class Lmtp(Smtp, frozen=True):
    """The LMTP door, for a mail server in front that hands mail over: one answer a recipient."""

    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 = any free one.")] = 8024


class Imap(Section, frozen=True):
    """A mailbox to fetch mail from, [imap.NAME]. Accepted now; fetching arrives in a later release."""

    host: Annotated[str, doc("IMAP server.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port.")] = 993
    tls: Annotated[bool, doc("TLS from the first octet on.")] = True
    user: Annotated[str, doc("Login name.")] = ""
    password: Annotated[str, doc("Password. Empty where oauth2 is used.")] = ""
    oauth2: Annotated[
        dict[str, str], doc("token_url, client_id, client_secret, refresh_token. Empty = password login.")
    ] = field(default_factory=dict)
    folder: Annotated[str, doc("Folder to read.")] = "INBOX"
    authserv_id: Annotated[
        str, doc("Identity of the server's Authentication-Results that are believed. Empty = none are.")
    ] = ""
    catchall: Annotated[bool, doc("The mailbox takes mail of any address; what leads nowhere is held.")] = (
        False
    )
    rcpt: Annotated[
        str, doc("Address that the mailbox stands for where the mail does not say. Empty = user.")
    ] = ""
    poll: Annotated[
        float, Meta(gt=0, description="Seconds between looks where the server cannot wake us (IDLE).")
    ] = 60.0


class Relay(Section, frozen=True):
    """The next hop for what we send."""

    url: Annotated[
        str,
        doc(
            '"smtp://host:port", "smtps://host:port" or "maildir:/path". Empty = a Maildir named outbox in the data directory.'
        ),
    ] = ""
    pool: Annotated[int, Meta(ge=1, description="Connections at the same time.")] = 16
    timeout: Annotated[float, Meta(gt=0, description="Seconds to wait for an answer.")] = 60.0
    max_size: Annotated[
        int,
        Meta(
            ge=0,
            description="Largest mail in octets; files that do not fit become links. 0 = what the relay announces, at most 25 MB (10 MB where it announces nothing).",
        ),
    ] = 0
    helo: Annotated[str, doc("Name in our EHLO. Empty = the name of the machine.")] = ""
    user: Annotated[str, doc("Login name. Empty = no login.")] = ""
    password: Annotated[str, doc("Password of user.")] = ""
    starttls: Annotated[
        Literal["may", "must", "never"],
        doc('STARTTLS on smtp://: "may" = when offered, "must" = or do not send, "never".'),
    ] = "may"


class Web(Section, frozen=True):
    """The HTTP door: API, pages, /raw."""

    host: Annotated[str, doc("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 = any free one.")] = 8080
    base_url: Annotated[
        str, doc("How readers reach us, as written into links; http or https, without a slash at the end.")
    ] = "http://127.0.0.1:8080"
    secret: Annotated[
        str,
        doc(
            "Key that signs cookies and embeds. Empty = one is made and kept in keys.toml of the data directory."
        ),
    ] = ""
    max_upload: Annotated[int, Meta(ge=1024, description="Largest request body in octets.")] = 50 * MIB
    enabled: Annotated[bool, doc("Open this door.")] = True


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


class Notify(Section, frozen=True):
    """What readers see of us."""

    brand: Annotated[str, doc("Name of the house in From lines and pages.")] = "Threadpost"
    language: Annotated[str, doc("Language of readers who have none (BCP 47).")] = "en"


class Schedule(Section, frozen=True):
    """The timetable: scheduled messages, housekeeping. Digests and reminders arrive in a later release."""

    enabled: Annotated[bool, doc("Run the timetable in this installation.")] = True


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


class Work(Section, frozen=True):
    """How mail is worked off. The defaults suit one core."""

    threads: Annotated[int, Meta(ge=1, description="Worker threads of a process.")] = 1
    batch: Annotated[int, Meta(ge=1, description="Mails posted in one transaction under load.")] = 16
    crashes: Annotated[
        int, Meta(ge=1, description="Attempts that may crash before a mail is set aside as failed.")
    ] = 3


class Webhooks(Section, frozen=True):
    """Events to host applications (Standard Webhooks); the addresses are entered over the API."""

    enabled: Annotated[bool, doc("Send events.")] = True
    timeout: Annotated[float, Meta(gt=0, le=30, description="Seconds that a call may take in all.")] = 5.0
    allow_private: Annotated[
        bool, doc("Allow target addresses on this machine and in private networks, and http:// ones.")
    ] = False


class Metrics(Section, frozen=True):
    """Figures for Prometheus stand at /metrics; there is nothing to set yet."""


class Whatsapp(Section, frozen=True):
    """WhatsApp Cloud API. Accepted now; arrives in a later release."""

    phone_id: Annotated[str, doc("Identity of the sending number. Empty = off.")] = ""
    access_token: Annotated[str, doc("Access token.")] = ""
    app_secret: Annotated[str, doc("Secret that signs incoming calls.")] = ""
    verify_token: Annotated[str, doc("Token of the subscription handshake.")] = ""
    api_url: Annotated[str, doc("Address of the API. Empty = the provider's own.")] = ""


class Translate(Section, frozen=True):
    """Translation of messages. Accepted now; arrives in a later release."""

    provider: Annotated[Literal["", "google", "libretranslate"], doc("Who translates. Empty = nobody.")] = ""
    url: Annotated[str, doc("Address of the service. Empty = the provider's own.")] = ""
    api_key: Annotated[str, doc("Key for the service.")] = ""


class Log(Section, frozen=True):
    """What is told to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        doc("The least important lines shown. debug also shows local parts of addresses."),
    ] = "info"
    format: Annotated[
        Literal["auto", "text", "json"],
        doc('"text" = key=value, "json" = one object a line, "auto" = text on a terminal, else json.'),
    ] = "auto"


class Settings(Section, frozen=True):
    """The whole configuration."""

    data: Data = Data()
    domains: list[Domain] = field(default_factory=lambda: [Domain(name="threads.localhost")])
    smtp: Smtp = Smtp()
    lmtp: Lmtp = Lmtp()
    relay: Relay = Relay()
    web: Web = Web()
    auth: Auth = field(default_factory=Auth)
    imap: dict[str, Imap] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    notify: Notify = Notify()
    schedule: Schedule = Schedule()
    limits: Limits = field(default_factory=Limits)
    work: Work = Work()
    webhooks: Webhooks = Webhooks()
    metrics: Metrics = Metrics()
    whatsapp: Whatsapp = Whatsapp()
    translate: Translate = Translate()
    log: Log = Log()
