"""A reply address is its reader's own: no other reader learns it from what he quotes, names or attaches."""

from __future__ import annotations

import pytest

from gateway.inbound.reading import hide_tokens
from store.queries import files as stored_files
from store.queries import message as messages
from store.queries.access_filter import EVERYTHING
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

TOKEN = "icaac4baebalqjbc6aqgjvamcusgyfl"


@pytest.mark.parametrize(
    "text",
    [
        f"reply+{TOKEN}@{DOMAIN}", f"REPLY+{TOKEN.upper()}@{DOMAIN}", f"reply%2b{TOKEN}%40{DOMAIN}",
        f"reply&#43;{TOKEN}&#64;{DOMAIN}", f"reply&#x2B;{TOKEN}@x", f"reply+{TOKEN} at {DOMAIN}", f"reply+{TOKEN}+leave@x",
        f"reply+{TOKEN}{'a' * 40}@x", f"<a href='mailto:bounce+{TOKEN}@x'>y</a>", f"(leave+{TOKEN})", f"reply+{TOKEN}.",
    ],
)  # fmt: skip
def test_however_it_is_written_the_token_is_cut_out(text: str):
    assert TOKEN not in hide_tokens(text).lower()


@pytest.mark.parametrize(
    "text",
    ["a+b=c", "alice+newsletter@x.example", "1+1 is two", "c++", f"see {TOKEN}", "me+abcdefghijklmnop@x"],
)
def test_what_is_no_token_stays(text: str):
    assert hide_tokens(text) == text


def thread_with_two(world: World):
    carol, dora = world.partner("carol@customer.example"), world.partner("dora@customer.example")
    thread = world.ticket(followers=[carol, dora])
    return thread, carol, world.reply_address(thread, carol)


def receive(world: World, raw: bytes, to: str) -> None:
    world.receive(
        stamped(raw, "customer.example"), to, client=hop_client(), reverse_path="carol@customer.example"
    )


def test_a_message_id_made_of_a_token_is_not_passed_on(world: World):
    thread, _, address = thread_with_two(world)

    receive(world, a_mail("carol@customer.example", message_id=f"<{address}>"), address)

    [message] = world.messages(thread)
    with world.database.read() as session:
        assert messages.referenced(session, [f"<{address}>"]) == []
    assert message.body_text.startswith("Hello")


def test_names_and_texts_of_files_lose_the_token_too(world: World):
    thread, _, address = thread_with_two(world)
    part = f'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="{address}.txt"\r\n\r\nwrite to {address}\r\n'
    letter = f"Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=old.eml\r\n\r\nFrom: a@b.example\r\nReply-To: {address}\r\n\r\nhi\r\n"
    head = a_mail("carol@customer.example").partition(b"MIME-Version")[0]
    text = f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n{part}--b\r\n{letter}--b--\r\n"

    receive(world, head + text.encode(), address)

    [message] = world.messages(thread)
    with world.database.read() as session:
        files = stored_files.of_record(session, EVERYTHING, thread.id)
    assert len(files) == 2
    token = address.partition("+")[2].partition("@")[0]
    assert all(token not in file.name and token.encode() not in world.blobs.get(file.blob) for file in files)
    assert message.body_text.strip() == "hello"
