"""Values as a language writes them."""

from __future__ import annotations

import pytest

from gateway.wording import wording


@pytest.mark.parametrize(("language", "kind", "text", "shown"), [
    ("it", "money", "1234567.5 USD", "1.234.567,50 USD"),
    ("it", "money", "12.345 EUR", "12,345 €"),
    ("en", "money", "5 JPY", "¥5"),
    ("it", "money", "5 points", "5 points"),
    ("it", "money", "1234.5", "1.234,5"),
    ("it", "number", "-0.125", "-0,125"),
    ("de-AT", "date", "2026-12-01", "01.12.2026"),
    ("it", "datetime", "2026-12-01 09:00:30 UTC", "1 dic 2026, 09:00:30 UTC"),
    ("it", "boolean", "yes", "sì"),
    ("fr", "boolean", "yes", "yes"),
    ("tlh", "number", "1234.5", "1,234.5"),
    ("it", "", "1234.5", "1234.5"),
    ("it", "money", "five EUR", "five EUR"),
    ("it", "number", "1e999999", "1e999999"),
    ("it", "date", "soon", "soon"),
    ("it", "datetime", "", ""),
])  # fmt: skip
def test_a_stored_value_is_written_as_its_reader_s_language_does(language, kind, text, shown):
    assert wording(language).value(text, kind).replace("\u00a0", " ") == shown
