"""The command line: ``threadpost VERB``. Exit codes are those of sysexits.h.

One file a group of verbs; each builds the app from the settings and calls the same functions as the doors
and the HTTP API.
"""

from gateway.cli.main import main

__all__ = ["main"]
