"""Tokenizers of texts in which entities are marked (LUKE, mLUKE): every entity comes with its place in the text, and
the model gets the entities as a second sequence, each with the positions of its tokens.

Yamada et al. 2020, "LUKE"; Ri et al. 2022, "mLUKE".
"""

from __future__ import annotations

import os
from typing import Any

from ..utils import logging
from ._engine import AddedToken, UnsupportedError, checked_count
from .batch_encoding import BatchEncoding
from .entity_inputs import EntityInputs
from .entity_spans import TASKS, Passage, check_entities, check_spans, cut, join, put_marks, rows_of
from .enums import PaddingStrategy, TruncationStrategy
from .prepare import SpecialLayout
from .saving import write_json
from .vocab_files import checked_vocab, read_vocab

logger = logging.get_logger(__name__)

_MARKS = {"entity_1_token": "<ent>", "entity_2_token": "<ent2>"}
_ENTITIES = {"entity_unk_token": "[UNK]", "entity_pad_token": "[PAD]", "entity_mask_token": "[MASK]",
             "entity_mask2_token": "[MASK2]"}  # fmt: skip


def _is_batch(text: Any, *kinds: type) -> bool:
    return isinstance(text, (list, tuple)) and (not text or isinstance(text[0], kinds))


class LukeEntities(EntityInputs):
    """Texts with entities: `entity_ids`, and for each the positions of its tokens.

    Args:
        vocab, merges: as in `PreTrainedTokenizerFast`.
        entity_vocab: entity (a title of Wikipedia, `[MASK]`, …) to id; by default the four special ones alone.
        entity_vocab_file: entity_vocab.json, which holds it.
        task: "entity_classification" (each input has one entity), "entity_pair_classification" (two),
            "entity_span_classification"; by default the entities are those of the call.
        max_entity_length: most entities of an input; one or two where the task says so.
        max_mention_length: most tokens of an entity.
        entity_1_token, entity_2_token: stand around the first and the second entity, where the task is to classify.
        entity_unk_token, entity_pad_token, entity_mask_token, entity_mask2_token: entities.
        **kwargs: see `PreTrainedTokenizerFast`.
    """

    def __init__(
        self,
        vocab: Any = None,
        merges: Any = None,
        entity_vocab: dict[str, int] | None = None,
        *,
        entity_vocab_file: str | os.PathLike | None = None,
        task: str | None = None,
        max_entity_length: int = 32,
        max_mention_length: int = 30,
        **kwargs: Any,
    ):
        if task is not None and task not in TASKS:
            raise ValueError(f"Task {task} not supported. Select task from {list(TASKS)} only.")
        named = dict(kwargs.pop("model_specific_special_tokens", None) or {})
        for name, token in {**_MARKS, **_ENTITIES}.items():
            given = kwargs.pop(f"entity_token_{name[7]}", None) if name in _MARKS else None  # the older spelling
            given = kwargs.get(name) if given is None else given
            token = token if given is None else given
            kwargs[name] = named.pop(name, self._as_mark(token) if name in _MARKS else token)
        if named:
            kwargs["model_specific_special_tokens"] = named
        if entity_vocab is not None:
            self.entity_vocab = checked_vocab(entity_vocab, "entity_vocab")
        elif entity_vocab_file is not None:
            self.entity_vocab = read_vocab(entity_vocab_file)
        else:
            self.entity_vocab = {str(kwargs[name]): index for index, name in enumerate(_ENTITIES)}
        for name in _ENTITIES:
            entity = str(kwargs[name])
            if entity not in self.entity_vocab:
                raise ValueError(f"Specified entity special token `{entity}` is not found in entity_vocab.")
            setattr(self, f"{name}_id", self.entity_vocab[entity])  # of the entities, not of the words
        self.task = task
        self.max_entity_length = TASKS.get(task, (None,))[0] or checked_count("max_entity_length", max_entity_length)
        self.max_mention_length = checked_count("max_mention_length", max_mention_length)
        kwargs.setdefault("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output", True)
        super().__init__(
            vocab=vocab, merges=merges, entity_vocab=None, task=task, max_entity_length=max_entity_length,
            max_mention_length=max_mention_length, **kwargs,
        )  # fmt: skip

    _listed = tuple(_MARKS)  # which of its tokens are extra special tokens besides

    @staticmethod
    def _as_mark(token: str | AddedToken) -> str | AddedToken:
        return token

    def _add_missing_tokens(self, added_tokens_decoder: dict[int, AddedToken], loaded: bool) -> None:
        have = set(map(str, self._extra_special_tokens))
        own = [self._special_tokens_map[name] for name in self._listed]
        self._extra_special_tokens.extend(token for token in own if str(token) not in have)
        super()._add_missing_tokens(added_tokens_decoder, loaded)

    def _special_layout(self, pair: bool) -> SpecialLayout:
        cls, sep = [self.cls_token_id], [self.sep_token_id]
        return SpecialLayout(cls, sep + sep if pair else [], sep, [0], [0, 0] if pair else [], [0], (0, 0))

    def save_vocabulary(self, save_directory: Any, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.json, merges.txt and entity_vocab.json; returns their paths."""
        files = super().save_vocabulary(save_directory, filename_prefix)
        return (*files, *self._save_entities(save_directory, filename_prefix)) if files else ()

    def _save_entities(self, save_directory: Any, filename_prefix: str | None) -> tuple[str, ...]:
        if not os.path.isdir(save_directory):
            logger.error("Vocabulary path (%s) should be a directory", save_directory)
            return ()
        name = (f"{filename_prefix}-" if filename_prefix else "") + self.vocab_files_names["entity_vocab_file"]
        path = os.path.join(save_directory, name)
        write_json(path, self.entity_vocab)
        return (path,)

    # Encoding

    def __call__(
        self,
        text=None,
        text_pair=None,
        entity_spans: list | None = None,
        entity_spans_pair: list | None = None,
        entities: list | None = None,
        entities_pair: list | None = None,
        add_special_tokens: bool = True,
        **kwargs: Any,
    ) -> BatchEncoding:
        """Encode a text, a pair, or a batch of either, with the entities in them.

        Args:
            text, text_pair: as in other tokenizers.
            entity_spans: (start, end) in characters of each entity of `text`; of a batch, a list of them a text.
            entity_spans_pair: those of `text_pair`.
            entities: their names; by default `[MASK]`. A task needs none.
            entities_pair: those of `text_pair`.
            max_entity_length: most entities, and how many `padding="max_length"` makes of them.
            **kwargs: the other arguments of a call. Without entities all of them work; with entities
                `is_split_into_words` and `return_offsets_mapping` do not.

        Returns:
            BatchEncoding: besides the usual `entity_ids`, `entity_position_ids` (`max_mention_length` numbers an
            entity, -1 where it has fewer tokens), `entity_attention_mask`, where wanted `entity_token_type_ids`; for
            "entity_span_classification" `entity_start_positions` and `entity_end_positions`.

        Raises:
            TypeError, ValueError: texts, spans or entities of another form, or other than the task needs.
        """
        is_target = kwargs.get("text_target") is not None or kwargs.get("text_pair_target") is not None
        if is_target and not (entity_spans is None and entities is None and self.task is None):
            raise UnsupportedError(
                "text_target and text_pair_target are not supported when using entity-aware encoding. "
                "Please use the tokenizer without entities for seq2seq tasks."
            )
        if not is_target and not (isinstance(text, str) or _is_batch(text, str, list, tuple)):
            raise ValueError(
                "text input must be of type `str` (single example), `list[str]` (batch), or `list[tuple]` (batch pairs)."
            )
        if not (text_pair is None or isinstance(text_pair, str) or _is_batch(text_pair, str)):
            raise ValueError("text_pair input must be of type `str` (single example) or `list[str]` (batch).")
        return super().__call__(
            text, text_pair, add_special_tokens=add_special_tokens, entity_spans=entity_spans,
            entity_spans_pair=entity_spans_pair, entities=entities, entities_pair=entities_pair, **kwargs,
        )  # fmt: skip

    def _encode_plus(
        self,
        text,
        text_pair=None,
        entity_spans=None,
        entity_spans_pair=None,
        entities=None,
        entities_pair=None,
        padding_strategy: PaddingStrategy = PaddingStrategy.DO_NOT_PAD,
        truncation_strategy: TruncationStrategy = TruncationStrategy.DO_NOT_TRUNCATE,
        max_length: int | None = None,
        max_entity_length: int | None = None,
        **options: Any,
    ) -> BatchEncoding:
        about = (text_pair, entity_spans, entity_spans_pair, entities, entities_pair)
        if self.task is None and all(value is None for value in about[1:]):
            return super()._encode_plus(
                text, text_pair, padding_strategy=padding_strategy, truncation_strategy=truncation_strategy,
                max_length=max_length, **options,
            )  # fmt: skip
        if options.pop("return_offsets_mapping", False):
            raise UnsupportedError("return_offset_mapping is not available when using entity-aware encoding.")
        if options.pop("is_split_into_words", False):
            raise UnsupportedError("is_split_into_words is not supported in this tokenizer.")
        split = options.pop("split_special_tokens", None)
        options.update(truncation=truncation_strategy, max_length=max_length, max_entity_length=max_entity_length)
        if isinstance(text, str):
            row = self._encode_passages([self._passages(text, *about)], split)[0]
            return self.prepare_for_model(*row, padding=padding_strategy, prepend_batch_axis=True, **options)
        passages = [self._passages(*row) for row in self._batch_rows(text, *about)]
        later = {name: options.pop(name, None) for name in ("pad_to_multiple_of", "padding_side", "return_tensors")}
        later["return_attention_mask"] = options.pop("return_attention_mask", None)
        rows = [
            self.prepare_for_model(*row, return_attention_mask=False, **options)
            for row in self._encode_passages(passages, split)
        ]
        data = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
        return self.pad(data, padding_strategy, max_length, **later)

    @staticmethod
    def _batch_rows(texts, text_pairs, spans, spans_pairs, entities, entities_pairs):
        """The arguments of `_passages` for each input; a pair may also be a row of two."""
        count = len(texts)
        if spans is not None and None in spans:
            raise TypeError("entity_spans should be given as a list")
        columns = (
            rows_of("text_pair", count, texts, text_pairs, lambda row: not isinstance(row, str)),
            rows_of("entity_spans", count, spans, spans_pairs, lambda row: isinstance(row[0], list)),
            rows_of("entities", count, entities, entities_pairs, lambda row: not isinstance(row[0], str)),
        )
        for pairs in zip(*columns):
            yield [value for pair in pairs for value in pair]

    def _passages(self, text, pair, spans, spans_pair, entities, entities_pair) -> list[Passage]:
        """An input as one text or two, each with its entities."""
        if self.task is None:
            first = self._passage(text, spans, entities)
            return [first] if pair is None else [first, self._passage(pair, spans_pair, entities_pair)]
        count, message = TASKS[self.task]
        if not isinstance(spans, list) or not spans or len(spans) != (count or len(spans)):
            raise ValueError(message)
        if not all(isinstance(span, tuple) for span in spans):
            raise ValueError(message)
        check_spans(text, spans)
        ids = [self.entity_mask_token_id] * len(spans)
        if count == 2:
            ids[1] = self.entity_mask2_token_id
        return [Passage(text, spans, ids)]

    def _passage(self, text: str, spans: Any, entities: Any) -> Passage:
        if spans is None:
            return Passage(text)
        check_entities(spans, entities)
        check_spans(text, spans)
        if not entities:
            return Passage(text, spans, [self.entity_mask_token_id] * len(spans))
        return Passage(text, spans, [self.entity_vocab.get(name, self.entity_unk_token_id) for name in entities])

    def _encode_passages(self, rows: list[list[Passage]], split_special_tokens: bool | None) -> list[tuple]:
        """The first six arguments of `prepare_for_model` for each row."""
        cuts = [[cut(passage) for passage in row] for row in rows]
        ids = iter(
            self._piece_ids([text for row in cuts for pieces in row for text in pieces.texts], split_special_tokens)
        )
        out = []
        for row, pieces in zip(rows, cuts):
            found = [(*join(passage, cut_up, ids), passage.entity_ids) for passage, cut_up in zip(row, pieces)]
            if self.task in ("entity_classification", "entity_pair_classification"):
                tokens, spans, entity_ids = found[0]
                found[0] = (*put_marks(tokens, spans, [self.entity_1_token_id, self.entity_2_token_id]), entity_ids)
            (first, spans, entity_ids), (second, spans_pair, pair_ids) = (*found, (None, None, None))[:2]
            out.append((first, second, entity_ids, pair_ids, spans, spans_pair))
        return out

    def _piece_ids(self, pieces: list[str], split_special_tokens: bool | None) -> list[list[int]]:
        with self._lock:
            self.set_truncation_and_padding(
                PaddingStrategy.DO_NOT_PAD, TruncationStrategy.DO_NOT_TRUNCATE, None, 0, None
            )
            split = self.split_special_tokens if split_special_tokens is None else split_special_tokens
            if self._tokenizer.encode_special_tokens != split:
                self._tokenizer.encode_special_tokens = split
            return self._ids_of(self._tokenizer.encode_batch(pieces, add_special_tokens=False))

    def _ids_of(self, encodings: list) -> list[list[int]]:
        return [encoding.ids for encoding in encodings]


class MLukeEntities(LukeEntities):
    """The same over a SentencePiece model. Its ids are those of the file, as in transformers 5; with transformers 4 they
    were one higher, behind four tokens of fairseq's.
    """

    _listed = (*_MARKS, *_ENTITIES)

    @staticmethod
    def _as_mark(token: str | AddedToken) -> str | AddedToken:
        return f"▁{token}" if isinstance(token, str) else token

    @property
    def vocab_size(self) -> int:
        """Size of the model's own vocabulary, with <pad> and <mask>."""
        return super().vocab_size + 2

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens).replace("▁", " ").strip()

    def save_vocabulary(self, save_directory: Any, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write entity_vocab.json; returns its path. The pieces are in tokenizer.json."""
        return self._save_entities(save_directory, filename_prefix)

    def _ids_of(self, encodings: list) -> list[list[int]]:
        return [self.convert_tokens_to_ids(encoding.tokens) for encoding in encodings]  # what is unknown becomes <unk>
