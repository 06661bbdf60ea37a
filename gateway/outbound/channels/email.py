"""The relay: hands mail to the next hop over a few connections that stay open (RFC 5321)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import errors as smtp

from gateway.mail import status as enhanced
from gateway.outbound.channels import USUAL_LARGEST, Deferred, Failed, Mail, Outcome, Sent

_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>\s]{1,256}@[A-Za-z0-9.\-\[\]:]{1,255}")
_BRACKETED = re.compile(r"<([!-;=?-~]{3,200}@[!-;=?-~]{3,200})>")
_SES_HOST = re.compile(r"email-smtp\.([a-z0-9-]+)\.amazonaws\.com")
_SES_ID = re.compile(r"\bOk ([0-9a-f-]{30,80})\b")
_DETAIL = 300
_TOO_LARGE = ("5.3.4", "5.2.3")  # RFC 3463: too big for the system, or for the mailbox
_OVER_STORAGE = 552  # RFC 1870 section 6.1 (4); with 5.2.2 it is a full mailbox
_FARTHEST = 25_000_000  # what large mailbox providers take, however much a relay in between does
_LEAVING = (421, -1)  # RFC 5321 section 3.8; -1 = no answer that could be read


@dataclass(frozen=True, slots=True)
class Relay:
    """The next hop. tls: from the first octet (smtps). starttls: None = when offered, True = demanded, False = never."""

    host: str
    port: int
    tls: bool = False
    starttls: bool | None = None
    user: str = ""
    password: str = ""

    @property
    def must_be_known(self) -> bool:
        """Whether its certificate is checked: not where TLS is better than nothing only (RFC 7435)."""
        return self.tls or self.starttls is True or bool(self.user)

    @classmethod
    def of(cls, url: str) -> Relay:
        """Read ``smtp://[user:password@]host[:port]`` or ``smtps://...``. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("a relay is smtp://host:port or smtps://host:port")
        tls = parts.scheme == "smtps"
        return cls(
            parts.hostname,
            parts.port or (465 if tls else 25),
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class Refused(Exception):
    """The next hop answered with neither yes nor "go on"."""

    def __init__(self, code: int, text: str, about_recipient: bool) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.about_recipient = code, text, about_recipient


class Email:
    """Delivers to a relay. width: how many connections at most; helo: our own host name.

    largest: octets of the largest mail, 0 = what the relay says in its EHLO.
    """

    def __init__(
        self, relay: Relay, *, width: int = 16, helo: str = "localhost", timeout: float = 60.0, largest: int = 0
    ) -> None:  # fmt: skip
        self.width = width
        self._wanted = largest
        self._announced = 0  # 0 = nothing yet, or no limit that it would tell (RFC 1870 section 4)
        self._relay = relay
        self._helo = helo
        self._timeout = timeout
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(width)

    @property
    def largest(self) -> int:
        """The smaller of what was wanted and what the relay announced; what is usual where both are silent."""
        if self._wanted:
            return min(self._wanted, self._announced or self._wanted)
        return min(self._announced, _FARTHEST) or USUAL_LARGEST

    async def deliver(self, mail: Mail) -> Outcome:
        """Send one mail over an open connection, or a new one."""
        if not (_ADDRESS.fullmatch(mail.recipient) and _ADDRESS.fullmatch(mail.reverse_path)):
            return Failed("5.1.3", "the address is not a valid one")
        async with self._slots:
            return await self._deliver(mail)

    async def close(self) -> None:
        """Say QUIT on every idle connection."""
        idle, self._idle = self._idle, []
        for client in idle:
            await _quit(client)

    async def _deliver(self, mail: Mail) -> Outcome:
        for reused in (True, False):
            client = self._idle.pop() if reused and self._idle else None
            if client is None and reused:
                continue
            try:
                client = client or await self._connect()
            except (smtp.SMTPException, OSError, ValueError) as trouble:
                return _unreachable(trouble)
            outcome = await self._hand_over(client, mail, reused=reused)
            if outcome is not None:
                return outcome
        raise AssertionError("a new connection always gives an outcome")

    async def _connect(self) -> aiosmtplib.SMTP:
        relay = self._relay
        client = aiosmtplib.SMTP(
            hostname=relay.host, port=relay.port, use_tls=relay.tls, start_tls=relay.starttls,
            validate_certs=relay.must_be_known, local_hostname=self._helo, timeout=self._timeout,
        )  # fmt: skip
        await client.connect()
        if relay.user:
            await client.login(relay.user, relay.password)
        elif client.is_ehlo_or_helo_needed:
            await client.ehlo()
        self._announced = _size(client)
        return client

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: Mail, *, reused: bool) -> Outcome | None:
        """One transaction; None = the old connection was dead before it began, try a new one."""
        refused = self._unsuitable(client, mail)
        if refused is not None:
            self._idle.append(client)
            return refused
        begun = False
        try:
            utf8 = " SMTPUTF8" if mail.smtputf8 else ""
            size = f" SIZE={mail.size}" if client.supports_extension("size") else ""
            await self._say(client, f"MAIL FROM:<{mail.reverse_path}>{size}{utf8}")
            begun = True
            await self._say(client, f"RCPT TO:<{mail.recipient}>", about_recipient=True)
            await self._say(client, "DATA")
            answer = await self._write(client, _stuffed(mail.octets()) + b".\r\n")
        except Refused as trouble:
            if reused and not begun and trouble.code in _LEAVING:  # it had grown tired of waiting for us
                client.close()
                return None
            return await self._refused(client, trouble)
        except (smtp.SMTPException, OSError) as trouble:
            client.close()
            return None if reused and not begun else _unreachable(trouble)
        self._idle.append(client)
        return _sent(answer, self._relay.host, mail)

    async def _say(self, client: aiosmtplib.SMTP, line: str, *, about_recipient: bool = False) -> str:
        return await self._write(client, f"{line}\r\n".encode(), about_recipient=about_recipient)

    async def _write(self, client: aiosmtplib.SMTP, octets: bytes, *, about_recipient: bool = False) -> str:
        """Write a command or a mail and read its answer; our octets are known good, so nobody goes over them again.

        Raises Refused, or what aiosmtplib raises when the connection breaks.
        """
        protocol = client.protocol
        if protocol is None:
            raise smtp.SMTPServerDisconnected("the connection is closed")
        protocol.write(octets)
        code, text = await protocol.read_response(timeout=self._timeout)
        if not 200 <= code < 400:
            raise Refused(code, text, about_recipient)
        return text

    def _unsuitable(self, client: aiosmtplib.SMTP, mail: Mail) -> Failed | None:
        if mail.smtputf8 and not client.supports_extension("smtputf8"):
            return Failed("5.6.7", "the relay takes no address outside ASCII")  # RFC 6531 section 3.6
        limit = _size(client)
        if 0 < limit < mail.size:
            return Failed(
                "5.3.4", f"the mail has {mail.size} octets, the relay takes {limit}", too_large=True
            )
        return None

    async def _refused(self, client: aiosmtplib.SMTP, trouble: Refused) -> Outcome:
        """Judge a 4xx or 5xx answer; the connection stays in use unless it said 421."""
        leaving = trouble.code in _LEAVING
        try:
            if not leaving:
                await client.rset()
                self._idle.append(client)
        except (smtp.SMTPException, OSError):
            leaving = True
        if leaving:
            client.close()
        return verdict(trouble.code, trouble.text, about_recipient=trouble.about_recipient)


def _size(client: aiosmtplib.SMTP) -> int:
    """The largest mail that the relay announced, 0 = it said nothing, or that it has no fixed limit."""
    said = client.esmtp_extensions.get("size", "").strip()
    return int(said) if said.isdecimal() and len(said) <= 20 else 0  # RFC 1870 section 3: at most 20 digits


def _stuffed(octets: bytes) -> bytes:
    """Double the point at the start of a line, and end the last one (RFC 5321 section 4.5.2).

    A mail begins with a header field, never with a point.
    """
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return octets.replace(b"\r\n.", b"\r\n..") if b"\r\n." in octets else octets


def verdict(code: int, text: str, *, about_recipient: bool) -> Outcome:
    """What an SMTP answer other than "yes" means; its enhanced status, or one made of its code."""
    detail = " ".join(f"{code} {text}".split())[:_DETAIL]
    if 500 <= code < 600:
        status = _status(text, "5")
        too_large = status in _TOO_LARGE or (code == _OVER_STORAGE and status == "5.0.0")
        return Failed(status, detail, about_recipient, too_large)
    return Deferred(_status(text, "4"), detail, unreachable=code in _LEAVING)


def returned_id(text: str, host: str, ours: str) -> str:
    """The Message-ID that a rewriting relay says it gave to a copy, "" if it kept ours.

    Amazon SES answers with a bare id; its Message-ID is that id at the region's domain.
    """
    for found in _BRACKETED.finditer(text):
        if found[0] != ours:
            return found[0]
    ses, bare = _SES_HOST.fullmatch(host), _SES_ID.search(text)
    if ses and bare:
        region = "email" if ses[1] == "us-east-1" else ses[1]
        return f"<{bare[1]}@{region}.amazonses.com>"
    return ""


def _sent(text: str, host: str, mail: Mail) -> Sent:
    header_id = returned_id(text, host, mail.header_id) if "<" in text or "Ok " in text else ""
    return Sent("2.0.0", " ".join(text.split())[:_DETAIL], header_id)


def _status(text: str, first: str) -> str:
    found = enhanced.find(text[:_DETAIL])
    return found if found and found.startswith(first) else f"{first}.0.0"


def _unreachable(trouble: Exception) -> Outcome:
    """Trouble of the connection: nobody's mail can go now. Bad credentials are ours to mend, so they wait too."""
    return Deferred(
        "4.4.1", f"the relay cannot be reached: {' '.join(str(trouble).split())}"[:_DETAIL], unreachable=True
    )


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (smtp.SMTPException, OSError):
        client.close()
