"""A tokenizer as the `tokenizer.*` metadata of a GGUF file."""

from __future__ import annotations

import base64
import json
from typing import Any

from .. import _core
from ..errors import UnsupportedError
from .metadata import Entry

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
_SPECIAL = {
    "bos": "bos_token_id",
    "eos": "eos_token_id",
    "unk": "unknown_token_id",
    "sep": "seperator_token_id",  # spelled so in the format
    "pad": "padding_token_id",
    "mask": "mask_token_id",
}
# Of several names for one way of splitting, llama.cpp and this library treat these alike; the plainest is written.
_PREFERRED = (
    "gpt-2", "llama-bpe", "qwen2", "smollm", "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "tekken", "gpt-4o",
    "bloom", "dbrx",
)  # fmt: skip
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def tokenizer_metadata(tokenizer: Any, vocab_size: int) -> list[Entry]:
    """Vocabulary, merges, special tokens and chat template.

    Args:
        tokenizer: a fast tokenizer.
        vocab_size: rows of the embedding matrix; the vocabulary is filled up to it with unused tokens.

    Raises:
        NotImplementedError: a model or a pre-tokenizer that llama.cpp has no name for.
        ValueError: more tokens than the embedding matrix has rows.
    """
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    model = state["model"]
    kind = model.get("type") or ("BPE" if "merges" in model else "WordPiece" if "continuing_subword_prefix" in model else "")
    if kind == "BPE" and _parts(state.get("pre_tokenizer"), "ByteLevel"):
        found = _byte_level(state, tokenizer, vocab_size)
    elif kind == "BPE" and model.get("byte_fallback"):
        found = _sentencepiece(state, tokenizer, vocab_size)
    elif kind == "Unigram":
        found = _unigram(state, tokenizer, vocab_size)
    elif kind == "WordPiece":
        return _word_piece(state, tokenizer, vocab_size)
    else:
        raise UnsupportedError(
            f"GGUF: a tokenizer of type {kind or '?'} without "
            f"{'byte fallback' if kind == 'BPE' else 'merges'} cannot be exported for a decoder"
        )
    for name, key in _SPECIAL.items():
        index = getattr(tokenizer, f"{name}_token_id", None)
        if index is not None and 0 <= index < vocab_size and all(entry[0] != f"tokenizer.ggml.{key}" for entry in found):
            found.append((f"tokenizer.ggml.{key}", "uint32", int(index)))
    begins, ends = _framing(tokenizer)
    found.append(("tokenizer.ggml.add_bos_token", "bool", begins))
    found.append(("tokenizer.ggml.add_eos_token", "bool", ends))
    return found + _templates(tokenizer)


def _byte_level(state: dict[str, Any], tokenizer: Any, vocab_size: int) -> list[Entry]:
    tokens, types = _tokens(state, tokenizer, vocab_size)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in state["model"].get("merges", [])]
    found: list[Entry] = [
        ("tokenizer.ggml.model", "string", "gpt2"),
        ("tokenizer.ggml.pre", "string", pre_tokenizer_name(state)),
        ("tokenizer.ggml.tokens", "[string]", tokens),
        ("tokenizer.ggml.token_type", "[int32]", types),
    ]
    if not merges:
        raise UnsupportedError("GGUF: a byte-level tokenizer without merges: llama.cpp opens no such file")
    found.append(("tokenizer.ggml.merges", "[string]", merges))
    return found


def _word_piece(state: dict[str, Any], tokenizer: Any, vocab_size: int) -> list[Entry]:
    """Marks stand at the beginning of words there, not before what continues one."""
    parts = _parts(state.get("normalizer"))
    plain = len(parts) == 1 and parts[0]["type"] == "BertNormalizer" and parts[0].get("lowercase")
    if not plain or parts[0].get("strip_accents") is False or not parts[0].get("handle_chinese_chars", True):
        raise UnsupportedError("GGUF: WordPiece of other text than lower case without accents has no place in the format")
    if [part["type"] for part in _parts(state.get("pre_tokenizer"))] != ["BertPreTokenizer"]:
        raise UnsupportedError("GGUF: WordPiece with another pre-tokenizer than BERT's has no name in llama.cpp")
    if state["model"].get("continuing_subword_prefix", "##") != "##":
        raise UnsupportedError("GGUF: WordPiece with another prefix than '##' has no place in the format")
    tokens, types = _tokens(state, tokenizer, vocab_size)
    special = {tokenizer.cls_token, tokenizer.sep_token, tokenizer.pad_token, tokenizer.mask_token}
    for index, token in enumerate(tokens):
        if token == state["model"].get("unk_token"):
            types[index] = UNKNOWN
        elif token in special:
            types[index] = CONTROL
        elif types[index] == NORMAL:
            tokens[index] = token[2:] if token.startswith("##") else "▁" + token
    found: list[Entry] = [
        ("tokenizer.ggml.model", "string", "bert"),
        ("tokenizer.ggml.tokens", "[string]", tokens),
        ("tokenizer.ggml.token_type", "[int32]", types),
    ]
    ids = list(tokenizer("x")["input_ids"])
    for name, key in (("cls", "cls_token_id"), ("cls", "bos_token_id"), *((n, k) for n, k in _SPECIAL.items() if n != "bos")):
        index = getattr(tokenizer, f"{name}_token_id", None)
        if index is not None and 0 <= index < vocab_size:
            found.append((f"tokenizer.ggml.{key}", "uint32", int(index)))
    found.append(("tokenizer.ggml.add_bos_token", "bool", ids[:1] == [tokenizer.cls_token_id]))
    found.append(("tokenizer.ggml.add_sep_token", "bool", ids[-1:] == [tokenizer.sep_token_id]))
    return found


def _sentencepiece(state: dict[str, Any], tokenizer: Any, vocab_size: int) -> list[Entry]:
    """Scores rank the pieces: of two merges the one whose result has the higher score comes first, as in the merges."""
    tokens, types = _tokens(state, tokenizer, vocab_size)
    rank: dict[str, int] = {}
    for index, pair in enumerate(state["model"].get("merges", [])):
        left, right = pair.split(" ") if isinstance(pair, str) else pair
        rank.setdefault(left + right, index)
    last = len(rank)
    scores = []
    for token, kind in zip(tokens, types):
        scores.append(0.0 if kind in (BYTE, CONTROL, UNKNOWN) else -float(rank.get(token, last)))
    return [
        ("tokenizer.ggml.model", "string", "llama"),
        ("tokenizer.ggml.pre", "string", "default"),
        ("tokenizer.ggml.tokens", "[string]", tokens),
        ("tokenizer.ggml.scores", "[float32]", scores),
        ("tokenizer.ggml.token_type", "[int32]", types),
        ("tokenizer.ggml.add_space_prefix", "bool", _space_prefix(state)),
    ]


def _unigram(state: dict[str, Any], tokenizer: Any, vocab_size: int) -> list[Entry]:
    """SentencePiece's unigram model: pieces with scores, and the map that normalizes text."""
    if state["model"].get("byte_fallback"):
        raise UnsupportedError("GGUF: a unigram tokenizer with byte fallback has no name in llama.cpp")
    charsmap, extra, prefix = b"", True, False
    for part in _parts(state.get("normalizer")):
        if part["type"] == "Precompiled" and not charsmap:
            charsmap = base64.b64decode(part["precompiled_charsmap"])
        elif part["type"] == "Replace" and part["pattern"] == {"Regex": " {2,}"} and part["content"] in (" ", "▁"):
            extra = False
        elif part["type"] != "Strip":
            raise UnsupportedError(f"GGUF: a unigram tokenizer with the normalizer {part['type']} has no place in the format")
    for part in _parts(state.get("pre_tokenizer")):
        if part["type"] == "WhitespaceSplit":
            extra = False
        elif part["type"] == "Metaspace" and part.get("replacement", "▁") == "▁":
            prefix = part.get("prepend_scheme", "always") != "never"
        else:
            raise UnsupportedError(f"GGUF: a unigram tokenizer with the pre-tokenizer {part['type']} has no place in the format")
    pieces, unknown = state["model"]["vocab"], state["model"].get("unk_id")
    if unknown is None:
        raise UnsupportedError("GGUF: a unigram tokenizer without an unknown token has no place in the format")
    names = {**state["model"], "vocab": {piece: index for index, (piece, _) in enumerate(pieces)}}
    tokens, types = _tokens({**state, "model": {**names, "unk_token": pieces[unknown][0]}}, tokenizer, vocab_size)
    scores = [float(score) for _, score in pieces]
    found: list[Entry] = [
        ("tokenizer.ggml.model", "string", "t5"),
        ("tokenizer.ggml.pre", "string", "default"),
        ("tokenizer.ggml.tokens", "[string]", tokens),
        ("tokenizer.ggml.scores", "[float32]", scores + [0.0] * (len(tokens) - len(scores))),
        ("tokenizer.ggml.token_type", "[int32]", types),
        ("tokenizer.ggml.add_space_prefix", "bool", prefix),
        ("tokenizer.ggml.remove_extra_whitespaces", "bool", not extra),
        ("tokenizer.ggml.unknown_token_id", "uint32", int(unknown)),
    ]
    if charsmap:
        found.append(("tokenizer.ggml.precompiled_charsmap", "[uint8]", charsmap))
    return found


def _tokens(state: dict[str, Any], tokenizer: Any, vocab_size: int) -> tuple[list[str], list[int]]:
    """Token and type of every id; ids without a token are unused padding."""
    vocab: dict[str, int] = dict(state["model"]["vocab"])
    added = {token["id"]: token for token in state.get("added_tokens", ())}
    vocab.update({token["content"]: index for index, token in added.items()})
    highest = max(vocab.values(), default=-1)
    if highest >= vocab_size:
        raise UnsupportedError(
            f"GGUF: the tokenizer has tokens up to id {highest}, the embedding matrix {vocab_size} rows; "
            "call model.resize_token_embeddings(len(tokenizer)) first"
        )
    tokens, types = [f"[PAD{index}]" for index in range(vocab_size)], [UNUSED] * vocab_size
    unknown = state["model"].get("unk_token")
    special = set(getattr(tokenizer, "all_special_tokens", ()))
    for token, index in vocab.items():
        tokens[index] = token
        if index in added and token == unknown:
            types[index] = UNKNOWN
        elif index in added:
            types[index] = CONTROL if added[index]["special"] or token in special else USER_DEFINED
        elif token == unknown:
            types[index] = UNKNOWN
        else:
            types[index] = BYTE if state["model"].get("byte_fallback") and _is_byte(token) else NORMAL
    return tokens, types


def _is_byte(token: str) -> bool:
    return len(token) == 6 and token.startswith("<0x") and token.endswith(">")


def _parts(component: dict[str, Any] | None, kind: str | None = None) -> list[dict[str, Any]]:
    """The parts of a sequence (or the one component), of one type."""
    if component is None:
        return []
    if component["type"] == "Sequence":
        inner = next(value for key, value in component.items() if isinstance(value, list))
        return [part for child in inner for part in _parts(child, kind)]
    return [component] if kind in (None, component["type"]) else []


def pre_tokenizer_name(state: dict[str, Any]) -> str:
    """The value of `tokenizer.ggml.pre` that splits as this tokenizer does.

    Raises:
        UnsupportedError: none does.
    """
    patterns = []
    for part in _parts(state.get("pre_tokenizer")):
        if part["type"] == "Split" and part.get("behavior") in ("Isolated", "Removed") and "Regex" in part["pattern"]:
            patterns.append(part["pattern"]["Regex"])
        elif part["type"] == "Digits" and part.get("individual_digits"):
            patterns.append(r"\p{N}")
        elif part["type"] == "ByteLevel":
            if part.get("add_prefix_space"):
                raise UnsupportedError("GGUF: a byte-level tokenizer with add_prefix_space has no name in llama.cpp")
            if part.get("use_regex", True):
                patterns.append(_GPT2)
        else:
            raise UnsupportedError(f"GGUF: pre-tokenizer {part['type']} has no name in llama.cpp")
    if _parts(state.get("normalizer")) and any(n["type"] not in ("NFC",) for n in _parts(state["normalizer"])):
        raise UnsupportedError("GGUF: a byte-level tokenizer with a normalizer other than NFC has no name in llama.cpp")
    whole, wanted = bool(state["model"].get("ignore_merges")), _escaped(patterns)
    alike = [(name, ignore) for name, known, ignore in _core.gguf_pre_tokenizers() if _escaped(known) == wanted]
    same = [name for name, ignore in alike if ignore == whole] or [name for name, _ in alike]
    if not same:
        raise UnsupportedError(f"GGUF: llama.cpp has no name for a tokenizer that splits by {patterns!r:.200}")
    return next((name for name in _PREFERRED if name in same), same[0])


def _escaped(patterns: list[str]) -> list[str]:
    """Ends of lines as files for people spell them, rather than as such."""
    return [pattern.replace("\r", "\\r").replace("\n", "\\n") for pattern in patterns]


def _space_prefix(state: dict[str, Any]) -> bool:
    """Whether a space is put before the text."""
    for part in _parts(state.get("normalizer")):
        if part["type"] == "Prepend":
            return True
    for part in _parts(state.get("pre_tokenizer"), "Metaspace"):
        return part.get("prepend_scheme", "always") != "never"
    return False


def _framing(tokenizer: Any) -> tuple[bool, bool]:
    """Whether encoding puts the beginning token before a text and the ending token behind it."""
    ids = list(tokenizer("x")["input_ids"])
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    return bool(ids and bos is not None and ids[0] == bos), bool(len(ids) > 1 and eos is not None and ids[-1] == eos)


def _templates(tokenizer: Any) -> list[Entry]:
    template = getattr(tokenizer, "chat_template", None)
    if isinstance(template, str):
        return [("tokenizer.chat_template", "string", template)]
    if not isinstance(template, dict):
        return []
    named = {name: text for name, text in template.items() if name != "default"}
    found: list[Entry] = [("tokenizer.chat_templates", "[string]", list(named))] if named else []
    found += [(f"tokenizer.chat_template.{name}", "string", text) for name, text in named.items()]
    if "default" in template:
        found.append(("tokenizer.chat_template", "string", template["default"]))
    return found
