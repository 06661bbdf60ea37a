"""What DESIGN promises letter for letter: the configuration of section 8 that must always work."""

from __future__ import annotations

EXAMPLE = """\
[data]
dir = "var"
[[domains]]
name = "threads.example.test"
[smtp]
host = "127.0.0.1"
port = 8025
[lmtp]
host = "127.0.0.1"
port = 8024
[web]
host = "127.0.0.1"
port = 8080
base_url = "http://127.0.0.1:8080"
[relay]
url = "smtp://127.0.0.1:2525"
[auth]
trusted_relays = ["127.0.0.1"]     # IP, CIDR or "unix"; default []
[[auth.hops]]                      # optional: a front MTA that checks SPF, DKIM, DMARC
peers = ["127.0.0.9"]
authserv_ids = ["mx.example.com"]
xforward = true
spam_headers = ["X-Spam-Flag: YES"]
[imap.support]                     # optional: host, port, tls, user, password or oauth2, folder, authserv_id ...
"""
