"""The verbs, the options before them, and how trouble ends the process."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from gateway import __version__
from gateway.cli.common import Asked, config_option
from gateway.errors import ConfigError, GatewayError, RequestError
from store.trouble import StoreUnavailable

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_SOFTWARE, EX_TEMPFAIL, EX_CONFIG = 64, 65, 66, 67, 70, 75, 78

# verb -> module:attribute; a module is imported when its verb is used, so that `parse` starts quickly
VERBS = {
    "config": "gateway.cli.config:config",
    "db": "gateway.cli.db:db",
    "demo": "gateway.cli.demo:demo",
    "dkim": "gateway.cli.dkim:dkim",
    "doctor": "gateway.cli.doctor:doctor",
    "explain": "gateway.cli.mail:explain",
    "inject": "gateway.cli.mail:inject",
    "ledger": "gateway.cli.ledger:ledger",
    "login-link": "gateway.cli.people:login_link",
    "parse": "gateway.cli.mail:parse",
    "partner": "gateway.cli.people:partner",
    "queue": "gateway.cli.queue:queue",
    "replay": "gateway.cli.ledger:replay",
    "serve": "gateway.cli.serve:serve",
    "tick": "gateway.cli.tick:tick",
    "token": "gateway.cli.people:token",
}


class Verbs(click.Group):
    """Imports a verb when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module, _, attribute = VERBS[name].partition(":")
        command: Any = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="threadpost")
@config_option
@click.pass_context
def threadpost(context: click.Context, config: str | None) -> None:
    """A mail gateway that gives any record of any application a conversation."""
    context.obj = Asked(config)


def main() -> None:
    """Run the command line; never returns."""
    sys.exit(_run())


def _run() -> int:
    try:
        threadpost(standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return 130
    except click.UsageError as trouble:
        trouble.show()
        return EX_USAGE
    except click.ClickException as trouble:
        trouble.show()
        return trouble.exit_code
    except ConfigError as trouble:
        return _say(str(trouble), EX_CONFIG)
    except RequestError as trouble:
        return _say(str(trouble), EX_DATAERR)
    except StoreUnavailable as trouble:
        return _say(f"the database is not available: {trouble}", EX_TEMPFAIL)
    except GatewayError as trouble:
        return _say(str(trouble), EX_TEMPFAIL if trouble.code < 500 else EX_DATAERR)
    return 0


def _say(text: str, code: int) -> int:
    click.echo(f"threadpost: {text}", err=True)
    return code
