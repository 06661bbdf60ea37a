"""The bodies that the API takes. A field that is absent stays as it is, null clears it.

A field that we do not know is refused by name: a misspelt one would otherwise be lost without a word.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

Id = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]
"""A number that may be one of our ids; a larger one fits no column."""
NullText = str | None | UnsetType
NOW = "now"
"""The ``send_at`` of a message that is posted at once though its template names a time to come."""


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every changing body may carry. actor: e-mail of the person for whom the application acts."""

    actor: str | None = None

    def given(self, *left_out: str) -> dict[str, Any]:
        """The fields that were given, but for the actor and those left out."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: v for name, v in values.items() if v is not UNSET and name not in ("actor", *left_out)}


class RecordRef(msgspec.Struct, forbid_unknown_fields=True):
    """The two names of a record."""

    type: str
    key: str


class RecordBody(Body):
    """PUT /records/{type}/{key}. active: false = archived. members: who of the staff may see it, null = all.

    log: words that go with the log entry. silent: nothing is logged, nobody follows and nobody is told.
    untracked: the changed fields are not logged, and the rest goes on: who is assigned follows and is told.
    """

    title: NullText = UNSET
    url: NullText = UNSET
    fields: dict[str, Any] | UnsetType | None = UNSET
    assignee: NullText = UNSET
    domain: NullText = UNSET
    parent: RecordRef | UnsetType | None = UNSET
    active: bool | UnsetType | None = UNSET
    members: list[str] | UnsetType | None = UNSET
    log: str | None = None
    silent: bool = False
    untracked: bool = False

    def changes(self, *names: str) -> dict[str, Any]:
        """What is said about the record itself. names: further fields to leave out."""
        return self.given("log", "silent", "untracked", *names)


class MessageBody(Body):
    """POST /records/{type}/{key}/messages. recipients and cc are told though they do not follow; cc is shown to
    all who are named. skip_followers: only who is named hears of it. actor: who really writes, if not the author.
    send_at: a time, or "now" whatever the template says; absent = as the template says."""

    kind: str
    author: str
    body_html: str | None = None
    body_text: str | None = None
    subject: str | None = None
    mentions: list[str] | None = None
    recipients: list[str] | None = None
    attachment_ids: list[Id] | None = None
    confirm_external: list[str] | None = None
    template: str | None = None
    send_at: str | None = None
    signature: bool = False
    cc: list[str] | None = None
    skip_followers: bool = False


class FollowerBody(Body):
    """POST /records/{type}/{key}/followers. notify: send the invitation; so does invitation_html alone."""

    email: str
    name: str | None = None
    subtypes: list[str] | None = None
    notify: bool | None = None
    invitation_html: str | None = None


class FollowersBatchBody(Body):
    """POST /followers/batch. partners: e-mails. follow: false = end the subscriptions.

    notify: invite those who are new; so does invitation_html alone.
    """

    records: list[RecordRef]
    partners: list[str]
    subtypes: list[str] | None = None
    follow: bool = True
    notify: bool | None = None
    invitation_html: str | None = None


class MergeBody(Body):
    """POST /partners/{email}/merge. into: e-mail of the partner who remains."""

    into: str


class SubscriptionBody(Body):
    """PATCH /records/{type}/{key}/followers/{partner_id}."""

    subtypes: list[str]


class PartnerBody(Body):
    """PUT /partners/{email}. email: his main address from now on, the old one remains a further one.

    addresses: exactly these remain beside the main one. internal: null = false; active: null = true.
    """

    email: str | UnsetType = UNSET
    name: NullText = UNSET
    internal: bool | UnsetType | None = UNSET
    role: NullText = UNSET
    active: bool | UnsetType | None = UNSET
    language: NullText = UNSET
    timezone: NullText = UNSET
    phone: NullText = UNSET
    signature: NullText = UNSET
    addresses: list[str] | UnsetType | None = UNSET
    notify: dict[str, Any] | UnsetType | None = UNSET


class AliasBody(Body):
    """PUT /aliases/{address}. policy: what is done with each class of authors."""

    type: NullText = UNSET
    defaults: dict[str, Any] | UnsetType | None = UNSET
    policy: dict[str, Any] | UnsetType | None = UNSET


class TypeBody(Body):
    """PUT /record-types/{type}. A setting of a field or a subtype that is null is its default."""

    label: NullText = UNSET
    fields: list[dict[str, Any]] | UnsetType | None = UNSET
    subtypes: list[dict[str, Any]] | UnsetType | None = UNSET
    activity_types: list[str] | UnsetType | None = UNSET
    policy: dict[str, Any] | UnsetType | None = UNSET


class TemplateBody(Body):
    """PUT /templates/{name}. variants: language tag -> {subject, body_html, body_text}. send_at: when what is made
    from it is sent: a time, a date, or one of these and a step: ``{{ record.fields.start }} - 2d``, ``+3h``. Texts show
    ``{{ record.shown.amount }}`` as the reader's language writes it, ``{{ record.fields.amount }}`` as you sent it."""

    record_type: NullText = UNSET
    subject: NullText = UNSET
    body_html: NullText = UNSET
    body_text: NullText = UNSET
    variants: dict[str, Any] | UnsetType | None = UNSET
    recipients: list[str] | UnsetType | None = UNSET
    send_at: NullText = UNSET


class WebhookBody(Body):
    """PUT /webhooks/{id}. record_types: null = all. secret: null = make a new one and show it."""

    url: str | UnsetType = UNSET
    events: list[str] | UnsetType = UNSET
    record_types: list[str] | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    secret: UnsetType | None = UNSET


class SuppressionBody(Body):
    """PUT /suppressions/{address}. until: null = for good."""

    reason: str | None = None
    status: str | None = None
    until: datetime | None = None
    source: str | None = None


class ReplayBody(Body):
    """POST /ledger/{id}/replay. record: ``type/key`` or its two names: post it there.

    dry_run: only say what would become of it.
    """

    record: str | dict[str, str] | None = None
    dry_run: bool = False


class ReleaseBody(Body):
    """POST /ledger/{id}/release. as: post it as this partner. follow: he becomes a follower."""

    as_: str | None = msgspec.field(name="as", default=None)
    follow: bool | None = None


class ReadBody(Body):
    """POST /inbox/read. messages: null = all of the partner's."""

    partner: str
    messages: list[Id] | None = None
