"""The HTTP contract as the server shows it (/openapi.json), and whether an answer keeps to it."""

import re
from datetime import datetime

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from lib.wire import Answer

_URI = "urn:chaac:contract"
_METHODS = ("get", "post", "put", "delete", "patch", "options", "head", "trace")
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value) -> bool:
    """RFC 3339: with a time zone, 'T' between date and time."""
    if not isinstance(value, str):
        return True
    return "T" in value and datetime.fromisoformat(value).utcoffset() is not None


def _escape(part: str) -> str:
    """A part of a JSON pointer within a URI's fragment."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


class Contract:
    """Immutable; answers are held against it one by one."""

    def __init__(self, document: dict):
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry = Registry().with_resource(_URI, resource)

    @property
    def operations(self) -> dict[tuple[str, str], dict]:
        """By method (upper case) and path."""
        return {
            (method.upper(), path): operation
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in _METHODS
        }

    def is_admin(self, path: str) -> bool:
        return "servers" in self.document["paths"][path]

    def path_of(self, target: str) -> str:
        """The path of the document that `target` belongs to; one without parameters comes first."""
        path = target.split("?")[0]
        if path in self.document["paths"]:
            return path
        for template in self.document["paths"]:
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if "{" in template and re.fullmatch(pattern, path):
                return template
        raise AssertionError(f"{target} is not in the contract")

    def statuses(self, method: str, path: str) -> set[int]:
        return {int(status) for status in self.operations[method, path]["responses"]}

    def check(self, method: str, target: str, answer: Answer) -> int:
        """Asserts that the answer to a request is one that the document describes: its status, its
        headers, its media type, its body. Returns the status."""
        path = self.path_of(target)
        documented = ("GET", path) if method == "HEAD" else (method, path)
        if documented not in self.operations:  # A method that is refused: any operation tells how.
            assert answer.status == 405, (method, target, answer)
            documented = next(key for key in self.operations if key[1] == path)
        where = ["paths", path, documented[0].lower(), "responses", str(answer.status)]
        response, where = self._resolve(where)
        for name, header in response.get("headers", {}).items():
            if self._dereference(header).get("required"):
                assert name.lower() in answer.headers, (name, target, answer)
        if answer.body:
            self._check_body(response, where, answer, target)
        elif method != "HEAD":
            assert "content" not in response, (target, answer)
        return answer.status

    def check_schema(self, where: list[str], value):
        """Asserts that `value` is as the schema at the position `where` says."""
        pointer = "#/" + "/".join(_escape(part) for part in where)
        validator = Draft202012Validator(
            {"$ref": _URI + pointer}, registry=self._registry, format_checker=_FORMATS
        )
        errors = [
            f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in validator.iter_errors(value)
        ]
        assert not errors, (where, errors, value)

    def _check_body(self, response: dict, where: list[str], answer: Answer, target: str):
        media_type = answer.headers["content-type"].split(";")[0]
        assert media_type in response.get("content", {}), (target, answer)
        value = answer.json() if media_type.endswith("json") else answer.body.decode()
        self.check_schema([*where, "content", media_type, "schema"], value)

    def _resolve(self, where: list[str]) -> tuple[dict, list[str]]:
        """What stands at a position, and where it stands after a reference was followed."""
        node = self.document
        for part in where:
            assert part in node, f"{'/'.join(where)} is not in the contract"
            node = node[part]
        if "$ref" in node:
            return self._resolve(node["$ref"].removeprefix("#/").split("/"))
        return node, where

    def _dereference(self, node: dict) -> dict:
        if "$ref" in node:
            return self._resolve(node["$ref"].removeprefix("#/").split("/"))[0]
        return node
