"""Housekeeping takes away what nothing names any more, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert

from gateway.chatter.edit import remove
from gateway.chatter.post import Author, Draft, File
from gateway.chatter.scheduled import schedule
from gateway.chatter.write import Writing
from gateway.schedule.housekeeping import UPLOADS_WAIT, purge
from store.models import Attachment, InboundMail, Template, TemplateFile
from store.session import Database
from tests.builders import World

REAL_NOW = datetime.now(UTC)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Any:
    world = World(database, tmp_path)
    yield world
    world.close()


def old_blob(world: World, content: bytes) -> str:
    digest = world.blobs.put(content)
    moment = (REAL_NOW - timedelta(days=3)).timestamp()
    os.utime(world.blobs.path(digest), (moment, moment))
    return digest


def kept(world: World, *digests: str) -> list[bool]:
    return [world.blobs.path(digest).exists() for digest in digests]


def post(world: World, thread: Any, author: Any, *files: File) -> int:
    draft = Draft(
        thread, "message", "discussions", Author(author.id, author.name, author.email, True), body_text="See", files=files
    )  # fmt: skip
    with world.database.write() as session:
        return world.posting.post(session, draft, world.now).message_id


def test_octets_go_when_the_last_message_that_had_them_is_deleted(world: World):
    ann, thread = world.partner("ann@corp.example", internal=True), world.ticket()
    shared, own = old_blob(world, b"shared"), old_blob(world, b"own")
    first = post(world, thread, ann, File("a", "text/plain", 6, shared), File("b", "text/plain", 3, own))
    post(world, thread, ann, File("a", "text/plain", 6, shared))
    purge(world.database, world.blobs, REAL_NOW)
    assert kept(world, shared, own) == [True, True]

    with world.database.write() as session:
        remove(session, first, actor=None, trusted=True, posting=world.posting, now=world.now)
    purge(world.database, world.blobs, REAL_NOW)

    assert kept(world, shared, own) == [True, False]


def test_octets_of_mails_templates_and_scheduled_images_stay(world: World):
    world.partner("ann@corp.example", internal=True)
    thread = world.ticket()
    mail, form, image = (old_blob(world, content) for content in (b"mail", b"form", b"image"))
    with world.database.write() as session:
        row = {"door": "smtp", "reverse_path": "", "blob": mail, "size": 4, "received_at": world.now}
        session.execute(insert(InboundMail.table()).values(row))
        session.execute(insert(Template.table()).values(name="t", updated_at=world.now))
        file = {"template": "t", "name": "f", "content_type": "text/plain", "size": 4, "blob": form}
        session.execute(insert(TemplateFile.table()).values(file))
        writing = Writing(
            "message", "ann@corp.example", body_html='<img src="cid:x">', files=(File("i", "image/png", 5, image, "x", True),)
        )  # fmt: skip
        schedule(session, thread, writing, world.now + timedelta(days=9), creator=None, now=world.now)

    purge(world.database, world.blobs, REAL_NOW)
    assert kept(world, mail, form, image) == [True, True, True]

    with world.database.write() as session:
        session.execute(delete(InboundMail.table()))
        session.execute(delete(Template.table()))
    purge(world.database, world.blobs, REAL_NOW)
    assert kept(world, mail, form, image) == [False, False, True]


def test_what_was_stored_just_now_stays_even_when_a_time_to_come_is_rehearsed(world: World):
    digest = world.blobs.put(b"not named yet")

    purge(world.database, world.blobs, REAL_NOW + timedelta(days=400))

    assert kept(world, digest) == [True]


def test_an_upload_for_a_message_that_was_never_sent_goes_after_a_week(world: World):
    thread, digest = world.ticket(), old_blob(world, b"draft")
    row = {
        "thread_id": thread.id, "message_id": None, "name": "a.txt", "content_type": "text/plain", "size": 5,
        "blob": digest, "inline": False, "created_at": REAL_NOW,
    }  # fmt: skip
    with world.database.write() as session:
        session.execute(
            insert(Attachment.table()),
            [{**row, "pending": True}, {**row, "blob": "0" * 64, "pending": False}],
        )

    assert purge(world.database, world.blobs, REAL_NOW + UPLOADS_WAIT) == 0
    assert kept(world, digest) == [True]
    purge(world.database, world.blobs, REAL_NOW + UPLOADS_WAIT + timedelta(minutes=1))

    assert kept(world, digest) == [False]
    with world.database.read() as session:
        assert len(session.execute(Attachment.table().select()).all()) == 1, "a file of the record stays"
