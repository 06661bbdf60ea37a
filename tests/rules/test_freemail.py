"""In which domains everybody may have an address."""

from __future__ import annotations

import pytest

from gateway.rules.freemail import is_freemail


@pytest.mark.parametrize("domain", [
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.com.br", "yahoo.fr", "hotmail.co.uk", "hotmail.it",
    "outlook.com", "outlook.de", "outlook.com.au", "msn.com", "live.com", "live.co.uk", "me.com", "mac.com", "icloud.com",
    "t-online.de", "web.de", "gmx.de", "gmx.net", "gmx.ch", "freenet.de", "aol.com", "proton.me", "protonmail.com", "pm.me",
    "qq.com", "vip.qq.com", "163.com", "vip.163.com", "126.com", "mail.ru", "bk.ru", "yandex.ru", "ya.ru", "libero.it",
    "orange.fr", "wanadoo.fr", "laposte.net", "btinternet.com", "comcast.net", "uol.com.br", "naver.com", "seznam.cz",
    "GMAIL.com", "fastmail.fm", "tutanota.de", "zoho.eu", "rediffmail.com",
])  # fmt: skip
def test_a_provider_is_known(domain: str):
    assert is_freemail(domain)


@pytest.mark.parametrize(
    "domain",
    [
        "corp.example",
        "gmail.corp.example",
        "live.example",
        "web.example",
        "mail.example",
        "notgmail.com",
        "de",
        "",
    ],
)
def test_a_company_is_none(domain: str):
    assert not is_freemail(domain)


def test_the_house_may_name_more():
    assert is_freemail("students.example", {"students.example"})
    assert is_freemail("a.students.example", {"students.example"})
