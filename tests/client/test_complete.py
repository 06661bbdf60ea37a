"""The client knows the whole API: the application's own OpenAPI document is the judge, in both directions."""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from msgspec import UnsetType

from gateway import client
from gateway.client import Call, Page, Upload, put_record
from gateway.web.app import create_web

CALLS: list[Callable[..., Call[Any]]] = [
    one
    for one in (getattr(client, name) for name in client.__all__)
    if inspect.isfunction(one) and "Call[" in str(one.__annotations__["return"])
]


FORMS = {
    "upload": {"actor", "pending"},
    "upload_files": {"actor", "pending"},
    "add_template_files": {"actor"},
}
"""The fields of a form beside its files: the document calls a form an object with anything in it."""

TWO_CALLS = {
    "POST /records/{record_type}/{key}/messages": {"post_message", "schedule_message"},
    "POST /records/{record_type}/{key}/attachments": {"upload", "upload_files"},
}
"""Operations that answer one of two shapes, as the request has it: one call for each answer."""

SHOWN_AS_GIVEN = {"RecordType.fields", "RecordType.subtypes"}
"""Objects that are read as they are written, a dictionary each."""


class Operation(NamedTuple):
    """One method of one path, as the document has it. keyed: it heeds an Idempotency-Key, which stands in no document."""

    method: str
    path: str
    told: dict[str, Any]
    keyed: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def takes(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path))
        return self.method == method and re.fullmatch(pattern, path) is not None


class Document:
    """The OpenAPI document of the application."""

    def __init__(self, app: Any) -> None:
        whole = json.loads(json.dumps(app.openapi_schema.to_schema()))
        self._schemas = whole["components"]["schemas"]
        keyed = {
            re.sub(r":\w+", "", route.path)
            for route in app.routes
            for handler in getattr(route, "route_handlers", ())
            if "POST" in handler.http_methods and "request" in handler.parsed_fn_signature.parameters
        }
        self.operations = [
            Operation(method.upper(), path.removeprefix("/api/v1"), told, method == "post" and path in keyed)
            for path, methods in whole["paths"].items()
            for method, told in methods.items()
        ]

    def resolved(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema itself; of several, the first that is not null."""
        for one in schema.get("oneOf", ()):
            if one != {"type": "null"}:
                return self.resolved(one)
        if "$ref" in schema:
            return self.resolved(self._schemas[schema["$ref"].rpartition("/")[2]])
        return dict(schema)

    def answers(self, operation: Operation) -> list[dict[str, Any]]:
        """What an operation may answer as JSON; nothing for octets and for 204."""
        answers = [one for status, one in operation.told["responses"].items() if status[0] == "2"]
        schemas = [
            (one.get("content") or {}).get("application/json", {}).get("schema", {}) for one in answers
        ]
        assert all(schema == schemas[0] for schema in schemas), "new or not, it is the same thing"
        schema = schemas[0]
        return [self.resolved(one) for one in schema.get("oneOf", [schema] if schema else [])]

    def sample(self, schema: Mapping[str, Any], *, bare: bool) -> Any:
        """An answer of this schema. bare: null or absent is whatever may be."""
        if bare and {"type": "null"} in schema.get("oneOf", ()):
            return None
        schema = self.resolved(schema)
        match schema.get("type"):
            case "object":
                required = schema.get("required", ())
                return {
                    name: self.sample(inner, bare=bare)
                    for name, inner in schema.get("properties", {}).items()
                    if not bare or name in required
                }
            case "array":
                return [self.sample(schema["items"], bare=bare)]
            case "integer" | "number":
                return 7
            case "boolean":
                return True
            case _:
                return "2026-11-28T08:00:00Z" if schema.get("format") == "date-time" else "x"


@pytest.fixture(scope="module")
def document() -> Document:
    """The document needs no service of the application."""
    services: Any = types.SimpleNamespace(max_upload=1, outbox_dir=None)
    return Document(create_web(services))


def made_up(hint: Any, name: str) -> Any:
    """A value of this type that a call would not leave out; a text says what it is."""
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind in (types.UnionType, typing.Union):
        arms = [arm for arm in inner if arm not in (UnsetType, type(None))]
        return made_up(arms[0], name) if arms else None
    if kind is tuple:
        return tuple(made_up(one, name) for one in inner)
    if kind is Call:
        return everything(put_record)
    if kind is not None and issubclass(kind, Mapping):
        return {"x": "y"}
    if kind is not None:  # a sequence
        return [made_up(inner[0], name)]
    return {str: name, Any: name, int: 7, bool: True, bytes: b"x", Upload: Upload("x", b"x")}[hint]


def everything(function: Callable[..., Call[Any]]) -> Call[Any]:
    """The call with every argument that it takes."""
    hints = typing.get_type_hints(function)
    given = {
        name: made_up(hints[name], name)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.VAR_POSITIONAL
    }
    return function(**given)


def reached(document: Document, call: Call[Any]) -> Operation:
    """The operation of a call."""
    found = [one for one in document.operations if one.takes(call.method, call.path)]
    assert len(found) == 1, f"{call.method} {call.path} is no operation of the API"
    return found[0]


def test_every_operation_has_its_call_and_every_call_its_operation(document: Document):
    callers: dict[str, set[str]] = {one.name: set() for one in document.operations}
    for function in CALLS:
        callers[reached(document, everything(function)).name].add(function.__name__)

    assert [name for name, functions in callers.items() if not functions] == [], "no call reaches these"
    several = {name: functions for name, functions in callers.items() if len(functions) > 1}
    assert several == TWO_CALLS


@pytest.mark.parametrize("function", CALLS, ids=lambda function: function.__name__)
def test_a_call_takes_all_that_its_operation_declares(document: Document, function: Callable[..., Call[Any]]):
    call = everything(function)
    operation = reached(document, call)
    declared = {one["name"] for one in operation.told.get("parameters", ()) if one["in"] == "query"}

    assert set(call.query) == declared, "in the query"
    assert set(call.body or ()) == properties(document, operation, function.__name__), "in the body"
    assert bool(call.key) == operation.keyed, "an idempotency_key"


@pytest.mark.parametrize("function", CALLS, ids=lambda function: function.__name__)
def test_every_argument_goes_to_its_own_place(document: Document, function: Callable[..., Call[Any]]):
    call = everything(function)
    texts = {name for name, hint in typing.get_type_hints(function).items() if is_text(hint)} - {
        "content_type"
    }
    sent = {**call.query, **(call.body or {})}
    steps = zip(reached(document, call).path.split("/"), call.path.split("/"), strict=True)
    places = {template.strip("{}"): value for template, value in steps if template.startswith("{")}

    wrong = {
        name: value
        for name, value in [*sent.items(), *places.items()]
        if name in texts
        and value not in (name, f"new_{name}")  # new: in the body, and the old one in the path
    }
    assert wrong == {}
    told = json.dumps([sent, call.path, call.key, [one.name for one in call.uploads]])
    assert [name for name in texts if f'"{name}"' not in told and name not in call.path.split("/")] == []


def is_text(hint: Any) -> bool:
    """The argument is one text, or may be."""
    return hint is str or (typing.get_origin(hint) is types.UnionType and str in typing.get_args(hint))


def properties(document: Document, operation: Operation, function: str) -> set[str]:
    """The names that the body of an operation may have."""
    content = operation.told.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return FORMS[function]
    [body] = content.values() or [{"schema": {}}]
    return set(document.resolved(body["schema"]).get("properties", ()))


def test_an_item_of_a_batch_takes_all_that_the_batch_declares(document: Document):
    call = everything(client.put_records)
    [item] = (call.body or {})["items"]
    [body] = reached(document, call).told["requestBody"]["content"].values()
    declared = document.resolved(document.resolved(body["schema"])["properties"]["items"]["items"])

    assert set(item) == set(declared["properties"])


@pytest.mark.parametrize("function", CALLS, ids=lambda function: function.__name__)
def test_a_shape_reads_all_that_is_answered_and_bears_whatever_may_be_null(
    document: Document, function: Callable[..., Call[Any]]
):
    call = everything(function)
    answers = document.answers(reached(document, call))
    if call.shape in (None, bytes):
        assert answers == []
        return

    for shape in call.shape if isinstance(call.shape, tuple) else (call.shape,):
        fitting = [one for one in answers if list(unread(document, one, shape)) == []]
        nearest = min(answers, key=lambda one: len(list(unread(document, one, shape))))
        assert fitting, f"not read: {', '.join(unread(document, nearest, shape))}"
        for bare in (False, True):
            msgspec.convert(document.sample(fitting[0], bare=bare), shape)


def unread(document: Document, schema: Mapping[str, Any], shape: Any) -> Iterator[str]:
    """The properties of an answer that the shape passes over, and the fields of the shape that nothing fills."""
    schema = document.resolved(schema)
    if schema.get("type") == "array":
        yield from unread(document, schema["items"], arms(shape)[0])
        return
    if "properties" not in schema:
        return
    struct = next((one for one in arms(shape) if isinstance(typing.get_origin(one) or one, type)), None)
    origin = typing.get_origin(struct) or struct
    if not (isinstance(origin, type) and issubclass(origin, msgspec.Struct)):
        yield f"{shape} reads no object"
        return
    fields = fields_of(struct)
    for name in sorted(set(fields) ^ set(schema["properties"])):
        yield f"{origin.__name__}.{name}"
    for name in sorted(set(fields) & set(schema["properties"])):
        if f"{origin.__name__}.{name}" not in SHOWN_AS_GIVEN:
            yield from unread(document, schema["properties"][name], fields[name])


def fields_of(struct: Any) -> dict[str, Any]:
    """The fields of a struct and their types; the items of a page are what the page is of."""
    origin, inner = typing.get_origin(struct) or struct, typing.get_args(struct)
    fields = typing.get_type_hints(origin)
    for base in getattr(origin, "__orig_bases__", ()):
        inner = inner or (typing.get_args(base) if typing.get_origin(base) is Page else ())
    if issubclass(origin, Page):
        fields["items"] = list[inner[0]]  # type: ignore[valid-type]
    return {name: hint for name, hint in fields.items() if name in origin.__struct_fields__}


def arms(hint: Any) -> list[Any]:
    """What a value may be beside null: the item of a list, the parts of a union."""
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind is list:
        return [inner[0]]
    if kind in (types.UnionType, typing.Union):
        return [one for one in inner if one is not type(None)]
    return [hint]


def test_a_call_can_be_carried_out_with_all_that_it_takes():
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        return httpx.Response(409, json={"detail": "seen"})

    with client.Client("http://threads.test", "token", transport=httpx.MockTransport(answer)) as api:
        for function in CALLS:
            with pytest.raises(client.ProblemError, match="seen"):
                api(everything(function))

    assert len(asked) == len(CALLS)


def test_all_names_that_the_package_offers_are_there_documented_and_typed():
    assert all(hasattr(client, name) for name in client.__all__)
    assert [one.__name__ for one in CALLS if not (one.__doc__ or "").strip()] == []
    assert (Path(client.__file__).parents[1] / "py.typed").exists()
