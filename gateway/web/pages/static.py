"""Style sheet and scripts: the files of one directory, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def handler(directory: Path) -> Any:
    """The route of the files that lie in the directory now."""
    files = {path.name: path.read_bytes() for path in directory.glob("*") if path.suffix in _TYPES}

    @get("/static/{name:str}", include_in_schema=False, sync_to_thread=False)
    def static_file(name: str) -> Response[bytes]:
        if name not in files:
            raise NotFoundException("there is no such file")
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(files[name], media_type=_TYPES[Path(name).suffix], headers=headers)

    return static_file
