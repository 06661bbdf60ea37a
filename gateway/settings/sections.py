"""Every setting: its name, its default and its documentation, section by section; the whole at the end.

The doors (``doors``) and trust (``trust``) have pages of their own.

``describe`` makes config/threadpost.toml of this page, so the description of a field is the manual.
Times are seconds and sizes octets unless the description says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.settings.doors import Imap, Lmtp, Relay, Smtp, Web
from gateway.settings.section import Section, doc
from gateway.settings.trust import Auth, Limits, Policy


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


class Notify(Section, frozen=True):
    """What readers see of us."""

    brand: Annotated[str, doc("Name of the house in From lines and pages.")] = "Threadpost"
    language: Annotated[str, doc("Language of readers who have none (BCP 47).")] = "en"


class Schedule(Section, frozen=True):
    """The timetable: scheduled messages, housekeeping. Digests and reminders arrive in a later release."""

    enabled: Annotated[bool, doc("Run the timetable in this installation.")] = True


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


class Previews(Section, frozen=True):
    """What the links of messages lead to: title, description and site are asked for and shown below the message."""

    enabled: Annotated[
        bool,
        doc("Ask the sites that messages link to. They see our address, and that the link was written here."),
    ] = False
    authors: Annotated[
        Literal["colleagues", "everyone"],
        doc(
            "Whose links are asked for. To ask for a stranger's link can confirm something, unsubscribe somebody, or"
            " tell its author that his mail arrived and is read; so only those of colleagues are."
        ),
    ] = "colleagues"
    per_message: Annotated[
        int, Meta(ge=1, description="The first so many links of a message are asked for.")
    ] = 3
    per_domain: Annotated[
        int, Meta(ge=1, description="Most links of one registrable domain in 10 seconds; others wait.")
    ] = 99
    timeout: Annotated[float, Meta(gt=0, le=30, description="Seconds that one page may take in all.")] = 5.0
    allow_private: Annotated[
        bool, doc("Allow links to this machine and into private networks, to any port, and without a domain.")
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
    previews: Previews = Previews()
    metrics: Metrics = Metrics()
    whatsapp: Whatsapp = Whatsapp()
    translate: Translate = Translate()
    log: Log = Log()
