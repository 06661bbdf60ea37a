"""Who may read a message and who may work on a record. The store asks the same in its queries."""

from __future__ import annotations

from collections.abc import Collection

ALL, MEMBERS, FOLLOWERS = ACCESS = ("all", "members", "followers")
"""policy.access of a record type: what a record that names no members is open to.

all: every colleague. members: nobody but those it names. followers: those it names and who follow it.
"""


def may_access(
    *, internal: bool, active: bool, partner_id: int, members: Collection[int] | None, access: str = ALL,
    follows: bool = False,
) -> bool:  # fmt: skip
    """An internal, active partner may work on a record that is open to him.

    members: those whom the record names, None = it names nobody. access: of the record type. follows:
    he follows the record.
    """
    if not (internal and active):
        return False
    if members is not None and partner_id in members:
        return True
    if access == FOLLOWERS:
        return follows
    return access == ALL and members is None


def may_read(
    *, internal: bool, active: bool, may_access: bool, internal_message: bool, is_author: bool, was_told: bool
) -> bool:
    """A colleague reads the messages of his records, and those that he wrote or was told of in person.

    In person is by a mention, as an addressee, as the assignee; that he follows does not open a record which
    is closed to him by now. An outsider reads what he wrote or was told of, and nothing that is for staff.
    """
    if not active:
        return False
    if internal:
        return may_access or is_author or was_told
    return not internal_message and (is_author or was_told)


def may_be_told(*, internal_message: bool, internal_partner: bool, mentioned_on_purpose: bool) -> bool:
    """A message that is internal goes to staff, and to an outsider only when he was mentioned on purpose."""
    return internal_partner or not internal_message or mentioned_on_purpose


def is_only_quoted(content_id: str | None, *, body_html: str, quoted_html: str | None) -> bool:
    """An image stands in what the author of a mail quoted and not in what he wrote. content_id: without brackets."""
    source = f"cid:{content_id}"
    return bool(content_id and quoted_html) and source in (quoted_html or "") and source not in body_html


def may_change_file(
    *, is_admin: bool, actor_id: int | None, uploader_id: int | None, author_id: int | None, same_caller: bool
) -> bool:
    """A file is taken away by an admin, by who brought it, or by the author of its message.

    actor_id None = an application for itself: then by the one that uploaded it.
    """
    if is_admin:
        return True
    if actor_id is None:
        return same_caller
    return actor_id in (uploader_id, author_id)
