"""JSON schemas of Python functions, from their type hints and Google-style docstrings: how tools reach a template."""

from __future__ import annotations

import enum
import inspect
import json
import re
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class TypeHintParsingException(Exception):  # noqa: N818 (the name is the API)
    """A type hint that has no JSON schema, or an argument without one."""


class DocstringParsingException(Exception):  # noqa: N818 (the name is the API)
    """A docstring that is missing, or doesn't describe an argument."""


_BASIC: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
    Any: {},
}
_SCALAR = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
_HEADINGS = ("Args:", "Returns:", "Raises:")
_UNION_TYPES = {Union, getattr(types, "UnionType", Union)}


def _enum_schema(values: list) -> dict[str, Any]:
    kinds = list(dict.fromkeys(_SCALAR[type(value)] for value in values))
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": values}


def type_hint_schema(hint: Any) -> dict[str, Any]:
    """JSON schema of one type hint."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is None:
        return _plain_schema(hint)
    if origin in _UNION_TYPES:
        return _union_schema(args)
    if origin is Literal and args:
        if any(type(arg) not in _SCALAR for arg in args):
            raise TypeHintParsingException("Only the valid python literals can be listed in typing.Literal.")
        return _enum_schema(list(args))
    if origin is list:
        return {"type": "array", "items": type_hint_schema(args[0])} if args else {"type": "array"}
    if origin is tuple:
        return _tuple_schema(hint, args)
    if origin is dict:
        schema: dict[str, Any] = {"type": "object"}
        if len(args) == 2:
            schema["additionalProperties"] = type_hint_schema(args[1])
        return schema
    raise TypeHintParsingException("Couldn't parse this type hint, likely due to a custom class or object: ", hint)


def _plain_schema(hint: Any) -> dict[str, Any]:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        values = [member.value for member in hint]
        if not values:
            raise TypeHintParsingException(f"The Enum {hint.__name__} has no members, so no value could ever match it.")
        if any(type(value) not in _SCALAR for value in values):
            raise TypeHintParsingException(
                f"The Enum {hint.__name__} has member values that cannot be written as JSON scalars.\nValues: {values}"
            )
        return _enum_schema(values)
    try:
        return dict(_BASIC[hint])
    except (KeyError, TypeError):
        pass
    if getattr(hint, "__module__", "").startswith("PIL.") and getattr(hint, "__name__", "") == "Image":
        return {"type": "image"}
    if getattr(hint, "__name__", "") == "Tensor":
        return {"type": "audio"}
    raise TypeHintParsingException(
        f"Couldn't convert the type hint {hint!r} to a JSON schema, likely because it is a custom class "
        "or object. Supported are int, float, str, bool, Enum classes, typing.Literal, and list, tuple, dict and "
        "Union of those; for anything else pass a JSON schema written by hand instead of the function."
    )


def _union_schema(args: tuple) -> dict[str, Any]:
    members = [type_hint_schema(arg) for arg in args if arg is not type(None)]
    if len(members) == 1:
        schema = members[0]
    elif all(member.keys() == {"type"} and isinstance(member["type"], str) for member in members):
        names = sorted({member["type"] for member in members})
        schema = {"type": names[0] if len(names) == 1 else names}
    else:
        schema = {"anyOf": members}
    if type(None) in args:
        schema["nullable"] = True
    return schema


def _tuple_schema(hint: Any, args: tuple) -> dict[str, Any]:
    if not args:
        return {"type": "array"}
    if len(args) == 1:
        raise TypeHintParsingException(
            f"The type hint {str(hint).replace('typing.', '')} is a Tuple with a single element, which "
            "we do not automatically convert to JSON schema as it is rarely necessary. Use list[] for more elements, "
            "or the element's type alone."
        )
    if ... in args:
        raise TypeHintParsingException(
            "Conversion of '...' is not supported in Tuple type hints. "
            "Use list[] types for variable-length inputs instead."
        )
    return {"type": "array", "prefixItems": [type_hint_schema(arg) for arg in args]}


def parse_google_format_docstring(docstring: str) -> tuple[str | None, dict[str, str], str | None]:
    """Description, argument descriptions by name, and description of the result."""
    arguments = _section(docstring, "Args:", _HEADINGS[1:])
    returns = _section(docstring, "Returns:", _HEADINGS[2:])
    return (
        _before(docstring, _HEADINGS).strip(),
        _argument_docs((arguments or "").split("\n")),
        None if returns is None else returns.strip(),
    )


def _before(text: str, headings: tuple[str, ...]) -> str:
    """The text up to the first of the headings, which end it within a line too."""
    return re.split("|".join(headings), text, maxsplit=1)[0]


def _section(docstring: str, heading: str, ends: tuple[str, ...]) -> str | None:
    """What stands below a heading that has a line of its own, which is not the first: that one describes."""
    parts = re.split(rf"\n\s*{heading}[^\S\n]*\n", docstring, maxsplit=1)
    return _before(parts[1], ends) if len(parts) == 2 else None


def _argument_docs(lines: list[str]) -> dict[str, str]:
    """`name: text` entries; a line that is indented deeper than its entry continues it."""
    docs: dict[str, str] = {}
    name, indent = None, 0
    for line in lines:
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        entry = re.match(r"\s*(\w+):\s*(.*)$", line)
        if entry and (name is None or depth <= indent):
            name, indent = entry[1], depth
            docs[name] = entry[2].strip()
        elif name is not None:
            docs[name] = f"{docs[name]} {line.strip()}".strip()
    return docs


def _parameters_schema(func: Callable) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Schema of the arguments, and of the result if it has a hint that can be said in JSON."""
    hints = get_type_hints(func)
    parameters = dict(inspect.signature(func).parameters)
    first = next(iter(parameters), None)
    if first in ("self", "cls") and parameters[first].annotation is inspect.Parameter.empty:
        del parameters[first]
    required = []
    for name, parameter in parameters.items():
        if parameter.annotation is inspect.Parameter.empty:
            raise TypeHintParsingException(
                f"Argument {name} is missing a type hint in function {getattr(func, '__name__', 'operation')}"
            )
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
    result = None
    if "return" in hints:
        try:
            result = type_hint_schema(hints["return"])
        except TypeHintParsingException:
            pass  # the model never writes the result, so it may stay undescribed
    properties = {name: type_hint_schema(hint) for name, hint in hints.items() if name in parameters}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema, result


def get_json_schema(func: Callable) -> dict[str, Any]:
    """JSON schema of a function for the `tools` of a chat template.

    The docstring describes the function and, under `Args:`, every argument; an argument's text may end in
    `(choices: ["a", "b"])`. Every argument has a type hint.

    >>> def multiply(x: float, y: float):
    ...     '''Multiply two numbers.
    ...
    ...     Args:
    ...         x: The first number
    ...         y: The second number
    ...     '''
    >>> get_json_schema(multiply)["function"]["parameters"]["required"]
    ['x', 'y']
    """
    name = getattr(func, "__name__", "operation")
    doc = (inspect.getdoc(func) or "").strip()
    if not doc:
        raise DocstringParsingException(f"Cannot generate JSON schema for {name} because it has no docstring!")
    description, arguments, returns = parse_google_format_docstring(doc)
    parameters, result = _parameters_schema(func)
    for argument, schema in parameters["properties"].items():
        if argument not in arguments:
            raise DocstringParsingException(
                f"Cannot generate JSON schema for {name} because the docstring has no description for the argument "
                f"'{argument}'"
            )
        text = arguments[argument]
        choices = re.search(r"\(choices:\s*(.*?)\)\s*$", text, flags=re.IGNORECASE)
        if choices:
            values = json.loads(choices[1])
            schema["enum"] = [value.strip() if isinstance(value, str) else value for value in values]
            text = text[: choices.start()].strip()
        schema["description"] = text
    function: dict[str, Any] = {"name": name, "description": description, "parameters": parameters}
    if result is not None:
        if returns is not None:
            result["description"] = returns
        function["return"] = result
    return {"type": "function", "function": function}
