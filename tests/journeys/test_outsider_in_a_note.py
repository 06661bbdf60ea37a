"""C04 to C06 through doors and dispatcher: what an outsider learns who was mentioned in one note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import a_mail
from tests.conftest import BOTH
from tests.served import Arrived, Installation, NextHop, text_of, until

ALICE, BOB, OLGA = "alice@corp.example", "bob@corp.example", "olga@supplier.example"
SECRET = "The tariff is 33 percent"


@pytest.fixture(scope="module")
def hop() -> Iterator[NextHop]:
    with NextHop() as hop:
        yield hop


@pytest.fixture(scope="module", params=BOTH)
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hop: NextHop
) -> Iterator[Installation]:
    """A server with two colleagues; Bob wants to hear of notes."""
    url, drop = "", lambda: None
    if request.param == "postgresql":
        cluster = request.getfixturevalue("postgresql_cluster")
        url = cluster.empty()
        drop = lambda: cluster.drop(url)  # noqa: E731 - said once
    gateway = Installation(tmp_path_factory.mktemp(request.param), relay=hop, database_url=url)
    gateway.start()
    for email, name in ((ALICE, "Alice Adams"), (BOB, "Bob Brown")):
        gateway.api.put(f"/partners/{email}", json={"name": name, "internal": True}).raise_for_status()
    yield gateway
    gateway.close()
    drop()


class Record:
    """A record of one story."""

    def __init__(self, gateway: Installation, hop: NextHop, key: str) -> None:
        self.gateway, self.hop, self.key = gateway, hop, key
        self.path = f"/records/ticket/{key}"
        gateway.api.put(self.path, json={"title": f"Pump {key}"}).raise_for_status()
        follower = {"email": BOB, "subtypes": ["discussions", "note"], "notify": False}
        gateway.api.post(f"{self.path}/followers", json=follower).raise_for_status()

    def file(self, name: str, content: bytes) -> int:
        """Upload a file to the record."""
        answer = self.gateway.api.post(
            f"{self.path}/attachments", files={"file": (name, content, "text/plain")}
        )
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def say(self, kind: str, text: str, **more: Any) -> dict[str, Any]:
        """Alice writes, and Bob has heard of it."""
        body = {"kind": kind, "author": ALICE, "body_text": f"{text} {self.key}", **more}
        answer = self.gateway.api.post(f"{self.path}/messages", json=body)
        assert answer.status_code == 201, answer.text
        self.mail(BOB, text)
        return dict(answer.json())

    def mail(self, recipient: str, text: str) -> Arrived:
        """The one mail with this text that a reader gets."""
        found = until(lambda: self.hop.to(recipient, f"{text} {self.key}"), what=f"the mail to {recipient}")
        assert len(found) == 1
        return found[0]

    def messages(self, **query: str) -> list[dict[str, Any]]:
        """The thread, newest first."""
        return list(self.gateway.get(f"{self.path}/messages", **query)["items"])  # type: ignore[call-overload]


@pytest.fixture
def record(gateway: Installation, hop: NextHop, request: pytest.FixtureRequest) -> Record:
    """A ticket with a message and a note of which Olga knows nothing, and with a file."""
    record = Record(
        gateway, hop, f"{request.node.originalname[5:20]}-{request.node.callspec.id}".replace("_", "-")
    )
    record.say("message", "The pump is ordered")
    record.say("note", SECRET, attachment_ids=[record.file("tariff.txt", b"33")])
    record.file("contract.txt", b"of the record")
    return record


def ask(record: Record) -> tuple[dict[str, Any], Arrived]:
    """Alice asks Olga in a note with one file; answers the note and Olga's mail."""
    drawing = record.file("drawing.txt", b"a drawing")
    note = record.say(
        "note", "Does it fit?", mentions=[OLGA], confirm_external=[OLGA], attachment_ids=[drawing]
    )
    return note, record.mail(OLGA, "Does it fit?")


def test_t064_an_outsider_mentioned_in_a_note_gets_that_note_and_its_files_only(record: Record):
    hidden = {one["message_id"] for one in record.messages(kind="note")}

    note, told = ask(record)

    mail = told.mail
    assert [part.get_filename() for part in mail.iter_attachments()] == ["drawing.txt"]
    assert SECRET not in mail.as_string() and "tariff" not in mail.as_string().lower()
    assert mail["Subject"] == f"Pump {record.key}" and mail["Message-ID"] == note["message_id"]
    assert not hidden & set(str(mail["References"]).split()) and mail["In-Reply-To"] not in hidden
    assert record.gateway.base_url + "/r/" not in mail.as_string(), "the page is not for him"
    assert mail["List-Unsubscribe"] is None and "/leave" not in text_of(mail)
    assert mail["Cc"] is None and mail["To"] == OLGA


def test_c05_his_answer_is_a_note_even_when_his_program_forgot_what_it_answers(record: Record):
    note, told = ask(record)
    raw = a_mail(
        f"Olga <{OLGA}>", to=told.mail["Reply-To"], subject="Something else", text=f"It fits {record.key}"
    )
    assert b"In-Reply-To" not in raw and b"References" not in raw

    record.gateway.send(raw, told.mail["Reply-To"], reverse_path=OLGA)

    heard = record.mail(BOB, "It fits")
    [posted] = [one for one in record.messages() if "It fits" in one["body_text"]]
    assert (posted["kind"], posted["subtype"], posted["author"]["email"]) == ("note", "note", OLGA)
    assert heard.mail["Subject"] == f"Pump {record.key}"
    assert note["id"] != posted["id"]


def test_c06_later_notes_are_not_sent_to_him_though_he_follows_since_his_answer(record: Record):
    _, told = ask(record)
    raw = a_mail(f"Olga <{OLGA}>", to=told.mail["Reply-To"], text=f"It fits {record.key}")
    record.gateway.send(raw, told.mail["Reply-To"], reverse_path=OLGA)
    record.mail(BOB, "It fits")
    followers = record.gateway.get(f"{record.path}/followers")["items"]
    assert OLGA in [one["partner"]["email"] for one in followers]  # type: ignore[attr-defined, index]

    later = record.say("note", "She is cheap", attachment_ids=[record.file("price.txt", b"9")])
    public = record.say("message", "We take it")

    heard = record.mail(OLGA, "We take it").mail
    assert record.hop.to(OLGA, f"She is cheap {record.key}") == []
    [notice] = [
        one
        for one in record.gateway.get(f"/messages/{later['id']}")["notices"]
        if one["partner"]["email"] == OLGA
    ]  # type: ignore[attr-defined, index]
    assert notice["state"] == "skipped"
    notes = {one["message_id"] for one in record.messages(kind="note")}
    assert not notes & set(str(heard["References"]).split()) and heard["In-Reply-To"] not in notes
    assert heard["Message-ID"] == public["message_id"]
    assert len(record.hop.to(OLGA, record.key)) == 2
