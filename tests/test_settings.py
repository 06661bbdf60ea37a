"""The configuration: defaults work, mistakes are named with their place, the example is in step."""

import tomllib
from pathlib import Path

import pytest

from gateway.data import data_dir
from gateway.errors import ConfigError
from gateway.settings import Domain, Settings, check, describe, load
from tests.promised import EXAMPLE


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        file = tmp_path / "threadpost.toml"
        file.write_text(text)
        return file

    return written


def test_no_file_at_all_is_a_working_configuration():
    settings = load(None, {})

    assert settings == Settings()
    assert check(settings) == []


def test_the_promised_configuration_works(write):
    settings = load(write(EXAMPLE), {})

    assert check(settings) == []
    assert settings.auth.hops[0].xforward
    assert settings.imap["support"].host == ""


def test_a_mailbox_may_be_named_as_fully_as_it_will_once_be_read(write):
    settings = load(write('[imap.support]\nhost = "127.0.0.1"\nport = 1143\ntls = false\n'), {})

    assert (settings.imap["support"].host, settings.imap["support"].port) == ("127.0.0.1", 1143)


@pytest.mark.parametrize(
    ("text", "line", "setting"),
    [
        ("[smtp]\nport = 1\nmax_siz = 3\n", 3, "smtp.max_siz"),
        ("[web]\nport = 1\n\n[smtp]\nport = 'x'\n", 5, "smtp.port"),
        ("\n[smpt]\nport = 1\n", 2, "smpt"),
        ("[smtp\n", 1, "syntax"),
        ("[[auth.hops]]\nxforward = true\n", 1, "auth.hops[0].peers"),
        ("[imap.a]\nport = 1\n[imap.b]\nport = 'x'\n", 4, "imap.b.port"),
        ("[imap.b]\nhots = 'x'\n", 2, "imap.b.hots"),
        ("[imap.a]\n[imap.b]\nport = 1\noauth2 = {a = 'x', b = 1}\n", 4, "imap.b.oauth2.b"),
        ("[auth.dkim_aliases]\n'a.test' = ['x']\n'b.test' = 1\n", 3, "auth.dkim_aliases.b.test"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_setting(write, text, line, setting):
    file = write(text)

    with pytest.raises(ConfigError) as caught:
        load(file, {})

    assert (caught.value.file, caught.value.line) == (str(file), line)
    assert caught.value.setting == setting


def test_the_environment_overrides_the_file(write):
    environ = {
        "THREADPOST_CONFIG": str(write(EXAMPLE)),
        "THREADPOST_SMTP__PORT": "99",
        "THREADPOST_WEB__SECRET": "0123",
    }

    settings = load(None, environ)

    assert (settings.smtp.port, settings.web.secret) == (99, "0123")


def test_a_mistake_in_the_environment_is_laid_to_it():
    with pytest.raises(ConfigError) as caught:
        load(None, {"THREADPOST_SMTP__PORT": "many"})

    assert (caught.value.file, caught.value.line, caught.value.setting) == ("environment", 0, "smtp.port")
    assert "THREADPOST_SMTP__PORT" in str(caught.value)


def test_the_environment_reaches_mailboxes_and_lists():
    environ = {
        "THREADPOST_IMAP__SUPPORT__HOST": "imap.example.com",
        "THREADPOST_IMAP__SUPPORT__PASSWORD": "0123",
        "THREADPOST_IMAP__SUPPORT__PORT": "143",
        "THREADPOST_DOMAINS": '[{name = "a.test"}, {name = "b.test"}]',
        "THREADPOST_AUTH__DKIM_ALIASES": '{"corp.example" = ["corp.onmicrosoft.com"]}',
    }

    settings = load(None, environ)

    support = settings.imap["support"]
    assert (support.host, support.password, support.port) == ("imap.example.com", "0123", 143)
    assert [domain.name for domain in settings.domains] == ["a.test", "b.test"]
    assert settings.auth.dkim_aliases == {"corp.example": ["corp.onmicrosoft.com"]}


def test_a_mailbox_of_the_file_is_met_however_its_name_is_spelled(write):
    file = write("[imap.My-Box]\nhost = 'one.example'\n")

    settings = load(file, {"THREADPOST_IMAP__MY_BOX__HOST": "two.example"})

    assert {name: mailbox.host for name, mailbox in settings.imap.items()} == {"My-Box": "two.example"}


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("THREADPOST_SMTP", "x"),
        ("THREADPOST_SMTP", "{port = 1}"),
        ("THREADPOST_IMAP", "x"),
        ("THREADPOST_IMAP__SUPPORT", "x"),
        ("THREADPOST_IMAP__SUPPORT__HOTS", "x"),
        ("THREADPOST_IMAP__SUPPORT__PORT", "x"),
        ("THREADPOST_DOMAINS", "a.test"),
        ("THREADPOST_DOMAINS", "[{nmae = 'a.test'}]"),
        ("THREADPOST_DOMAINS__NAME", "a.test"),
        ("THREADPOST_BOGUS__PORT", "1"),
        ("THREADPOST_SMTP__BOGUS", "1"),
        ("THREADPOST_SMTP__PORT__MORE", "1"),
        ("THREADPOST_SMTP____PORT", "1"),
    ],
)
def test_a_variable_that_cannot_be_used_is_refused_by_name(variable, text):
    with pytest.raises(ConfigError) as caught:
        load(None, {variable: text})

    assert caught.value.file == "environment" and variable in str(caught.value)


def test_variables_of_other_programs_are_passed_over():
    others = dict.fromkeys(
        ("THREADPOST_ATTACK", "THREADPOST_TEST_DATABASE_URL", "THREADPOST_WEB_PORT", "THREADPOST_X"), "x"
    )

    assert load(None, others) == Settings()


def test_a_file_that_is_not_there_is_an_error():
    with pytest.raises(ConfigError):
        load("nowhere/threadpost.toml", {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"[[domains]]\nname = 'a.test'\nreply_prefix = '{'r' * 20}'", "octets before the @"),
        ("[[domains]]\nname = 'a_b..test'", "no domain name"),
        ("[web]\nbase_url = 'http://a.test/'", "base_url"),
        ("[notify]\nlanguage = 'klingon!!'", "no language tag"),
        ("[auth]\ntrusted_relays = ['mx.example.com']", "neither an IP address"),
        ("[data]\ndir = ''", "data.dir"),
        ("[data]\ndatabase_url = 'mysql://root:secret@h/x'", "data.database_url: 'mysql'"),
        ("[data]\ndatabase_url = 'nonsense'", "data.database_url"),
        ("[data]\ndatabase_url = 'postgresql://h:port/x'", "data.database_url"),
        ("[data]\nblob_url = 's3://bucket'", "data.blob_url"),
        ("[data]\nblob_url = 'ftp://b'", "data.blob_url"),
        ("[[domains]]\nname = 'a.test'\ndkim_selector = 's'\ndkim_key = 'no/such.pem'", "dkim_key"),
    ],
)
def test_settings_that_cannot_work_are_found(write, text, words):
    problems = check(load(write(text), {}))

    assert any(words in problem for problem in problems) and "secret" not in str(problems)


@pytest.mark.parametrize(
    "url", ["sqlite:////var/lib/threadpost/t.db", "postgresql://u:p@h:5432/t", "postgresql+psycopg:///t"]
)
def test_the_databases_that_we_know_are_taken(write, url):
    assert check(load(write(f"[data]\ndatabase_url = '{url}'"), {})) == []


def test_the_example_in_the_tree_is_the_one_that_is_generated():
    assert (data_dir("config") / "threadpost.toml").read_text() == describe()


def test_the_example_holds_good_toml_with_every_default(write):
    lines = [line[1:] for line in describe().splitlines() if line[:1] == "#" and line[1:2] not in ("", " ")]

    tables = tomllib.loads("\n".join(lines))

    assert tables["smtp"]["port"] == 8025
    assert tables["domains"][0]["reply_prefix"] == Domain(name="x").reply_prefix


def test_every_line_of_the_example_loads_when_its_sign_is_taken_away(write):
    lines = describe().splitlines()
    settings = [at for at, line in enumerate(lines) if line[:1] == "#" and line[1:2] not in ("", " ")]
    text = "\n".join(line[1:] if at in settings else line for at, line in enumerate(lines))

    loaded = load(write(text), {})

    assert len(settings) > 100
    assert loaded.auth.hops[0].peers == [] and loaded.domains[0].name == ""
