"""`HfArgumentParser`: command-line arguments out of dataclasses."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import types
import typing
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Callable

_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))


def string_to_bool(value: Any) -> bool:
    """yes, true, t, y, 1 and their opposites.

    >>> string_to_bool("Yes"), string_to_bool("0")
    (True, False)
    """
    if isinstance(value, bool):
        return value
    if value.lower() in ("yes", "true", "t", "y", "1"):
        return True
    if value.lower() in ("no", "false", "f", "n", "0"):
        return False
    raise ArgumentTypeError(
        f"Truthy value expected: got {value} but expected one of yes/no, true/false, t/f, y/n, 1/0 (case insensitive)."
    )


def _choice(choices: Iterable[Any]) -> Callable[[str], Any]:
    known = {str(choice): choice for choice in choices}
    return lambda text: known.get(text, text)


def HfArg(  # noqa: N802 (transformers' name)
    *, aliases: str | list[str] | None = None, help: str | None = None, default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING, metadata: dict | None = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """A dataclass field with `aliases` and `help` for the command line."""
    metadata = dict(metadata or {})
    metadata.update({k: v for k, v in (("aliases", aliases), ("help", help)) if v is not None})
    return dataclasses.field(metadata=metadata, default=default, default_factory=default_factory, **kwargs)


class HfArgumentParser(ArgumentParser):
    """An `ArgumentParser` with an option for every field of some dataclasses.

    >>> @dataclasses.dataclass
    ... class Options:
    ...     name: str = "a"
    ...     count: int = 1
    ...     fast: bool = False
    >>> HfArgumentParser(Options).parse_args_into_dataclasses(["--count", "3", "--fast"], look_for_args_file=False)
    (Options(name='a', count=3, fast=True),)
    """

    def __init__(self, dataclass_types: Any = None, **kwargs: Any):
        kwargs.setdefault("formatter_class", ArgumentDefaultsHelpFormatter)
        super().__init__(**kwargs)
        if dataclass_types is None:
            dataclass_types = []
        elif dataclasses.is_dataclass(dataclass_types) or not isinstance(dataclass_types, Iterable):
            dataclass_types = [dataclass_types]
        self.dataclass_types = list(dataclass_types)
        for kind in self.dataclass_types:
            self._add_dataclass(kind)

    def _add_dataclass(self, kind: Any) -> None:
        group = getattr(kind, "_argument_group_name", None)
        parser = self.add_argument_group(group) if group else self
        try:
            hints = typing.get_type_hints(kind)
        except (NameError, TypeError) as error:
            raise RuntimeError(
                f"Type resolution failed for {kind}. Try declaring the class in global scope or removing line of "
                "`from __future__ import annotations` which opts in Postponed Evaluation of Annotations (PEP 563)"
            ) from error
        for field in dataclasses.fields(kind):
            if field.init:
                _add_field(parser, field, hints[field.name])

    def parse_args_into_dataclasses(
        self, args: list[str] | None = None, return_remaining_strings: bool = False, look_for_args_file: bool = True,
        args_filename: str | None = None, args_file_flag: str | None = None,
    ) -> tuple:  # fmt: skip
        """Instances of the dataclasses, a namespace for options added by hand, and unknown strings where asked for.

        Args:
            args: default `sys.argv[1:]`.
            look_for_args_file: read `<script>.args` first, if it is there.
            args_filename: read this file instead.
            args_file_flag: an option that names such files.

        Raises:
            ValueError: strings that no option takes, unless `return_remaining_strings`.
        """
        files = []
        if args_filename:
            files.append(Path(args_filename))
        elif look_for_args_file and sys.argv and sys.argv[0]:
            files.append(Path(sys.argv[0]).with_suffix(".args"))
        if args_file_flag:
            flag = ArgumentParser(add_help=False)
            flag.add_argument(args_file_flag, dest="files", type=str, action="append")
            found, args = flag.parse_known_args(args)
            files += [Path(name) for name in found.files or []]
        words = [word for file in files if file.is_file() for word in file.read_text(encoding="utf-8").split()]
        namespace, rest = self.parse_known_args(words + list(sys.argv[1:] if args is None else args))
        outputs: list[Any] = []
        for kind in self.dataclass_types:
            names = {field.name for field in dataclasses.fields(kind) if field.init}
            outputs.append(kind(**{k: v for k, v in vars(namespace).items() if k in names}))
            for name in names:
                delattr(namespace, name)
        if vars(namespace):
            outputs.append(namespace)
        if return_remaining_strings:
            return (*outputs, rest)
        if rest:
            raise ValueError(f"Some specified arguments are not used by the HfArgumentParser: {rest}")
        return tuple(outputs)

    def parse_dict(self, args: dict[str, Any], allow_extra_keys: bool = False) -> tuple:
        """Instances of the dataclasses from a dict. ValueError for keys that none has."""
        left, outputs = set(args), []
        for kind in self.dataclass_types:
            names = {field.name for field in dataclasses.fields(kind) if field.init}
            outputs.append(kind(**{k: v for k, v in args.items() if k in names}))
            left -= names
        if left and not allow_extra_keys:
            raise ValueError(f"Some keys are not used by the HfArgumentParser: {sorted(left)}")
        return tuple(outputs)

    def parse_json_file(self, json_file: str | os.PathLike, allow_extra_keys: bool = False) -> tuple:
        """`parse_dict` of a JSON file."""
        return self.parse_dict(json.loads(Path(json_file).read_text(encoding="utf-8")), allow_extra_keys)

    def parse_yaml_file(self, yaml_file: str | os.PathLike, allow_extra_keys: bool = False) -> tuple:
        """`parse_dict` of a YAML file; needs `pyyaml`."""
        import yaml

        return self.parse_dict(yaml.safe_load(Path(yaml_file).read_text(encoding="utf-8")), allow_extra_keys)


def _one_type(field: Any, hint: Any) -> Any:
    """The type to parse as: of a union its first that is not None or, where text is possible, what is beside it."""
    if typing.get_origin(hint) not in _UNIONS:
        return hint
    members = typing.get_args(hint)
    if str not in members and (len(members) != 2 or type(None) not in members):
        raise ValueError(
            "Only `Union[X, NoneType]` (i.e., `Optional[X]`) is allowed for `Union` because the argument parser only "
            f"supports one type per argument. Problem encountered in field '{field.name}'."
        )
    if type(None) not in members:
        return members[0] if members[1] is str else members[1]
    if bool in members:
        return typing.Optional[bool] if len(members) == 2 else str
    kinds = [member for member in members if member is not type(None)]
    return next((kind for kind in kinds if _is_list(kind)), str if str in kinds else kinds[0])


def _is_list(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, list)


def _add_field(parser: Any, field: Any, hint: Any) -> None:
    options = [f"--{field.name}"]
    if "_" in field.name:
        options.append(f"--{field.name.replace('_', '-')}")
    kwargs = dict(field.metadata)
    aliases = kwargs.pop("aliases", [])
    aliases = [aliases] if isinstance(aliases, str) else aliases
    if "help" in kwargs:
        kwargs["help"] = kwargs["help"].replace("%", "%%").replace("%%%%", "%%")
    hint, missing = _one_type(field, hint), dataclasses.MISSING
    default = field.default_factory() if field.default_factory is not missing else field.default
    of_bool = hint is bool or hint == typing.Optional[bool]
    opposite = {k: v for k, v in kwargs.items() if k not in ("nargs", "const", "choices")}
    if default is not missing:
        kwargs["default"] = default
    if typing.get_origin(hint) is typing.Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        literal = typing.get_origin(hint) is typing.Literal
        kwargs["choices"] = list(typing.get_args(hint)) if literal else [member.value for member in hint]
        kwargs["type"] = _choice(kwargs["choices"])
    elif of_bool:
        kwargs["type"] = string_to_bool
        if hint is bool or (default is not None and default is not missing):
            kwargs.update(default=False if default is missing else default, nargs="?", const=True)
    elif _is_list(hint):
        kwargs.update(type=(typing.get_args(hint) or (str,))[0], nargs="+")
    else:
        kwargs["type"] = hint if isinstance(hint, type) and hint is not dict else typing.get_origin(hint) or hint
        if kwargs["type"] in (dict, typing.Any):
            kwargs["type"] = str
    if "default" not in kwargs and not of_bool:
        kwargs["required"] = True
    parser.add_argument(*options, *aliases, **kwargs)
    if default is True and of_bool:
        parser.add_argument(
            f"--no_{field.name}", f"--no-{field.name.replace('_', '-')}", action="store_false", dest=field.name,
            **{**opposite, "default": False},
        )  # fmt: skip
