"""Looking at a link: what is read of a page, how far redirects are followed, and where nobody is ever led."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from gateway.mail.webpage import Shown
from gateway.outbound.channels import Deferred, Failed
from gateway.outbound.visitor import MOST_OCTETS, MOST_REDIRECTS, Found, Visitor, visiting_guard
from gateway.rules.preview import Which
from tests.a_site import HERE, Site, a_page, a_site, elsewhere


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as site:
        yield site


async def look(visitor: Visitor, url: str) -> Found:
    try:
        return await visitor.look(url)
    finally:
        await visitor.close()


async def test_a_page_is_asked_for_and_nothing_tells_who_asks(site: Site):
    site.pages["/a?b=c"] = a_page("Pump 7", more='<meta name="description" content="It lifts water.">')

    found = await look(site.visitor(), site.url("/a?b=c"))

    assert found == Shown("page", "Pump 7", "It lifts water.")
    [(method, _, headers)] = site.asked
    assert method == "GET" and headers["host"] == f"shop.example:{site.port}"
    assert headers["user-agent"].startswith("Threadpost/")
    assert not {"cookie", "referer", "authorization"} & set(headers)
    assert headers["accept-encoding"] == "identity"


async def test_what_asks_says_what_it_is(site: Site):
    site.pages["/"] = a_page("Here")
    guard = visiting_guard(timeout=3, allow_private=True)

    await look(Visitor(guard, may_be_asked=lambda url: True), f"http://{HERE}:{site.port}/")

    assert "link preview" in site.asked[0].headers["user-agent"]


async def test_an_image_is_shown_and_not_read(site: Site):
    site.pages["/a.png"] = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 900000000\r\n\r\n"

    site.pages["/a"] = elsewhere("/a.png#part")

    found = await look(site.visitor(), site.url("/a"))

    assert found == Shown("image", image_url=site.url("/a.png"))


async def test_redirects_are_followed_without_cookies_and_images_found_where_they_lead(site: Site):
    site.pages["/1"] = elsewhere("/2")
    site.pages["/2"] = elsewhere(site.url("/3#part", host="www.example"))
    site.pages["/3"] = a_page("Here", more='<meta property="og:image" content="a.png">')

    found = await look(site.visitor(), site.url("/1"))

    assert found == Shown("page", "Here", image_url=site.url("/a.png", host="www.example"))
    assert [one.path for one in site.asked] == ["/1", "/2", "/3"]
    assert all("cookie" not in one.headers for one in site.asked)


@pytest.mark.parametrize(("hops", "outcome"), [(MOST_REDIRECTS, Shown), (MOST_REDIRECTS + 1, Failed)])
async def test_redirects_have_an_end(site: Site, hops: int, outcome: type):
    for hop in range(hops):
        site.pages[f"/{hop}"] = elsewhere(f"/{hop + 1}")
    site.pages[f"/{hops}"] = a_page("The end")

    assert isinstance(await look(site.visitor(), site.url("/0")), outcome)


@pytest.mark.parametrize(
    ("location", "words", "why"),
    [
        ("http://inner.example/latest/meta-data/", "169.254.169.254", "a name that leads inside"),
        ("http://inner.example:{port}/", "169.254.169.254", "whatever the port"),
        ("http://shop.example:22/", "port 22", "another service"),
        ("http://127.0.0.1:{port}/inside", "nobody is asked", "an address"),
        ("http://localhost:{port}/inside", "nobody is asked", "a name of ours"),
        ("http://desk.example/leave/abc", "nobody is asked", "our own links act"),
        ("file:///etc/passwd", "nobody is asked", "no page"), ("http://u:p@shop.example:{port}/inside", "nobody is asked", "a password"),
    ],
)  # fmt: skip
async def test_a_redirect_leads_nowhere_that_a_link_may_not(site: Site, location: str, words: str, why: str):
    site.pages["/"] = elsewhere(location.format(port=site.port))
    site.pages["/inside"] = a_page("Secret")
    visitor = site.visitor(
        may_be_asked=Which(own=frozenset(["desk.example"])).may_be_asked,
        may_call=lambda address: address == HERE,  # as if this one were public
        ports=(80, site.port),
    )

    found = await look(visitor, site.url("/"))

    assert isinstance(found, Failed) and words in found.detail, why
    assert [one.path for one in site.asked] == ["/"], why


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://127.0.0.1/"])
async def test_nothing_of_this_machine_is_asked_unless_that_is_allowed(site: Site, url: str):
    found = await look(
        Visitor(visiting_guard(timeout=3), may_be_asked=lambda url: True), url.format(port=site.port)
    )

    assert isinstance(found, Failed) and ("not a public address" in found.detail or "port" in found.detail)
    assert site.asked == []


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [
        (a_page("x", status="404 Not Found"), Failed, "gone"), (a_page("x", status="403 Forbidden"), Failed, "closed"),
        (a_page("x", status="503 Busy"), Deferred, "later, perhaps"), (a_page("x", status="429 Slow"), Deferred, "we ask too often"),
        (a_page("x", kind="application/pdf"), Failed, "no page"), (a_page("x", kind=""), Failed, "of no kind"),
        (a_page("x", headers=["Content-Encoding: gzip"]), Failed, "could become any size"), (a_page(""), Failed, "says nothing"),
        (a_page("x", status="302 Found"), Failed, "leads nowhere"), (elsewhere("http://[::1"), Deferred, "leads to no address"), (b"nonsense\r\n\r\n", Deferred, "no HTTP"), (b"", Deferred, "nothing"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", Deferred, "a header without end"),
    ],
)  # fmt: skip
async def test_each_answer_has_its_meaning(site: Site, answer: bytes, outcome: type, why: str):
    site.pages["/"] = answer

    assert isinstance(await look(site.visitor(), site.url("/")), outcome), why


async def test_no_more_is_read_than_a_head_and_of_one_without_end_so_much(site: Site):
    site.pages["/"] = a_page("Short") + b" " * 10
    site.pages["/endless"] = 50_000_000

    assert await look(site.visitor(), site.url("/")) == Shown("page", "Short")
    found = await look(site.visitor(), site.url("/endless"))

    assert found == Shown("page", "No end")
    assert MOST_OCTETS <= site.sent < 20_000_000, "the rest stayed where it was"


async def test_the_title_behind_the_limit_is_not_seen(site: Site):
    body = b"<p>" + b" " * MOST_OCTETS + b"<title>Late</title></head>"
    site.pages["/"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body

    assert isinstance(await look(site.visitor(), site.url("/")), Failed)


async def test_a_site_that_does_not_answer_costs_its_time_and_no_more(site: Site):
    site.pages["/1"], site.pages["/2"] = elsewhere("/2"), None
    begun = time.monotonic()

    found = await look(site.visitor(timeout=0.4), site.url("/1"))

    assert isinstance(found, Deferred) and "0.4 s" in found.detail
    assert time.monotonic() - begun < 2
