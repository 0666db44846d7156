"""`train_new_from_iterator`: the same pipeline and the same special tokens around a vocabulary of other texts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .. import tokenizers
from ..tokenizers import AddedToken, Tokenizer

_NOT_IN_MAPPING = "Attempted to set a token in the post processor that does not exist in the mapping"


class TrainingMixin:
    """Adds `train_new_from_iterator` to a tokenizer over the engine."""

    def train_new_from_iterator(
        self,
        text_iterator: Iterable[str | Iterable[str]],
        vocab_size: int,
        length: int | None = None,
        new_special_tokens: list[str | AddedToken] | None = None,
        special_tokens_map: dict[str, str] | None = None,
        **kwargs: Any,
    ):
        """Train a tokenizer like this one on other texts; returns the new one.

        Args:
            text_iterator: texts, or lists of texts.
            vocab_size: tokens in all, special tokens included.
            length: how many texts there are, for the progress bar.
            new_special_tokens: further special tokens.
            special_tokens_map: special tokens to rename, old to new.
            **kwargs: further options of the trainer, such as `min_frequency`, `show_progress`.

        Raises:
            ValueError: this kind of model cannot be trained.
        """
        renamed = special_tokens_map or {}
        spec = json.loads(self._tokenizer.to_str())
        added, post_processor = spec.pop("added_tokens"), spec.pop("post_processor")
        unk_token = _empty(spec["model"], renamed)
        tokenizer = Tokenizer.from_str(json.dumps(spec))
        kind = spec["model"]["type"]
        special = [
            AddedToken(**{**token, "content": renamed.get(token["content"], token["content"])})
            for token in ({k: v for k, v in entry.items() if k != "id"} for entry in added)
            if kind == "Unigram" or token["special"]
        ]
        special += new_special_tokens or []
        for name in ("continuing_subword_prefix", "end_of_word_suffix"):
            if kind == "BPE" and spec["model"].get(name) is not None:
                kwargs.setdefault(name, spec["model"][name])
        if unk_token is not None:
            kwargs["unk_token"] = unk_token
        words = spec["pre_tokenizer"] or {}
        if "ByteLevel" in [part.get("type") for part in (words, *words.get("pretokenizers", ()))] and kind != "WordLevel":
            kwargs["initial_alphabet"] = tokenizers.pre_tokenizers.ByteLevel.alphabet()
        trainer = tokenizers.trainers.DEFAULT_TRAINERS[kind](vocab_size=vocab_size, special_tokens=special, **kwargs)
        tokenizer.train_from_iterator(text_iterator, trainer, length)
        if post_processor is not None:
            trained = json.loads(tokenizer.to_str())
            trained["post_processor"] = _renumbered(post_processor, tokenizer, renamed)
            tokenizer = Tokenizer.from_str(json.dumps(trained))
        return self._with_backend(tokenizer, renamed, new_special_tokens or [])

    def _with_backend(self, tokenizer: Tokenizer, renamed: dict[str, str], new: list):
        """A tokenizer of this class over another engine tokenizer."""
        arguments = {k: v for k, v in self.init_kwargs.items() if k not in ("vocab_file", "merges_file", "name_or_path")}
        for name, token in self.special_tokens_map_extended.items():
            content = renamed.get(str(token), str(token))
            if isinstance(token, AddedToken):
                flags = {flag: getattr(token, flag) for flag in ("single_word", "lstrip", "rstrip", "normalized")}
                content = AddedToken(content, special=True, **flags)
            arguments[name] = content
        extra = [*self.extra_special_tokens, *new]
        if extra:
            arguments["extra_special_tokens"] = extra
        return type(self)(tokenizer_object=tokenizer, **arguments)


def _empty(model: dict[str, Any], renamed: dict[str, str]) -> str | None:
    """Take the vocabulary out of a model; returns the unknown piece of a Unigram model."""
    unk = model.get("unk_token")
    if unk in renamed:
        model["unk_token"] = renamed[unk]
    if model["type"] == "Unigram":
        if model["unk_id"] is None:
            model["vocab"] = []
            return None
        piece = model["vocab"][model["unk_id"]][0]
        piece = renamed.get(piece, piece)
        model["unk_id"], model["vocab"] = 0, [[piece, 0.0]]
        return piece
    if model["type"] not in tokenizers.trainers.DEFAULT_TRAINERS:
        raise ValueError(
            f"This method does not support this type of tokenizer (found {model['type']}) "
            "only BPE, Unigram, WordLevel and WordPiece."
        )
    model["vocab"] = {}
    if "merges" in model:
        model["merges"] = []
    return None


def _renumbered(post_processor: dict[str, Any], tokenizer: Tokenizer, renamed: dict[str, str]) -> dict[str, Any]:
    """The post-processor with the new ids of its tokens, at any depth of sequences."""

    def index(token: str) -> int:
        found = tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(_NOT_IN_MAPPING)
        return found

    for part in post_processor.get("processors", ()):
        _renumbered(part, tokenizer, renamed)
    for entry in (post_processor.get("special_tokens") or {}).values():
        entry["tokens"] = [renamed.get(token, token) for token in entry["tokens"]]
        entry["ids"] = [index(token) for token in entry["tokens"]]
    for name in ("cls", "sep"):
        if name in post_processor:
            token = renamed.get(post_processor[name][0], post_processor[name][0])
            post_processor[name] = [token, index(token)]
    return post_processor
