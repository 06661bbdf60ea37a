"""Blobs keep what they were given, once, and notice damage."""

import os

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
