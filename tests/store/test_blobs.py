"""Blobs keep what they were given, once, and notice damage."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from store.blobs import BlobDamaged, BlobStore


def test_the_same_content_is_kept_once_and_read_back(tmp_path):
    blobs = BlobStore(tmp_path / "blobs")

    first, second = blobs.put(b"hello"), blobs.put(b"hello")

    assert first == second
    assert blobs.get(first) == b"hello"
    assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == 1


def test_the_file_and_its_directory_are_synced_before_the_name_is_told(tmp_path, monkeypatch):
    blobs, synced = BlobStore(tmp_path / "blobs"), []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), real(handle))
    )

    digest = blobs.put(b"hello")

    assert len(synced) >= 2
    assert str(blobs.path(digest).parent) in synced


def test_damage_is_noticed(tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    digest = blobs.put(b"hello")
    blobs.path(digest).write_bytes(b"hullo")

    with pytest.raises(BlobDamaged):
        blobs.get(digest)


def test_what_was_never_stored_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        BlobStore(tmp_path / "blobs").get("0" * 64)


TODAY = datetime.now(UTC)
YESTERDAY = TODAY - timedelta(days=1)


def a_blob(blobs: BlobStore, content: bytes, days: int) -> str:
    digest = blobs.put(content)
    moment = (TODAY - timedelta(days=days)).timestamp()
    os.utime(blobs.path(digest), (moment, moment))
    return digest


def test_only_what_nobody_stored_for_a_day_is_old(tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    old, again = a_blob(blobs, b"old", 3), a_blob(blobs, b"again", 3)
    a_blob(blobs, b"new", 0)

    blobs.put(b"again")

    assert list(blobs.old(YESTERDAY)) == [old]
    assert blobs.remove(old, YESTERDAY) and not blobs.remove(old, YESTERDAY)
    assert not blobs.remove(again, YESTERDAY), "it was stored after it was listed"
    assert blobs.get(again) == b"again"
    with pytest.raises(FileNotFoundError):
        blobs.get(old)


def test_what_a_cleaner_that_died_had_put_aside_comes_back(tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    digest = a_blob(blobs, b"hello", 3)
    os.replace(blobs.path(digest), blobs.path(digest).with_suffix(".gone"))

    list(blobs.old(YESTERDAY))

    assert blobs.get(digest) == b"hello"


def test_what_was_half_written_long_ago_goes(tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    left, fresh = blobs.spool(), blobs.spool()
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))

    assert blobs.remove_spooled(YESTERDAY) == 1
    assert fresh.exists() and not left.exists()
