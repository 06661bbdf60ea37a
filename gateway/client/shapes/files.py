"""Files of records and of messages."""

from __future__ import annotations

from msgspec import Struct


class File(Struct, frozen=True):
    """A file. size: octets. preview: a few lines about it. main: the one to show beside the conversation."""

    id: int
    name: str
    size: int
    content_type: str
    inline: bool = False
    preview: str = ""
    main: bool = False


class Files(Struct, frozen=True):
    """The files of one upload."""

    items: list[File]
