"""A helpdesk in sixty lines that leaves all conversation to Threadpost. README.md says how to start it.

It keeps what is its own (tickets and whether somebody waits for an answer), shows the thread that Threadpost
keeps, and hears by webhook what came in by mail.
"""

from __future__ import annotations

import html
import itertools
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from gateway.client import BadSignature, Client, Event, follow, messages, post_message, put_record, read_event

api = Client(os.environ["THREADPOST_URL"], os.environ["THREADPOST_TOKEN"])
secret = os.environ["WEBHOOK_SECRET"]
agent = os.environ.get("HELPDESK_AGENT", "agent@corp.example")
tickets: dict[str, str] = {}  # key -> title; a real helpdesk has a database
waiting: set[str] = set()  # keys of tickets whose customer waits for us
seen: set[str] = set()  # a webhook may come twice
numbers = itertools.count(1)


def open_ticket(title: str, customer: str, text: str) -> str:
    """A customer asks on our own web form: the record, its follower, and the first message."""
    key = f"hd-{next(numbers)}"
    tickets[key] = title
    api(put_record("ticket", key, title=title, actor=agent))
    api(follow("ticket", key, customer))
    api(post_message("ticket", key, author=customer, body_text=text, idempotency_key=f"open-{key}"))
    return key


def hear(event: Event) -> None:
    """Take in an event: a ticket that was opened by mail, or a message on one."""
    if event.id in seen or event.record.type != "ticket":
        return
    seen.add(event.id)
    if event.type == "record.opened":
        tickets.setdefault(event.record.key, event.data["title"])
    elif event.message is not None and event.message.kind == "message":
        (waiting.discard if event.message.author.internal else waiting.add)(event.record.key)


class Helpdesk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        key = self.path.removeprefix("/tickets/")
        if self.path == "/":
            rows = [f"{k} {title}{' (waits)' if k in waiting else ''}" for k, title in tickets.items()]
        else:
            rows = [
                f"{m.author.name or m.author.email}: {m.body_text}"
                for m in api(messages("ticket", key)).items
            ]
        self.answer(200, "".join(f"<p>{html.escape(row)}</p>" for row in rows))

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1_000_000))
        if self.path == "/hook":
            try:
                hear(read_event(secret, dict(self.headers), body))
            except BadSignature as trouble:
                return self.answer(401, str(trouble))
            return self.answer(204, "")
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return self.answer(201, open_ticket(form["title"], form["email"], form["text"]))

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("HELPDESK_PORT", "8090"))), Helpdesk).serve_forever()
