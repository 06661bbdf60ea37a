"""Render a page in the reader's language, and lead back to one after a form."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from litestar import MediaType, Request, Response
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from gateway.web.auth import Colleague
from gateway.web.errors import spoken
from gateway.web.services import Services

Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
Upload = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]


def page(
    request: Request[Any, Any, Any], services: Services, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """A page. template: its name in templates/web."""
    shown = {
        "colleague": request.scope.get("user"),
        "now": services.now(),
        "has_outbox": services.outbox_dir is not None,
        **context,
    }
    html = services.templates.render(f"web/{template}", language_of(request, services), shown)
    return Response(html, status_code=status, media_type=MediaType.HTML)


def language_of(request: Request[Any, Any, Any], services: Services) -> str:
    """The language of who looks: a colleague's own comes before his browser's."""
    colleague: Colleague | None = request.scope.get("user")
    wish = colleague.partner.language if colleague else ""
    return services.templates.language(wish) if wish else spoken(request)


def back_to(path: str) -> Redirect:
    """Show a page of ours after a form (303: with GET)."""
    return Redirect(path, status_code=303)


def record_path(record_type: str, key: str) -> str:
    """The page of a record."""
    return f"/r/{quote(record_type, safe='')}/{quote(key, safe='')}"
