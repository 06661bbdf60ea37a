"""Which blobs are named by something, so that they must stay."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Text, cast, select, union_all

from store.models import Attachment, InboundMail, ScheduledMessage, TemplateFile
from store.session import Session

_scheduled = ScheduledMessage.table()
_with_images = select(_scheduled.c.writing).where(cast(_scheduled.c.writing, Text).like('%"blob"%'))


def of_scheduled(session: Session) -> set[str]:
    """The blobs of images that stand in messages which are to be posted later."""
    return {
        file["blob"]
        for writing in session.execute(_with_images).scalars()
        for file in writing.get("files") or ()
    }


def named(session: Session, digests: Sequence[str]) -> set[str]:
    """Those of the blobs that a file, a mail of the ledger or a template names."""
    columns = [one.table().c.blob for one in (TemplateFile, InboundMail, Attachment)]
    found = union_all(*(select(column).where(column.in_(digests)) for column in columns))
    return set(session.execute(found).scalars())
