"""The verbs, the options before them, and how trouble ends the process."""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import Any

import click

from gateway import __version__
from gateway.cli.common import Asked, config_option, take_config
from gateway.cli.exits import EX_CONFIG, EX_DATAERR, EX_IOERR, EX_SOFTWARE, EX_TEMPFAIL, EX_USAGE, Ends
from gateway.errors import ConfigError, GatewayError, RequestError
from store.trouble import StoreUnavailable

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
        return take_config(command) if isinstance(command, click.Command) else None


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="threadpost")
@config_option
@click.pass_context
def threadpost(context: click.Context) -> None:
    """A mail gateway that gives any record of any application a conversation."""
    context.ensure_object(Asked)


def main() -> None:
    """Run the command line; never returns."""
    sys.exit(_run())


def _run() -> int:
    try:
        threadpost(standalone_mode=False)
    except Ends as end:
        return _say(end.text, end.code)
    except click.Abort:
        return 130
    except click.ClickException as trouble:
        trouble.show()
        return EX_USAGE
    except ConfigError as trouble:
        return _say(str(trouble), EX_CONFIG)
    except RequestError as trouble:
        return _say(str(trouble), EX_DATAERR)
    except StoreUnavailable as trouble:
        return _say(f"the database is not available: {trouble}", EX_TEMPFAIL)
    except GatewayError as trouble:
        return _say(str(trouble), EX_TEMPFAIL if trouble.code < 500 else EX_DATAERR)
    except (BrokenPipeError, SystemExit):  # who read our output wants no more of it
        return EX_IOERR
    except OSError as trouble:
        return _say(str(trouble), EX_IOERR)
    except Exception as trouble:  # noqa: BLE001 - no verb ends with a code that means nothing
        traceback.print_exc()
        return _say(f"a fault of ours: {type(trouble).__name__}", EX_SOFTWARE)
    return 0


def _say(text: str, code: int) -> int:
    """Say what was wrong, if anything is left to be said."""
    if text:
        click.echo(f"threadpost: {text}", err=True)
    return code
