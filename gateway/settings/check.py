"""Find settings that are well-formed and yet cannot work."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gateway.rules.language import is_language
from gateway.settings.sections import Domain, Settings

LOCAL_PART_OCTETS = 64  # RFC 5321 section 4.5.3.1.1
SOCKET_OCTETS = 107  # sun_path of unix(7), without its end
TOKEN_LETTERS = 51  # the longest that rules/token mints
LONGEST_VERB = 5
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", re.IGNORECASE)
_DATABASE = re.compile(r"^(sqlite(\+pysqlite)?:///.|postgres://|postgresql(\+psycopg)?://)")
_PREFIX = re.compile(r"^[a-z0-9]+([._-][a-z0-9]+)*$")


def check(settings: Settings) -> list[str]:
    """What is wrong, one line each, ``setting: words``; empty when all is well."""
    return [
        *_data(settings), *_domains(settings), *_web(settings), *_peers(settings), *_relay(settings), *_sockets(settings), *_files(settings),
        *_notify(settings),
    ]  # fmt: skip


def _data(settings: Settings) -> Iterator[str]:
    data = settings.data
    if not data.dir.strip():
        yield "data.dir: a directory is needed"
    if data.database_url and not is_database_url(data.database_url):
        scheme = data.database_url.partition(":")[0]  # the rest may hold a password
        yield f"data.database_url: {scheme!r} leads to no database of ours: sqlite:///FILE or postgresql://USER@HOST/NAME"
    if data.blob_url:
        yield "data.blob_url: object storage arrives in a later release; leave it empty, and blobs lie in data.dir"


def is_database_url(url: str) -> bool:
    """A SQLite file or a PostgreSQL database, as SQLAlchemy names them."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return bool(_DATABASE.match(url)) and not url.endswith(":memory:")


def _domains(settings: Settings) -> Iterator[str]:
    if not settings.domains:
        yield "domains: at least one domain is needed"
    seen: set[str] = set()
    for index, domain in enumerate(settings.domains):
        place = f"domains[{index}]"
        if not is_domain_name(domain.name):
            yield f"{place}.name: {domain.name!r} is no domain name"
        if domain.name.lower() in seen:
            yield f"{place}.name: {domain.name!r} is named twice"
        seen.add(domain.name.lower())
        yield from _prefixes(domain, place)
        if bool(domain.dkim_selector) != bool(domain.dkim_key):
            yield f"{place}.dkim_selector: selector and key come together or not at all"


def _notify(settings: Settings) -> Iterator[str]:
    if not is_language(settings.notify.language):
        yield f"notify.language: {settings.notify.language!r} is no language tag, such as it or de-AT"


def _prefixes(domain: Domain, place: str) -> Iterator[str]:
    local_parts = [domain.reply_prefix, domain.bounce_prefix, domain.leave_prefix, domain.notifications]
    if len(set(local_parts)) < len(local_parts):
        yield f"{place}: reply_prefix, bounce_prefix, leave_prefix and notifications must differ"
    for name, verb in (
        ("reply_prefix", LONGEST_VERB + 1),
        ("bounce_prefix", 0),
        ("leave_prefix", 0),
        ("notifications", 0),
    ):
        value: str = getattr(domain, name)
        if not _PREFIX.match(value):
            yield f"{place}.{name}: {value!r} must be lower-case letters, digits, dots and hyphens"
        token = 0 if name == "notifications" else 1 + TOKEN_LETTERS
        octets = len(value.encode()) + token + verb
        if octets > LOCAL_PART_OCTETS:
            yield f"{place}.{name}: addresses would have {octets} octets before the @, at most {LOCAL_PART_OCTETS} are allowed"


def is_domain_name(name: str) -> bool:
    """Dotted labels of RFC 1035 section 2.3.1, as A-labels, without a dot at the end."""
    return 0 < len(name) <= 253 and all(_LABEL.match(label) for label in name.split("."))


def _web(settings: Settings) -> Iterator[str]:
    url = settings.web.base_url
    try:
        parts = urlsplit(url)
        fine = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        )
        _ = parts.port
    except ValueError:
        fine = False
    if not fine or url.endswith("/"):
        yield f"web.base_url: {url!r} must be http://host or https://host, without a slash at the end"


def _peers(settings: Settings) -> Iterator[str]:
    named = [("auth.trusted_relays", settings.auth.trusted_relays)]
    named += [(f"auth.hops[{index}].peers", hop.peers) for index, hop in enumerate(settings.auth.hops)]
    for place, peers in named:
        for peer in peers:
            if not is_peer(peer):
                yield f'{place}: {peer!r} is neither an IP address nor a CIDR network nor "unix"'
    for index, hop in enumerate(settings.auth.hops):
        for header in hop.spam_headers:
            if ":" not in header:
                yield f'auth.hops[{index}].spam_headers: {header!r} is no header line such as "X-Spam-Flag: YES"'


def is_peer(text: str) -> bool:
    """An IP address, a CIDR network or the word unix."""
    if text == "unix":
        return True
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _relay(settings: Settings) -> Iterator[str]:
    url = settings.relay.url
    scheme, _, rest = url.partition(":")
    if (
        url
        and not (scheme in ("smtp", "smtps") and rest.startswith("//") and len(rest) > 2)
        and not (scheme == "maildir" and rest)
    ):
        yield f"relay.url: {url!r} must begin with smtp://, smtps:// or maildir:"


def _sockets(settings: Settings) -> Iterator[str]:
    for name, door in (("smtp", settings.smtp), ("lmtp", settings.lmtp)):
        if len(door.path.encode()) > SOCKET_OCTETS:
            yield f"{name}.path: a unix socket's path has at most {SOCKET_OCTETS} octets"


def _files(settings: Settings) -> Iterator[str]:
    files = [(f"domains[{index}].dkim_key", domain.dkim_key) for index, domain in enumerate(settings.domains)]
    for name, door in (("smtp", settings.smtp), ("lmtp", settings.lmtp)):
        files += [(f"{name}.tls_certificate", door.tls_certificate), (f"{name}.tls_key", door.tls_key)]
    for place, file in files:
        if not file:
            continue
        try:
            octets = Path(file).read_bytes()
        except OSError as trouble:
            yield f"{place}: {file}: {trouble.strerror}"
            continue
        if b"-----BEGIN " not in octets:
            yield f"{place}: {file} is no PEM file"
