"""From files to an engine tokenizer: tokenizer.json as it is, a GGUF vocabulary, or the older vocabulary files."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

from ..utils.files import atomic_write
from ._engine import Tokenizer, TokenizerError, UnsupportedError
from .backends import Backend, build
from .gguf_metadata import gguf_tokenizer_defaults
from .overrides import COMPONENT_OPTIONS, override_components

_NOTHING_TO_BUILD_FROM = (
    "Couldn't instantiate the backend tokenizer from one of: \n"
    "(1) a `tokenizers` library serialization file, \n"
    "(2) a slow tokenizer instance to convert or \n"
    "(3) an equivalent slow tokenizer class to instantiate and convert. \n"
    "Give tokenizer_file= (a tokenizer.json), tokenizer_object=, gguf_file=, or vocab= with merges=."
)


def read_text(path: str | os.PathLike, newline: str | None = None) -> str:
    """Text of a UTF-8 file, `newline` as in `open`; TokenizerError says which file when it is none."""
    try:
        with open(path, encoding="utf-8", newline=newline) as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise TokenizerError(f"{path}: not a text file (byte {error.start} is not UTF-8); damaged download?") from None


def read_json(path: str | os.PathLike, kind: type = dict) -> Any:
    """Content of a JSON file whose top level must be of the given type."""
    try:
        value = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise TokenizerError(f"{path}: not valid JSON ({error}); incomplete download?") from None
    if not isinstance(value, kind):
        raise TokenizerError(f"{path}: found a JSON {type(value).__name__}, needed a {kind.__name__}")
    return value


def build_backend(cls: type, kwargs: dict[str, Any]) -> tuple[Backend, bool]:
    """Build the engine tokenizer, taking the arguments that describe it out of `kwargs`.

    Returns it, and whether it came from a file that states the whole pipeline (rather than from a bare vocabulary).
    """
    tokenizer_object = kwargs.pop("tokenizer_object", None)
    tokenizer_file = kwargs.pop("tokenizer_file", None)
    gguf_file = kwargs.pop("gguf_file", None)
    vocab_file, merges_file = kwargs.pop("vocab_file", None), kwargs.pop("merges_file", None)
    vocab, merges = kwargs.pop("vocab", None), kwargs.pop("merges", None)
    chosen = kwargs.pop("_chosen", kwargs)  # what the caller said, as opposed to a configuration file
    options = {name: chosen[name] for name in COMPONENT_OPTIONS if chosen.get(name) is not None}
    if tokenizer_object is not None:
        if not isinstance(tokenizer_object, Tokenizer):
            raise TypeError(f"tokenizer_object: found {type(tokenizer_object)}, needed a Tokenizer of the engine")
        return Backend(copy.deepcopy(tokenizer_object)), True
    if tokenizer_file is not None:
        return Backend(_from_tokenizer_json(tokenizer_file, options)), True
    if gguf_file is not None:
        path = os.fspath(gguf_file)
        tokenizer = Tokenizer.from_gguf(path)
        return Backend(tokenizer, defaults=gguf_tokenizer_defaults(path, tokenizer)), True
    vocab = vocab_file if vocab is None else vocab
    if vocab is None and cls.vocab_format is None:
        raise ValueError(_NOTHING_TO_BUILD_FROM)
    return _from_vocab(cls, vocab, merges_file if merges is None else merges, kwargs), False


def _from_tokenizer_json(path: str | os.PathLike, options: dict[str, Any]) -> Tokenizer:
    if not os.path.isfile(path):
        raise OSError(f"{path}: no such file; needed a tokenizer.json")
    if not options:
        return Tokenizer.from_file(os.fspath(path))
    return Tokenizer.from_str(json.dumps(override_components(read_json(path), options)))


def _from_vocab(cls: type, vocab: Any, merges: Any, kwargs: dict[str, Any]) -> Backend:
    """The pipeline that the class stands for, around a bare vocabulary."""
    from .backends.parts import Parts
    from .native_files import read_into

    given = {name: str(value) for name, value in kwargs.items() if name.endswith("_token") and value}
    extra = kwargs.get("extra_special_tokens")
    extra = kwargs.get("additional_special_tokens") if extra is None else extra
    parts = Parts(
        tokens={**cls.default_special_tokens, **given},
        options=kwargs,
        extra=list(extra) if isinstance(extra, (list, tuple)) else None,
    )
    pipeline = read_into(parts, cls, vocab)
    if isinstance(merges, (str, os.PathLike)):
        merges = read_merges(merges)
    if merges is not None:
        parts.merges = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in merges]
    return build(pipeline, parts)


def read_vocab(path: str | os.PathLike) -> dict[str, int]:
    """vocab.json (token to id) or vocab.txt (a token a line)."""
    if str(path).endswith(".json"):
        return checked_vocab(read_json(path), path)
    return {token: index for index, token in enumerate(read_text(path).rstrip("\n").split("\n"))}


def checked_vocab(vocab: Any, where: str | os.PathLike) -> dict[str, int]:
    """The vocabulary itself, if it is one; `where` is what an error calls it."""
    if not isinstance(vocab, dict):
        raise TokenizerError(f"{where}: found a {type(vocab).__name__}, needed token and id of each entry")
    bad = next((token for token, index in vocab.items() if type(index) is not int or index < 0), None)
    if bad is not None:
        raise TokenizerError(f"{where}: token {bad!r} has the id {vocab[bad]!r}, needed a whole number")
    return vocab


def read_merges(path: str | os.PathLike) -> list[tuple[str, str]]:
    """merges.txt: two parts a line, lines with `#version` left out."""
    merges = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        parts = line.split()
        if not parts or line.startswith("#version"):
            continue
        if len(parts) != 2:
            raise TokenizerError(f"{path}: line {number} has {len(parts)} parts, needed 2")
        merges.append((parts[0], parts[1]))
    return merges


def write_vocab(model: dict[str, Any], directory: str | os.PathLike, prefix: str | None) -> tuple[str, ...]:
    """Write the vocabulary of a model (as tokenizer.json has it) into the older files; returns their paths."""
    prefix = f"{prefix}-" if prefix else ""
    vocab = model["vocab"]
    if isinstance(vocab, list):
        raise UnsupportedError("save_vocabulary: a Unigram vocabulary is kept in tokenizer.json; use save_pretrained")
    by_id = sorted(vocab.items(), key=lambda entry: entry[1])
    if model.get("merges") is None:
        path = os.path.join(directory, f"{prefix}vocab.txt")
        atomic_write(path, "".join(f"{token}\n" for token, _ in by_id))
        return (path,)
    paths = os.path.join(directory, f"{prefix}vocab.json"), os.path.join(directory, f"{prefix}merges.txt")
    merges = (merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"])
    atomic_write(paths[0], json.dumps(dict(by_id), ensure_ascii=False))
    atomic_write(paths[1], "#version: 0.2\n" + "".join(f"{merge}\n" for merge in merges))
    return paths
