"""The settings: what they are (``sections``, ``doors``, ``trust``), how they are read, checked and described.

Only the composition root reads them; everybody else gets plain arguments (pyproject.toml, contracts).
"""

from gateway.settings.check import check
from gateway.settings.describe import describe
from gateway.settings.doors import Imap, Lmtp, Relay, Smtp, Web
from gateway.settings.load import load
from gateway.settings.sections import Data, Domain, Log, Notify, Schedule, Settings, Work
from gateway.settings.trust import Auth, Hop, Limits, Policy

__all__ = [
    "Auth",
    "Data",
    "Domain",
    "Hop",
    "Imap",
    "Limits",
    "Lmtp",
    "Log",
    "Notify",
    "Policy",
    "Relay",
    "Schedule",
    "Settings",
    "Smtp",
    "Web",
    "Work",
    "check",
    "describe",
    "load",
]
