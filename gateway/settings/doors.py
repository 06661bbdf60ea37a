"""The settings of the doors: where mail and requests come in, and by which next hop mail leaves."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.settings.section import MIB, Section, doc


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

    host: Annotated[str, doc("IMAP server. Empty = nothing is fetched.")] = ""
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
