"""Writes docs/support.md: which names and arguments of the real library work here, and which are refused by name.

Everything is read from the code: registries, tables of refused parameters, signatures, and the errors that name what
is not supported. `--check` compares with the page on disk and returns 1 if it is out of date.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "support.md"

# Functions whose arguments are listed: title -> "module:dotted.name".
FUNCTIONS = {
    "PreTrainedConfig.from_pretrained": "configuration:PreTrainedConfig.from_pretrained",
    "PreTrainedModel.from_pretrained": "modeling:PreTrainedModel.from_pretrained",
    "PreTrainedModel.save_pretrained": "modeling:PreTrainedModel.save_pretrained",
    "push_to_hub": "hub:PushToHubMixin.push_to_hub",
    "generate": "generation.mixin:GenerationMixin.generate",
    "pipeline": "pipelines:pipeline",
    "tokenizer(...)": "tokenization:PreTrainedTokenizerBase.__call__",
    "tokenizer.apply_chat_template": "tokenization:PreTrainedTokenizerBase.apply_chat_template",
    "tokenizer.decode": "tokenization:PreTrainedTokenizerBase.decode",
    "tokenizer.pad": "tokenization:PreTrainedTokenizerBase.pad",
}


def module(name: str) -> Any:
    """A module of the package."""
    return importlib.import_module(f"eigenformers.{name}")


def table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    """A Markdown table."""
    header = list(header)
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return [*lines, *(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows), ""]


def code(values: Iterable[Any]) -> str:
    """Names as inline code, or a dash."""
    return ", ".join(f"`{value}`" for value in values) or "–"


def families() -> list[str]:
    """Model types, their classes, the Auto classes without any."""
    registry, gguf = module("models.registry"), module("models.gguf")
    rows = [
        (f"`{kind}`", code(names.values()), code(arch for arch, target in gguf.ARCHITECTURES.items() if target == kind))
        for kind, names in registry.FAMILIES.items()
    ]
    works = [name for name in registry.AUTO_CLASSES if any(name in names for names in registry.FAMILIES.values())]
    refused = [name for name in registry.AUTO_CLASSES if name not in works]
    return [
        "## Model families",
        "",
        *table(["model_type", "classes", "GGUF architecture"], rows),
        f"Auto classes that work: `AutoConfig`, `AutoTokenizer`, {code(works)}.",
        "",
        "Auto classes that are there and raise `UnsupportedModelError`, as no family has their head yet: "
        f"{code(refused)}.",
        "",
    ]


def configurations() -> list[str]:
    """Arguments and defaults of the configuration classes, and rotary types."""
    auto, rope = module("models.auto"), module("utils.rope_parameters")
    lines = ["## Configurations", "", "All arguments work; anything else that is passed becomes an attribute.", ""]
    rows = []
    for cls in (module("configuration").PreTrainedConfig, *auto.CONFIG_MAPPING.values()):
        inherited = {field.name for base in cls.__mro__[1:] if hasattr(base, "_field_checks") for field in fields(base)}
        own = [field for field in fields(cls) if field.name not in inherited]
        rows.append((f"`{cls.__name__}`", code(f"{field.name}={field.default!r}" for field in own)))
    lines += table(["class", "arguments and defaults"], rows)
    rows = [
        (f"`{kind}`", code(sorted(required)), code(sorted(optional)))
        for kind, (required, optional) in rope._KEYS.items()
    ]
    lines += ["Rotary types (`rope_parameters`, or the older `rope_scaling` with `rope_theta`):", ""]
    return lines + table(["rope_type", "needed keys", "further keys"], rows)


def generation() -> list[str]:
    """Every generation parameter with its default and status."""
    configuration, support = module("generation.configuration"), module("generation.support")
    rows = []
    for group, names in configuration.PARAMETERS.items():
        for name in names:
            default = configuration.DEFAULTS.get(name)
            off, reason = support.REFUSED.get(name, ((), ""))
            status = f"refused unless {' or '.join(f'`{value!r}`' for value in off)}: {reason}" if reason else "works"
            rows.append((group, f"`{name}`", f"`{default!r}`", status))
    return ["## Generation parameters", "", *table(["group", "parameter", "default", "status"], rows)]


def caches() -> list[str]:
    """Cache classes."""
    utils = module("cache_utils")
    works = [name for name in utils.__all__ if name.endswith("Cache")]
    rows = [(f"`{name}`", why) for name, why in utils.REFUSED.items()]
    return ["## Caches", "", f"Work: {code(works)}. Refused by name:", "", *table(["class", "why"], rows), ""]


def tasks() -> list[str]:
    """Pipeline tasks."""
    pipelines, registry = module("pipelines"), module("pipelines.registry")
    works = [task for task in pipelines.get_supported_tasks() if "custom" not in task]
    refused = sorted(set(registry.KNOWN_TASKS) - set(works))
    return ["## Pipelines", "", f"Tasks that work: {code(works)}.", "", f"Refused by name: {code(refused)}.", ""]


def tokenizers() -> list[str]:
    """Tokenizer classes."""
    table_of = module("tokenization.families")
    return [
        "## Tokenizer classes",
        "",
        f"Over the engine (also with `Fast` at the end): {code(sorted(table_of.FAMILIES))}.",
        "",
        f"In Python: {code(sorted(table_of.SLOW_CLASSES))}.",
        "",
    ]


def _popped(function: Any) -> list[str]:
    """Names that a function takes out of its keyword arguments: `kwargs.pop("x", …)`, alone or in a loop over pairs."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "pop" and node.args:
            if isinstance(node.args[0], ast.Constant):
                found.append(node.args[0].value)
        elif isinstance(node, ast.comprehension) and isinstance(node.iter, ast.Tuple):
            found += [pair.elts[0].value for pair in node.iter.elts if isinstance(pair, ast.Tuple)]
    return sorted(set(found))


def arguments() -> list[str]:
    """Arguments of the main functions."""
    loading = module("modeling.loading")
    rows = []
    for title, where in FUNCTIONS.items():
        name, _, path = where.partition(":")
        function = module(name)
        for part in path.split("."):
            function = getattr(function, part)
        shown = [
            parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"
            for parameter in inspect.signature(function).parameters.values()
            if not parameter.name.startswith("_") and parameter.name not in ("self", "cls")
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]  # fmt: skip
        rows.append((f"`{title}`", code(shown)))
    refused = [f"{name}: {' or '.join(map(repr, off))}" for name, off in loading._REFUSED.items()]
    return [
        "## Arguments",
        "",
        *table(["function", "arguments and defaults"], rows),
        f"Every `from_pretrained` takes {code(n for n in module('hub').HUB_ARGUMENTS if not n.startswith('_'))}; "
        "a value for `proxies` is refused.",
        "",
        "`PreTrainedModel.from_pretrained` takes these besides:",
        "",
        f"- {code(_popped(loading.LoadingMixin.from_pretrained))};",
        f"- refused unless they have the value after the colon: {code(refused)};",
        f"- accepted without effect on one CPU: {code(n for n in loading._WITHOUT_EFFECT if not n.startswith('_'))}.",
        "",
    ]


def names() -> list[str]:
    """All public names, by the module that defines them."""
    package = importlib.import_module("eigenformers")
    groups: dict[str, list[str]] = {}
    for name in sorted(package._MODULES):
        where = package._MODULES[name]
        groups.setdefault("modules" if where.endswith(":") else f"`{where.strip('.')}`", []).append(name)
    intro = "`eigenformers.<name>` is there for each of these, and works as far as the tables above say."
    rows = [(group, code(found)) for group, found in sorted(groups.items())]
    return ["## Public names", "", intro, "", *table(["module", "names"], rows)]


class _Refusals(ast.NodeVisitor):
    """Collects the messages of `raise UnsupportedError(...)`."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Raise(self, node: ast.Raise) -> None:  # noqa: N802
        call = node.exc
        if isinstance(call, ast.Call) and getattr(call.func, "id", "").startswith("Unsupported") and call.args:
            self.found.append(self._text(call.args[0]))

    def _text(self, node: ast.AST) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.JoinedStr):
            return "".join(self._text(part) for part in node.values)
        if isinstance(node, ast.IfExp):
            return f"{self._text(node.body)} / {self._text(node.orelse)}"
        return "…"


def refusals() -> list[str]:
    """Every message with which something is refused, by file."""
    rows = []
    package = ROOT / "python" / "eigenformers"
    for path in sorted(package.rglob("*.py")):
        visitor = _Refusals()
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        where = path.relative_to(package).with_suffix("").as_posix().replace("/__init__", "")
        rows += [(f"`{where}`", " ".join(message.split())) for message in visitor.found]
    intro = "`UnsupportedError` is also a `NotImplementedError`. Its messages, with … for values:"
    return ["## Refused by name", "", intro, "", *table(["where", "message"], rows)]


def page() -> str:
    """The whole page."""
    intro = [
        "# What is supported",
        "",
        "Generated by `tools/support.py` from the code; a test compares. Names, arguments and defaults are those of "
        "`transformers` 5. What is listed as refused raises an error that names it: nothing is ignored silently.",
        "",
    ]
    sections = (families, configurations, generation, caches, tasks, tokenizers, arguments, names, refusals)
    return "\n".join([*intro, *(line for section in sections for line in section())]).rstrip() + "\n"


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the page instead of writing it")
    args = parser.parse_args()
    text = page()
    if args.check:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print(f"{PAGE.relative_to(ROOT)}: {'up to date' if same else 'out of date, run tools/support.py'}")
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
