"""The order of ids where a model's vocabulary is not the order of the pieces in its SentencePiece file.

Each function gets the `Parts` with the pieces as the file has them, and puts them as the model has them.
"""

from __future__ import annotations

from typing import Callable

from ..languages import MBART50_LANGUAGES, MBART_LANGUAGES
from .parts import Parts


def _fairseq(parts: Parts, tail: list[str], first: str = "bos_token") -> None:
    """<s>, <pad>, </s>, <unk>, the pieces behind the file's three, then the class's own."""
    head = [parts.tokens[name] for name in (first, "pad_token", "eos_token", "unk_token")]
    parts.vocab = [*((token, 0.0) for token in head), *parts.vocab[3:], *((token, 0.0) for token in tail)]


def _xlm_roberta(parts: Parts) -> None:
    _fairseq(parts, [parts.tokens["mask_token"]])


def _xglm(parts: Parts) -> None:
    _fairseq(parts, [f"<madeupword{i}>" for i in range(7)])


def _mbart(parts: Parts) -> None:
    _fairseq(parts, [*MBART_LANGUAGES, parts.tokens["mask_token"]])


def _mbart50(parts: Parts) -> None:
    _fairseq(parts, [*MBART50_LANGUAGES, parts.tokens["mask_token"]], "cls_token")


def _camembert(parts: Parts) -> None:
    pad, unk, mask = (parts.tokens[name] for name in ("pad_token", "unk_token", "mask_token"))
    head = [("<s>NOTUSED", 0.0), (pad, 0.0), ("</s>NOTUSED", 0.0), (unk, 0.0), ("<unk>NOTUSED", -100.0)]
    parts.vocab = [*head, *parts.vocab[1:], (mask, 0.0)]


def _pegasus(parts: Parts) -> None:
    pad, eos = parts.tokens["pad_token"], parts.tokens["eos_token"]
    mask = str(parts.options.get("mask_token") or "<mask_1>")
    sent = str(parts.options.get("mask_token_sent") or "<mask_2>")
    masks = [mask, *([sent] if sent != mask else [])]
    unused = [(f"<unk_{i}>", -100.0) for i in range(2, parts.count("offset", 103))]
    head = [pad, eos, *masks]
    rest = ((f"{piece}NOTUSED" if piece in head else piece, score) for piece, score in parts.vocab[2:])
    parts.vocab = [*((token, 0.0) for token in head), *unused, *rest]


def _t5(parts: Parts) -> None:
    sentinels = [(f"<extra_id_{i}>", 0.0) for i in reversed(range(parts.count("extra_ids", 100)))]
    parts.vocab = [*parts.vocab, *sentinels]


def _nllb(parts: Parts) -> None:
    head = [parts.tokens[name] for name in ("bos_token", "pad_token", "eos_token", "unk_token")]
    parts.vocab = {token: index for index, token in enumerate(dict.fromkeys([*head, *parts.vocab]))}


def _seamless(parts: Parts) -> None:
    head = {"<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3}
    parts.vocab = {**head, **{token: index + 1 for index, token in enumerate(parts.vocab)}}


ARRANGEMENTS: dict[str, Callable[[Parts], None]] = {
    "camembert": _camembert,
    "layoutxlm": _xlm_roberta,
    "mbart": _mbart,
    "mbart50": _mbart50,
    "mt5": _t5,
    "nllb": _nllb,
    "pegasus": _pegasus,
    "seamless": _seamless,
    "t5": _t5,
    "videoprism": _t5,
    "xglm": _xglm,
    "xlm_roberta": _xlm_roberta,
}
