"""The templates in every language, and what they do with what strangers wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import UndefinedError

from gateway.rules.sentences import ASSIGNED_TO, IS_ACTIVE, SENTENCES
from gateway.templating import (
    DOMAIN,
    BadPlaceholder,
    Templates,
    check_placeholders,
    fill_placeholders,
    templates_directory,
)

DIRECTORY = templates_directory()
OPTIONS = {"trimmed": "false", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


def sentences() -> set[str]:
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(
        DIRECTORY / "mail", method_map=[("**", "jinja2.ext:babel_extract")], options_map={"**": OPTIONS}
    ):
        found.update([message] if isinstance(message, str) else message)
    return found


@pytest.mark.parametrize("language", sorted(Templates(DIRECTORY).languages - {"en"}))
def test_every_sentence_of_the_mail_templates_is_translated_and_none_is_left_over(language: str):
    with open(DIRECTORY / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po", "rb") as file:
        catalog = read_po(file, locale=language)

    mail = {entry.id for entry in catalog if entry.id and entry.string}
    assert sentences() <= mail
    assert {*SENTENCES, ASSIGNED_TO, IS_ACTIVE} <= mail


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("", "en"), ("it", "it"), ("it-CH", "it"), ("IT_it", "it"), ("fr", "en"), ("../../etc", "en")],
)
def test_a_language_that_we_do_not_have_falls_back_to_english(wanted: str, expected: str):
    assert Templates(DIRECTORY).language(wanted) == expected


def test_names_are_escaped_in_html_and_not_in_text(tmp_path: Path):
    (tmp_path / "a.html").write_text("{% trans %}{{ who }} wrote{% endtrans %}")
    (tmp_path / "a.txt").write_text("{% trans %}{{ who }} wrote{% endtrans %}")
    templates = Templates(tmp_path)

    assert templates.render("a.html", "en", {"who": "<b>"}) == "&lt;b&gt; wrote"
    assert templates.render("a.txt", "en", {"who": "<b>"}) == "<b> wrote"


def test_a_missing_value_is_an_error(tmp_path: Path):
    (tmp_path / "a.txt").write_text("{{ nothing }}")

    with pytest.raises(UndefinedError):
        Templates(tmp_path).render("a.txt", "en", {})


def test_a_template_of_the_host_stays_in_its_sandbox():
    reaching_out = "{{ ''.__class__.__mro__ }}"

    assert fill_placeholders("<p>{{ name }}</p>", {"name": "<i>"}, html=True) == "<p>&lt;i&gt;</p>"
    with pytest.raises(BadPlaceholder):
        fill_placeholders(reaching_out, {}, html=True)
    with pytest.raises(BadPlaceholder):
        check_placeholders("{{ name.upper() }}", {"name": ()})
