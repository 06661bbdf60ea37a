"""Who may read a message and who may work on a record."""

from __future__ import annotations

from collections.abc import Collection


def may_access(*, internal: bool, active: bool, partner_id: int, members: Collection[int] | None) -> bool:
    """An internal, active partner may work on a record, unless the record names its members without him."""
    return internal and active and (members is None or partner_id in members)


def may_be_told(*, internal_message: bool, internal_partner: bool, mentioned_on_purpose: bool) -> bool:
    """A message that is internal goes to staff, and to an outsider only when he was mentioned on purpose."""
    return internal_partner or not internal_message or mentioned_on_purpose
