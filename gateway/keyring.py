"""The keys that sign reply addresses: a file that only we may read, made when it is missing.

Losing this file makes every reply address in every mailbox unknown: it belongs into the backup. Several
gateways of one cluster share it. A new key is added with the next free id and made ``current``; old ones
stay, because the mail that carries them lives for years.
"""

from __future__ import annotations

import base64
import os
import secrets
import tomllib
from pathlib import Path

from gateway.errors import ConfigError
from gateway.rules.token import Keys


def load_or_create(file: Path) -> Keys:
    """Read the keys; make a file with one key where there is none. Raises ConfigError."""
    if not file.exists():
        _create(file)
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        found = {
            int(key_id): base64.b64decode(text, validate=True) for key_id, text in values["keys"].items()
        }
        keys = Keys(found, int(values["current"]))
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as trouble:
        raise ConfigError(str(file), 0, "keys", f"cannot be read: {trouble!r}") from trouble
    if keys.current not in keys.secrets or any(not 0 <= key_id < 16 for key_id in keys.secrets):
        raise ConfigError(str(file), 0, "current", "names no key; key ids are 0 to 15")
    if any(len(secret) < 32 for secret in keys.secrets.values()):
        raise ConfigError(str(file), 0, "keys", "a key is shorter than 32 octets")
    return keys


def _create(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = f'current = 0\n\n[keys]\n0 = "{base64.b64encode(secrets.token_bytes(32)).decode()}"\n'
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(draft, file)  # fails when another process was first; then its keys count
    except FileExistsError:
        pass
    finally:
        draft.unlink()
