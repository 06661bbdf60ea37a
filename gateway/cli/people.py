"""``partner``, ``token`` and ``login-link``: who is who, and who may ask."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli.common import ID, Asked, asks, json_option, print_json, print_table


@click.group()
def partner() -> None:
    """People: staff (internal) and contacts."""


@partner.command("add")
@click.argument("email")
@click.option("--name", default=None, help="Name in From lines and on pages.")
@click.option("--internal", is_flag=True, help="Staff: may log in, reads notes.")
@click.option("--admin", is_flag=True, help="Staff with all rights.")
@click.option(
    "--address", "addresses", multiple=True, metavar="ADDR", help="A further address of the same person."
)
@click.option("--language", default=None, help="Language of his mails, such as it.")
@asks
def add(
    asked: Asked,
    email: str,
    name: str | None,
    internal: bool,
    admin: bool,
    addresses: tuple[str, ...],
    language: str | None,
) -> None:
    """Enter a partner, or change him."""
    from gateway import clock
    from gateway.chatter.partners import put

    changes: dict[str, Any] = {"name": name, "language": language}
    if internal or admin:
        changes |= {"internal": True, "role": "admin" if admin else "member"}
    if addresses:
        changes["addresses"] = list(addresses)
    given = {key: value for key, value in changes.items() if value is not None}
    with asked.app.database.write() as session:
        found, is_new = put(session, email, given, clock.now(), asked.app.domains)
    click.echo(f"{'added' if is_new else 'changed'} {found.email} (partner {found.id})")


@partner.command("list")
@click.argument("query", default="")
@json_option
@asks
def list_(asked: Asked, query: str, as_json: bool) -> None:
    """List partners whose name or e-mail holds QUERY."""
    from gateway.chatter.record_views import partner_details
    from store.queries import partner as partners

    with asked.app.database.read() as session:
        found = partner_details(session, partners.search(session, query, after=None, limit=1000))
    if as_json:
        for row in found:
            print_json(row)
        return
    print_table(
        ["id", "e-mail", "name", "kind"],
        [(p.id, p.email, p.name, p.role or ("internal" if p.internal else "external")) for p in found],
    )


@click.group()
def token() -> None:
    """Tokens of applications for the HTTP API."""


@token.command("create")
@click.option("--name", required=True, help="Whose token this is.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="read, post, follow, ingest or admin; may be repeated or a comma list.",
)
@click.option("--record-type", "record_types", multiple=True, help="Only for this type; may be repeated.")
@asks
def create(asked: Asked, name: str, scopes: tuple[str, ...], record_types: tuple[str, ...]) -> None:
    """Make a token; prints it, once, and nothing else on standard output."""
    from gateway import clock
    from gateway.chatter.access import SCOPES, create_token

    wanted = {scope.strip() for text in scopes for scope in text.split(",") if scope.strip()}
    if not wanted or not wanted <= SCOPES:
        said = f"{', '.join(sorted(wanted - SCOPES)) or 'nothing'} is none of {', '.join(sorted(SCOPES))}"
        raise click.BadParameter(said, param_hint="--scope")
    if not name.strip():
        raise click.BadParameter("say whose token this is", param_hint="--name")
    known_types = asked.app.types.all()
    if unknown := sorted(set(record_types) - set(known_types)):
        said = f"{', '.join(unknown)} is none of {', '.join(sorted(known_types))}"
        raise click.BadParameter(said, param_hint="--record-type")
    with asked.app.database.write() as session:
        click.echo(
            create_token(session, name=name, scopes=wanted, record_types=record_types, now=clock.now())
        )


@token.command("list")
@json_option
@asks
def list_tokens(asked: Asked, as_json: bool) -> None:
    """List the tokens, without their secrets. The last use is exact to the hour."""
    from store.queries import access

    with asked.app.database.read() as session:
        rows = access.list_tokens(session)
    if as_json:
        for row in rows:
            print_json(
                {
                    "id": row.id, "name": row.name, "scopes": sorted(row.scopes),
                    "record_types": sorted(row.record_types), "active": row.active,
                    "created_at": row.created_at, "used_at": row.used_at,
                }
            )  # fmt: skip
        return
    print_table(
        ["id", "name", "scopes", "record types", "last use", "active"],
        [
            (
                row.id, row.name, ", ".join(sorted(row.scopes)), ", ".join(sorted(row.record_types)) or "all",
                f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never", "yes" if row.active else "no",
            )
            for row in rows
        ],
    )  # fmt: skip


@token.command("revoke")
@click.argument("token_id", type=ID)
@asks
def revoke(asked: Asked, token_id: int) -> None:
    """Make a token unusable."""
    from gateway.errors import NotFound
    from store.queries import access

    with asked.app.database.write() as session:
        if not access.withdraw_token(session, token_id):
            raise NotFound(f"there is no token {token_id}")


@click.command("login-link")
@click.argument("email")
@asks
def login_link(asked: Asked, email: str) -> None:
    """Print a single-use login URL for a colleague, and nothing else."""
    from gateway import clock
    from gateway.chatter.access import LOGIN_LINK_LIVES, make_link_secret
    from gateway.chatter.partners import known
    from gateway.errors import BadValue

    app = asked.app
    with app.database.write() as session:
        found = known(session, email, "email")
        if not (found.internal and found.active):
            raise BadValue.of("email", f"{found.email} is not an active colleague")
        secret = make_link_secret(
            session, "login", partner_id=found.id, payload={}, lives=LOGIN_LINK_LIVES, now=clock.now()
        )
    click.echo(f"{app.settings.web.base_url.rstrip('/')}/login?token={secret}")
