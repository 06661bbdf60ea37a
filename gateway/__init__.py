"""Threadpost: any record of any application gets a conversation that works by e-mail.

The folders are visited in the order in which a message travels::

    receive   doors for mail: SMTP, LMTP, raw HTTP; protocol in, one call to inbound.accept
    inbound   accept -> parse -> authenticate -> classify -> route -> identify -> post
    chatter   what can happen to a thread: post, follow, track, hold, release
    outbound  claim -> still allowed? -> render -> headers -> sign -> deliver -> record

Two rooms are quiet: ``mail`` knows RFCs and no records, ``rules`` decides about records and touches
nothing. ``web`` and ``schedule`` are two more doors into ``chatter``. ``store`` is the cellar. Only
``app`` constructs things. Who may import whom is checked by import-linter (pyproject.toml).
"""

__version__ = "0.1.0"
