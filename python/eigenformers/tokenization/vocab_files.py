"""From files to an engine tokenizer: tokenizer.json as it is, a GGUF vocabulary, or the older vocabulary files."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

from ..utils.files import atomic_write
from ._engine import Tokenizer, TokenizerError, UnsupportedError
from .gguf_metadata import gguf_tokenizer_defaults
from .overrides import COMPONENT_OPTIONS, override_components

_NOTHING_TO_BUILD_FROM = (
    "Couldn't instantiate the backend tokenizer from one of: \n"
    "(1) a `tokenizers` library serialization file, \n"
    "(2) a slow tokenizer instance to convert or \n"
    "(3) an equivalent slow tokenizer class to instantiate and convert. \n"
    "Give tokenizer_file= (a tokenizer.json), tokenizer_object=, gguf_file=, or vocab= with merges=."
)

_QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CLIP_SPLIT = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def read_text(path: str | os.PathLike) -> str:
    """Text of a UTF-8 file; TokenizerError says which file when it is none."""
    try:
        with open(path, encoding="utf-8") as file:
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


def build_backend(cls: type, kwargs: dict[str, Any]) -> tuple[Tokenizer, bool]:
    """Build the engine tokenizer, taking the arguments that describe it out of `kwargs`.

    Returns it, and whether it came from a file that states the whole pipeline (rather than from a bare vocabulary).
    """
    tokenizer_object = kwargs.pop("tokenizer_object", None)
    tokenizer_file = kwargs.pop("tokenizer_file", None)
    gguf_file = kwargs.pop("gguf_file", None)
    vocab_file, merges_file = kwargs.pop("vocab_file", None), kwargs.pop("merges_file", None)
    vocab, merges = kwargs.pop("vocab", None) or vocab_file, kwargs.pop("merges", None) or merges_file
    chosen = kwargs.pop("_chosen", kwargs)  # what the caller said, as opposed to a configuration file
    options = {name: chosen[name] for name in COMPONENT_OPTIONS if chosen.get(name) is not None}
    if tokenizer_object is not None:
        if not isinstance(tokenizer_object, Tokenizer):
            raise TypeError(f"tokenizer_object: found {type(tokenizer_object)}, needed a Tokenizer of the engine")
        return copy.deepcopy(tokenizer_object), True
    if tokenizer_file is not None:
        return _from_tokenizer_json(tokenizer_file, options), True
    if gguf_file is not None:
        path = os.fspath(gguf_file)
        tokenizer = Tokenizer.from_gguf(path)
        for name, value in gguf_tokenizer_defaults(path, tokenizer).items():
            kwargs.setdefault(name, value)
        return tokenizer, True
    if vocab is None:
        raise ValueError(_NOTHING_TO_BUILD_FROM)
    return _from_vocab(cls, vocab, merges, kwargs), False


def _from_tokenizer_json(path: str | os.PathLike, options: dict[str, Any]) -> Tokenizer:
    if not os.path.isfile(path):
        raise OSError(f"{path}: no such file; needed a tokenizer.json")
    if not options:
        return Tokenizer.from_file(os.fspath(path))
    return Tokenizer.from_str(json.dumps(override_components(read_json(path), options)))


def _from_vocab(cls: type, vocab: Any, merges: Any, kwargs: dict[str, Any]) -> Tokenizer:
    """The pipeline that the class stands for, around a bare vocabulary."""
    style = cls.vocab_format or ("bert" if merges is None else "gpt2")
    if style not in _PIPELINES:
        raise UnsupportedError(
            f"{cls.__name__}: a vocabulary in the form of '{style}' is not converted yet; "
            "save the tokenizer as tokenizer.json (fast tokenizer) and load that"
        )
    if isinstance(vocab, (str, os.PathLike)):
        vocab = read_vocab(vocab)
    if isinstance(merges, (str, os.PathLike)):
        merges = read_merges(merges)
    if style != "bert" and merges is None:
        raise ValueError(f"{cls.__name__}: found a vocabulary without merges, needed both (vocab.json, merges.txt)")
    defaults = {**cls.default_special_tokens, **{k: str(v) for k, v in kwargs.items() if k.endswith("_token") and v}}
    spec = _PIPELINES[style](vocab, merges, kwargs, defaults)
    special = {token for token in defaults.values() if token in vocab}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    spec["added_tokens"] = [
        {"id": vocab[token], "content": token, **flags} for token in sorted(special, key=vocab.__getitem__)
    ]
    spec = {"version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None, **spec}
    return Tokenizer.from_str(json.dumps(spec))


def read_vocab(path: str | os.PathLike) -> dict[str, int]:
    """vocab.json (token to id) or vocab.txt (a token a line)."""
    if str(path).endswith(".json"):
        vocab = read_json(path)
        bad = next((token for token, index in vocab.items() if type(index) is not int or index < 0), None)
        if bad is not None:
            raise TokenizerError(f"{path}: token {bad!r} has the id {vocab[bad]!r}, needed a whole number")
        return vocab
    return {token: index for index, token in enumerate(read_text(path).rstrip("\n").split("\n"))}


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


def _bpe(vocab, merges, **settings) -> dict[str, Any]:
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
             "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False}  # fmt: skip
    return {**model, **settings, "vocab": vocab, "merges": [list(merge) for merge in merges]}


def _byte_level(add_prefix_space: bool = False, trim_offsets: bool = True, use_regex: bool = True) -> dict[str, Any]:
    return {"type": "ByteLevel", "add_prefix_space": bool(add_prefix_space), "trim_offsets": trim_offsets,
            "use_regex": use_regex}  # fmt: skip


def _gpt2(vocab, merges, kwargs, special) -> dict[str, Any]:
    return {
        "pre_tokenizer": _byte_level(kwargs.get("add_prefix_space")),
        "post_processor": _byte_level(trim_offsets=False) if kwargs.get("trim_offsets") is False else None,
        "decoder": _byte_level(),
        "model": _bpe(vocab, merges),
    }


def _neox(vocab, merges, kwargs, special) -> dict[str, Any]:
    return {**_gpt2(vocab, merges, kwargs, special), "normalizer": {"type": "NFC"}}


def _roberta(vocab, merges, kwargs, special) -> dict[str, Any]:
    prefix, trim = bool(kwargs.get("add_prefix_space")), kwargs.get("trim_offsets", True)
    sep, cls_ = special["sep_token"], special["cls_token"]
    post = {"type": "RobertaProcessing", "sep": [sep, _id(vocab, sep)], "cls": [cls_, _id(vocab, cls_)],
            "trim_offsets": trim, "add_prefix_space": prefix}  # fmt: skip
    return {**_gpt2(vocab, merges, kwargs, special), "post_processor": post}


def _qwen2(vocab, merges, kwargs, special) -> dict[str, Any]:
    split = {"type": "Split", "pattern": {"Regex": _QWEN2_SPLIT}, "behavior": "Isolated", "invert": False}
    bytes_ = _byte_level(kwargs.get("add_prefix_space"), use_regex=False)
    return {
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, bytes_]},
        "decoder": _byte_level(),
        "model": _bpe(vocab, merges),
    }


def _clip(vocab, merges, kwargs, special) -> dict[str, Any]:
    blanks = {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}
    split = {"type": "Split", "pattern": {"Regex": _CLIP_SPLIT}, "behavior": "Removed", "invert": True}
    bos, eos, unk = special["bos_token"], special["eos_token"], special["unk_token"]
    post = {"type": "RobertaProcessing", "sep": [eos, _id(vocab, eos)], "cls": [bos, _id(vocab, bos)],
            "trim_offsets": False, "add_prefix_space": False}  # fmt: skip
    return {
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, blanks, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, _byte_level()]},
        "post_processor": post,
        "decoder": _byte_level(),
        "model": _bpe(vocab, merges, unk_token=unk, end_of_word_suffix="</w>"),
    }


def _bert(vocab, merges, kwargs, special) -> dict[str, Any]:
    special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", **special}
    cls_, sep = special["cls_token"], special["sep_token"]
    texts = [{"Sequence": {"id": name, "type_id": kind}} for kind, name in enumerate("AB")]

    def mark(token, kind=0):
        return {"SpecialToken": {"id": token, "type_id": kind}}

    return {
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": kwargs.get("tokenize_chinese_chars", True),
            "strip_accents": kwargs.get("strip_accents"),
            "lowercase": kwargs.get("do_lower_case", True),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [mark(cls_), texts[0], mark(sep)],
            "pair": [mark(cls_), texts[0], mark(sep), texts[1], mark(sep, 1)],
            "special_tokens": {t: {"id": t, "ids": [_id(vocab, t)], "tokens": [t]} for t in (cls_, sep)},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": special["unk_token"],
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocab,
        },  # fmt: skip
    }


def _id(vocab: dict[str, int], token: str) -> int:
    if token not in vocab:
        raise TokenizerError(f"the vocabulary has no token {token!r}, which the special tokens name; wrong vocabulary?")
    return vocab[token]


_PIPELINES = {"gpt2": _gpt2, "neox": _neox, "roberta": _roberta, "qwen2": _qwen2, "clip": _clip, "bert": _bert}
