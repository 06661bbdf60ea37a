"""The configuration: defaults work, mistakes are named with their place, the example is in step."""

import tomllib
from pathlib import Path

import pytest

from gateway.data import data_dir
from gateway.errors import ConfigError
from gateway.settings import Domain, Settings, check, describe, load

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
trusted_relays = ["127.0.0.1"]
[[auth.hops]]
peers = ["127.0.0.9"]
authserv_ids = ["mx.example.com"]
xforward = true
spam_headers = ["X-Spam-Flag: YES"]
[imap.support]
host = "127.0.0.1"
port = 1143
tls = false
"""


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
    assert settings.imap["support"].port == 1143


@pytest.mark.parametrize(
    ("text", "line", "setting"),
    [
        ("[smtp]\nport = 1\nmax_siz = 3\n", 3, "smtp.max_siz"),
        ("[web]\nport = 1\n\n[smtp]\nport = 'x'\n", 5, "smtp.port"),
        ("\n[smpt]\nport = 1\n", 2, "smpt"),
        ("[smtp\n", 1, "syntax"),
        ("[[auth.hops]]\nxforward = true\n", 1, "auth.hops[0].peers"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_setting(write, text, line, setting):
    file = write(text)

    with pytest.raises(ConfigError) as caught:
        load(file, {})

    assert (caught.value.file, caught.value.line) == (str(file), line)
    assert caught.value.setting.replace("[...]", "[0]") == setting


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


def test_a_file_that_is_not_there_is_an_error():
    with pytest.raises(ConfigError):
        load("nowhere/threadpost.toml", {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"[[domains]]\nname = 'a.test'\nreply_prefix = '{'r' * 20}'", "octets before the @"),
        ("[[domains]]\nname = 'a_b..test'", "no domain name"),
        ("[web]\nbase_url = 'http://a.test/'", "base_url"),
        ("[auth]\ntrusted_relays = ['mx.example.com']", "neither an IP address"),
        ("[[domains]]\nname = 'a.test'\ndkim_selector = 's'\ndkim_key = 'no/such.pem'", "dkim_key"),
    ],
)
def test_settings_that_cannot_work_are_found(write, text, words):
    assert any(words in problem for problem in check(load(write(text), {})))


def test_the_example_in_the_tree_is_the_one_that_is_generated():
    assert (data_dir("config") / "threadpost.toml").read_text() == describe()


def test_the_example_holds_good_toml_with_every_default(write):
    lines = [line[1:] for line in describe().splitlines() if line[:1] == "#" and line[1:2] not in ("", " ")]

    tables = tomllib.loads("\n".join(lines))

    assert tables["smtp"]["port"] == 8025
    assert tables["domains"][0]["reply_prefix"] == Domain(name="x").reply_prefix
