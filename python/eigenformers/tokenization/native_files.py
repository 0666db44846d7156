"""Vocabulary files by what is in them: SentencePiece models, byte ranks (tiktoken), tekken.json, vocab.json, vocab.txt."""

from __future__ import annotations

import base64
import binascii
import os
from typing import Any

from .._core.tokenizers import _byte_alphabet, _merges_of_vocab, _read_sentencepiece
from ..tokenizers.models import word_pieces
from ._engine import AddedToken, TokenizerError
from .backends import PIPELINES
from .backends.arrange import ARRANGEMENTS
from .backends.parts import Parts

_CONTROL, _USER_DEFINED, _UNIGRAM, _BPE, _WORD = 3, 4, 1, 2, 3
_MODEL_OF_MODULE = {"unigram": _UNIGRAM, "piece_bpe": _BPE}


def read_into(parts: Parts, cls: type, vocab: Any) -> str:
    """Put a vocabulary (object or path) into `parts`; returns the name of the pipeline that goes with it."""
    from .vocab_files import read_json, read_text, read_vocab

    if not isinstance(vocab, (str, os.PathLike)):
        parts.vocab = vocab
        return cls.vocab_format or _pipeline_of_object(vocab, parts)
    path = os.fspath(vocab)
    if path.endswith(".json"):
        content = read_json(path)
        if isinstance(content.get("config"), dict) and isinstance(content.get("vocab"), list):
            return _tekken(parts, content, path)
        parts.vocab = read_vocab(path)
        return cls.vocab_format or "gpt2"
    if path.endswith(".txt"):
        parts.vocab = word_pieces(read_text(path, "\n"))
        return cls.vocab_format or "bert"
    if not os.path.isfile(path):
        raise OSError(f"{path}: no such file; needed a vocabulary")
    with open(path, "rb") as file:
        ranks = _looks_like_ranks(file.readline(1 << 16))
    return _byte_ranks(parts, cls, path) if ranks else _sentencepiece(parts, cls, path)


def _pipeline_of_object(vocab: Any, parts: Parts) -> str:
    if isinstance(vocab, dict):
        return "gpt2"
    parts.unk_id = parts.option("unk_id", 0)
    return "sentencepiece"


def _looks_like_ranks(line: bytes) -> bool:
    token, _, rank = line.strip().partition(b" ")
    if not rank.isdigit():
        return False
    try:
        base64.b64decode(token, validate=True)
    except binascii.Error:
        return False
    return True


def _sentencepiece(parts: Parts, cls: type, path: str) -> str:
    model = _read_sentencepiece(path)
    pipeline = cls.vocab_format or "sentencepiece"
    wanted = _MODEL_OF_MODULE.get(PIPELINES[pipeline])
    names = {1: "Unigram", 2: "BPE", 3: "word", 4: "character"}
    found = model["algorithm"]
    if wanted is None and pipeline != "sentencepiece":
        raise TokenizerError(f"{path}: a SentencePiece model, which {cls.__name__} does not use; wrong class?")
    if found == _WORD:
        raise TokenizerError(
            f"{path}: a SentencePiece word model, which no class reads; train one with model_type unigram, bpe or char"
        )
    if found != (wanted or found):
        raise TokenizerError(
            f"{path}: a SentencePiece {names[found]} model, {cls.__name__} needs {names[wanted]}; load it "
            "with PreTrainedTokenizerFast, which goes by the file"
        )
    pieces = model["pieces"]
    if found == _UNIGRAM:
        parts.vocab = pieces
    else:  # of characters alone nothing is merged
        parts.vocab = {piece: index for index, (piece, _) in enumerate(pieces)}
        parts.merges = _merges_of_vocab(parts.vocab, by_length=True, skip=set())
    if pipeline in ARRANGEMENTS:
        ARRANGEMENTS[pipeline](parts)
    parts.charsmap = model["precompiled_charsmap"] or None
    parts.unk_id, parts.unk_piece, parts.byte_fallback = model["unk_id"], model["unk_piece"], model["byte_fallback"]
    if not 0 <= parts.unk_id < len(pieces):
        raise TokenizerError(f"{path}: the id {parts.unk_id} of the unknown piece is outside of {len(pieces)} pieces")
    added = [
        AddedToken(piece, normalized=False, special=kind == _CONTROL)
        for (piece, _), kind in zip(pieces, model["types"])
        if kind in (_CONTROL, _USER_DEFINED)
    ]
    named = {str(token) for token in parts.extra or []}
    parts.extra = [*(parts.extra or []), *(token for token in added if token.content not in named)]
    if pipeline == "sentencepiece":
        for name in ("bos", "eos", "unk"):
            if model[f"{name}_id"] >= 0:
                parts.options.setdefault(f"{name}_token", model[f"{name}_piece"])
    return pipeline


def _spell(tokens: list[bytes], first: int = 0) -> dict[str, int]:
    """Byte strings in GPT-2's printable spelling, numbered from `first`."""
    table = dict(enumerate(_byte_alphabet()))
    return {token.decode("latin-1").translate(table): first + index for index, token in enumerate(tokens)}


def _byte_ranks(parts: Parts, cls: type, path: str) -> str:
    """A tiktoken file: a token in base64 and its rank, a line each."""
    ranks: dict[bytes, int] = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            token, _, rank = line.strip().partition(b" ")
            try:
                if line.strip():  # "=" is how multilingual.tiktoken of Whisper spells its last token, of no bytes
                    ranks[b"" if token == b"=" else base64.b64decode(token, validate=True)] = int(rank)
            except (binascii.Error, ValueError):
                raise TokenizerError(f"{path}: line {number} is not a token in base64 and its rank") from None
    if not ranks or max(ranks.values()) > 8 * len(ranks) or min(ranks.values()) < 0:
        raise TokenizerError(f"{path}: {len(ranks)} tokens with ranks out of order; damaged file?")
    spelled = _spell(list(ranks))
    parts.vocab = dict(zip(spelled, ranks.values()))
    parts.merges = _merges_of_vocab(parts.vocab, by_length=False, skip=set())
    _reserve_added(parts, len(ranks))
    return cls.vocab_format if PIPELINES.get(cls.vocab_format) == "byte_level" else "tiktoken"


def _reserve_added(parts: Parts, size: int) -> None:
    """Added tokens of a configuration keep their ids, gaps between them are filled; then come further special tokens."""
    added = {int(index): str(token) for index, token in (parts.options.get("added_tokens_decoder") or {}).items()}
    names: list[str] = []
    if added and max(added) >= size:
        if max(added) > 8 * (size + len(added)):
            raise TokenizerError(f"added_tokens_decoder: an id of {max(added)} for {size} tokens; damaged file?")
        names = [added.get(index, f"<|reserved_token_{index}|>") for index in range(size, max(added) + 1)]
    names += [str(token) for token in parts.extra or [] if str(token) not in names]
    parts.added = [AddedToken(name, normalized=False, special=True) for name in names]


def _tekken(parts: Parts, content: dict[str, Any], path: str) -> str:
    """Mistral's tekken.json: special tokens first, then byte strings."""
    config = content["config"]
    named = content.get("special_tokens")
    named = _TEKKEN_V3 if named is None else named
    try:
        entries = [base64.b64decode(entry["token_bytes"], validate=True) for entry in content["vocab"]]
        special = {int(entry["rank"]): str(entry["token_str"]) for entry in named}
        declared = sorted(int(entry["rank"]) for entry in named)
        count = config.get("default_num_special_tokens")
        count = len(special) if count is None else int(count)
        size = config.get("default_vocab_size")
        size = None if size is None else int(size)
        pattern = config["pattern"]
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise TokenizerError(f"{path}: not a tekken.json ({type(error).__name__}: {error})") from None
    if declared != list(range(len(declared))):
        raise TokenizerError(f"tekken.json special_tokens ranks must be contiguous starting at 0, got {declared}")
    if not len(special) <= count <= len(entries) + (1 << 16) or not isinstance(pattern, str):
        raise TokenizerError(f"{path}: {count} special tokens of which {len(special)} are named; damaged file?")
    if size is not None:
        entries = entries[: max(0, size - count)]
    spelled = _spell(entries)
    parts.merges = _merges_of_vocab(spelled, by_length=False, skip=set())
    names = [special.get(index, f"<SPECIAL_{index}>") for index in range(count)]
    parts.vocab = {**{token: index + count for token, index in spelled.items()}, **{t: i for i, t in enumerate(names)}}
    parts.pattern = pattern
    parts.added = [AddedToken(name, special=True) for name in names]
    for role, token in (("bos", "<s>"), ("eos", "</s>"), ("pad", "<pad>"), ("unk", "<unk>")):
        if token in names:
            parts.options.setdefault(f"{role}_token", token)
    return "tiktoken"


# What files from before `special_tokens` was written mean.
_TEKKEN_V3 = [
    {"rank": rank, "token_str": token}
    for rank, token in enumerate(
        ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
         "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]",
         "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]"]
    )
]  # fmt: skip
