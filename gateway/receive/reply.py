"""Everything a mail peer can hear from us: code, enhanced status (RFC 3463), text; never a detail of ours."""

from __future__ import annotations

import errno

from gateway.errors import GatewayError

OK = "250 2.0.0 Ok"
SENDER_OK = "250 2.1.0 Ok"
RECIPIENT_OK = "250 2.1.5 Ok"
START_DATA = "354 End data with <CR><LF>.<CR><LF>"
GOODBYE = "221 2.0.0 Bye"
CANNOT_VERIFY = "252 2.1.5 Cannot verify; send the mail and see"
HELP = "214 2.0.0 See RFC 5321"
READY_FOR_TLS = "220 2.0.0 Ready to start TLS"

OUR_TROUBLE = "451 4.3.0 Requested action aborted: local error in processing"
DISK_FULL = "452 4.3.1 Insufficient system storage"
CLIENT_TOO_BUSY = "450 4.7.0 Too many mails at once from that client; try again later"
CLIENT_TOO_MANY_ERRORS = "450 4.7.0 Too many errors of that client; try again later"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients in one transaction"

UNKNOWN_COMMAND = "500 5.5.1 Command not recognised"
BAD_LINE = "500 5.5.2 A command is one line of text, ended by CR LF"
TOO_LONG = "500 5.5.6 Command line too long"
BAD_SYNTAX = "501 5.5.4 Bad syntax"
NOT_IMPLEMENTED = "502 5.5.1 Command not implemented"
GREET_FIRST = "503 5.5.1 Greet first"
NESTED_MAIL = "503 5.5.1 A transaction is open already"
NEED_MAIL = "503 5.5.1 MAIL first"
NEED_RECIPIENT = "503 5.5.1 No recipient was accepted"
NO_MAIL_HERE = "554 5.5.1 This is a mail server"
FORBIDDEN = "550 5.7.0 Not for you"
TOO_LARGE = "552 5.3.4 Message size exceeds fixed limit"
BLOCKED = "554 5.7.1 Sender address rejected"
BARE_LINE_END = "554 5.6.0 Lines end with CR LF; a bare CR or LF was found"

SHUTTING_DOWN = "421 4.3.2 Shutting down"
TIMED_OUT = "421 4.4.2 Timeout"
TOO_MANY_CONNECTIONS = "421 4.7.0 Too many connections"
TOO_MANY_ERRORS = "421 4.7.0 Too many errors"
TOO_MANY_COMMANDS = "421 4.7.0 Too many commands without a mail"

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def queued(ledger_id: int) -> str:
    """The promise: the mail is durable under this id."""
    return f"250 2.0.0 Ok: queued as {ledger_id}"


def of_error(error: BaseException) -> str:
    """What the peer hears of an error: its own text for a GatewayError, 451 for anything else.

    A full disk, wherever it hides among the causes, is 452 4.3.1 (RFC 3463 section 3.4).
    """
    if is_disk_full(error):
        return DISK_FULL
    if isinstance(error, GatewayError):
        return f"{error.code} {error.status} {error.peer_text}"
    return OUR_TROUBLE


def is_disk_full(error: BaseException | None) -> bool:
    """The error, or what caused it, is a disk without room."""
    for _ in range(10):
        if error is None:
            return False
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if "database or disk is full" in str(error):
            return True
        error = error.__cause__
    return False
