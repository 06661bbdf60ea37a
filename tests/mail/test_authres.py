"""What a hop found out is believed; what came with the mail is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.authres import AuthResults, MethodResult, hop_block, parse, verdict_of_hop

HOP = "mx.example.com"
CORP = "corp.example"


def aligned(domain: str, author_domain: str) -> bool:
    return domain == author_domain or domain.endswith("." + author_domain)


def verdict(*values: str, author: str = CORP) -> str:
    united = hop_block([("Authentication-Results", value) for value in values], [HOP])
    return verdict_of_hop(united, author, aligned).result


# --- one field

REFUSED = [
    ("mx.example.com; dmarc=pass (open", "a comment without end"),
    ('mx.example.com; dkim=pass reason="open', "a quote without end"),
    ("mx.example.com; dmarc=pass ) header.from=corp.example", "a bracket too many"),
    (
        "mx.example.com; dmarc=pass header.from=corp.example header.from=evil.example",
        "said twice, differently",
    ),
    ("mx.example.com; dmarc", "a method without a result"),
    ("mx.example.com; dkim=pass; and so on", "prose"),
    ("mx.example.com evil; dmarc=pass", "two words for the id"),
    ("dmarc=pass header.from=corp.example", "no id at all"),
    ("=?utf-8?q?mx=2Eexample=2Ecom?=; dmarc=pass", "an encoded word"),
    ("mx.example.com; dmarc=pass\x00 header.from=corp.example", "a control character"),
    ("mx.example.com; dkim=pass header.d=a\\;b", "a quoted pair outside of quotes"),
    ("mx.example.com; " + "(" * 9_000, "nested without end"),
    ("mx.example.com; " + "dkim=pass; " * 9_000, "too long"),
]


@pytest.mark.parametrize(("value", "why"), REFUSED, ids=lambda v: None)
def test_what_is_not_in_the_grammar_says_nothing(value, why):
    assert parse(value) is None, why


def test_results_are_read_with_their_properties():
    read = parse(
        "mx.example.com 1; spf=pass smtp.mailfrom=ann@corp.example; dkim/1 = FAIL (bad) header . d = Corp.example"
    )

    assert read == AuthResults(
        HOP,
        (
            MethodResult("spf", "pass", {"smtp.mailfrom": "ann@corp.example"}),
            MethodResult("dkim", "fail", {"header.d": "Corp.example"}),
        ),
    )


@pytest.mark.parametrize("value", ["mx.example.com; none", "mx.example.com 1; NONE", "mx.example.com;", HOP])
def test_a_hop_may_have_found_nothing(value):
    assert parse(value) == AuthResults(HOP, ())


def test_a_quoted_id_is_the_same_id():
    assert parse('"mx.example.com"; none') == AuthResults(HOP, ())


def test_quotes_and_comments_hide_what_stands_in_them():
    read = parse(
        'other.example (x; mx.example.com; dmarc=pass); spf=fail (a(b;c)d\\)) reason="; mx.example.com; dmarc=pass"'
    )

    assert read is not None
    assert read.authserv_id == "other.example"
    assert [(r.method, r.result) for r in read.results] == [("spf", "fail")]


def test_a_sender_cannot_write_a_result_by_his_quoted_local_part():
    read = parse(
        'mx.example.com; spf=pass smtp.mailfrom="; dmarc=pass header.from=corp.example"@evil.example'
    )

    assert read is not None
    assert [r.method for r in read.results] == ["spf"]


@pytest.mark.parametrize(
    ("comment", "policy"),
    [
        ("(p=NONE dis=NONE)", "none"),
        ("(p=reject)", "reject"),
        ("(p=NONE sp=REJECT)", "reject"),
        ("(ip=none)", None),
    ],
)
def test_the_policy_is_taken_from_the_comment(comment, policy):
    read = parse(f"mx.example.com; dmarc=fail {comment} header.from=corp.example")

    assert read is not None
    assert read.results[0].properties.get("policy.dmarc") == policy


@given(st.text(alphabet='mx.;=() "\\\r\n\tdkimpas/1hder', max_size=200))
def test_reading_never_raises(value):
    parse(value)


@pytest.mark.parametrize("unit", ["(", ")", '"', "\\", ";", "a=b ", " ", "()", '"" ', "a.b=c "])
def test_reading_takes_linear_time(unit):
    value = "mx; dkim=pass " + unit * (19_000 // len(unit))

    started = time.process_time()
    parse(value)

    assert time.process_time() - started < 0.5


# --- the block of the hop

PASS = "mx.example.com; dmarc=pass header.from=corp.example"
FAIL = "mx.example.com; dmarc=fail (p=reject) header.from=corp.example"
BY_HOP = "from a.example by mx.example.com with ESMTPS; Tue, 10 Nov 2026 09:00:00 +0000"
BY_OTHER = "from b.example by c.example with SMTP; Tue, 10 Nov 2026 08:59:00 +0000"
AR, RECEIVED = "Authentication-Results", "Received"

BLOCKS = [
    ([(AR, PASS)], 1, "on top"),
    (
        [("Return-Path", "<ann@corp.example>"), (RECEIVED, BY_HOP), (AR, PASS)],
        1,
        "below the hop's own fields",
    ),
    ([(AR, PASS), (RECEIVED, BY_HOP), (AR, PASS)], 2, "around its Received: united"),
    ([("ARC-Seal", "i=1"), ("ARC-Authentication-Results", "i=1; x"), (AR, PASS)], 1, "below its ARC set"),
    ([("Received-SPF", "pass"), ("X-Test", "1"), (AR, PASS)], 0, "the first other field ends the block"),
    ([("X-Test", "1"), (AR, PASS)], 0, "an unknown field on top"),
    ([("From", "ann@corp.example"), (AR, PASS)], 0, "among the fields of the mail"),
    ([(AR, PASS), (RECEIVED, BY_OTHER), (AR, PASS)], 1, "below the Received of somebody else"),
    ([(AR, PASS), ("X-Test", "1"), (AR, PASS)], 1, "one inside, one below"),
    ([(AR + " ", PASS)], 0, "a blank before the colon"),
    ([(AR, PASS.replace("mx.", "MX."))], 1, "an id knows no case"),
    ([(AR, PASS.replace("mx.", "smx."))], 0, "another id that ends alike"),
    (
        [(AR, PASS.replace("mx.example.com", "mx.example.com.evil.example"))],
        0,
        "another id that begins alike",
    ),
    ([(AR, "other.example; dmarc=fail"), (AR, PASS)], 1, "another system's field is passed over"),
    ([(AR, PASS), (AR, "mx.example.com; dmarc=pass (")], 1, "a broken field ends the block"),
    ([(AR, "mx.example.com; dmarc=pass ("), (AR, PASS)], 0, "and what stands below it does not count"),
    ([("ARC-Authentication-Results", "i=2; " + PASS)], 0, "an ARC field is no result"),
]


@pytest.mark.parametrize(("headers", "count", "why"), BLOCKS, ids=lambda v: None)
def test_only_the_block_of_the_hop_counts(headers, count, why):
    assert len(hop_block(headers, [HOP])) == count, why


# --- the verdict

VERDICTS = [
    ([PASS], "pass", "dmarc=pass for the author's domain"),
    ([PASS.replace("corp", "CORP")], "pass", "domains know no case"),
    (["mx.example.com; dmarc=pass header.from=ann@corp.example"], "pass", "some write the whole address"),
    (["mx.example.com; dmarc=pass header.from=evil.example; dkim=pass header.d=corp.example"], "none", "a pass for another domain"),
    (["mx.example.com; dmarc=pass header.from=corp.example.evil.example"], "none", "a longer domain"),
    (["mx.example.com; dmarc=pass"], "none", "a pass for nobody"),
    ([FAIL], "fail", "dmarc=fail"),
    (["mx.example.com; dmarc=fail header.from=corp.example"], "fail", "a fail of unknown policy"),
    (["mx.example.com; dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=corp.example"], "none", "p=none"),
    (["mx.example.com; dmarc=fail policy.dmarc=none header.from=corp.example"], "none", "p=none as a property"),
    (["mx.example.com; dmarc=fail (p=none); dkim=pass header.d=corp.example"], "none", "p=none is not made better"),
    (["mx.example.com; dmarc=temperror header.from=corp.example; dkim=pass header.d=corp.example"], "none", "trouble with DNS is final"),
    (["mx.example.com; dmarc=permerror header.from=corp.example"], "none", "a broken record"),
    (["mx.example.com; dkim=pass header.d=corp.example"], "pass", "no dmarc, aligned dkim"),
    (["mx.example.com; dkim=pass header.d=mail.corp.example"], "pass", "aligned as the caller says"),
    (["mx.example.com; dkim=pass header.i=@corp.example"], "pass", "the identity where no domain is told"),
    (["mx.example.com; dkim=pass header.d=evil.example header.i=@corp.example"], "none", "the signer counts, not what he claims"),
    (["mx.example.com; dkim=fail header.d=corp.example"], "none", "a broken signature proves nothing"),
    (["mx.example.com; dkim=fail header.d=corp.example; dkim=pass header.d=corp.example"], "pass", "one of two signatures"),
    (["mx.example.com; spf=pass smtp.mailfrom=ann@corp.example"], "pass", "no dmarc, aligned spf"),
    (["mx.example.com; spf=pass smtp.mailfrom=corp.example"], "pass", "the domain alone"),
    (['mx.example.com; spf=pass smtp.mailfrom="x@corp.example"@evil.example'], "none", "an address within an address"),
    (["mx.example.com; spf=pass smtp.helo=corp.example"], "none", "a greeting is not the envelope"),
    (["mx.example.com; spf=softfail smtp.mailfrom=ann@corp.example"], "none", "no pass"),
    (["mx.example.com; dmarc=none header.from=corp.example; spf=pass smtp.mailfrom=corp.example"], "pass", "no dmarc record"),
    (["mx.example.com; none"], "none", "nothing found"),
    ([], "none", "no field"),
    ([PASS, FAIL], "fail", "a contradiction"),
    ([FAIL, PASS], "fail", "a contradiction, the other way round"),
    (["mx.example.com; dmarc=none", PASS], "fail", "a pass where the hop found no record"),
    ([PASS, PASS], "pass", "said twice"),
    ([PASS, PASS.replace("corp", "evil")], "fail", "a pass for two domains"),
    (["mx.example.com; dmarc=temperror", PASS], "none", "trouble, then a pass: no pass"),
    (["mx.example.com; spf=fail smtp.mailfrom=corp.example", "mx.example.com; spf=pass smtp.mailfrom=corp.example"], "fail", "spf against spf"),
    (["mx.example.com; dkim=fail header.d=corp.example header.b=abc", "mx.example.com; dkim=pass header.d=corp.example header.b=abc"], "fail", "one signature, two results"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "expected", "why"), VERDICTS, ids=lambda v: None)
def test_the_verdict_of_the_hop(values, expected, why):
    assert verdict(*values) == expected, why


def test_a_verdict_says_why():
    judged = verdict_of_hop([parse(FAIL)], CORP, aligned)

    assert judged.reason == "dmarc=fail"


results = st.sampled_from(["pass", "fail", "none", "temperror", "permerror", "neutral"])
domains = st.sampled_from([CORP, "evil.example", "corp.example.evil.example"])


@given(st.lists(st.tuples(st.sampled_from(["dmarc", "dkim", "spf"]), results, domains), max_size=5))
def test_nothing_said_of_other_domains_makes_a_pass(told):
    properties = {"dmarc": "header.from", "dkim": "header.d", "spf": "smtp.mailfrom"}
    values = [f"{HOP}; {m}={r} {properties[m]}={d}" for m, r, d in told if d != CORP or r != "pass"]

    assert verdict(*values) != "pass"
