"""`pipeline("token-classification")`: labels words, and joins them to entities."""

from __future__ import annotations

import enum
import warnings
from typing import Any

import numpy as np

from ..generation.arrays import as_array, softmax
from ..utils import logging
from .base import ArgumentHandler, ChunkPipeline
from .pt_utils import KeyDataset

logger = logging.get_logger(__name__)


class AggregationStrategy(enum.Enum):
    """How tokens become entities: not at all, as they are, or word by word with the label of the word's first token, of
    the average of its tokens, or of its most certain token."""

    NONE = "none"
    SIMPLE = "simple"
    FIRST = "first"
    AVERAGE = "average"
    MAX = "max"


_BY_WORD = (AggregationStrategy.FIRST, AggregationStrategy.AVERAGE, AggregationStrategy.MAX)


def _read_strategy(name: Any) -> AggregationStrategy:
    if isinstance(name, AggregationStrategy):
        return name
    try:
        return AggregationStrategy(str(name).lower())
    except ValueError:
        choices = [strategy.value for strategy in AggregationStrategy]
        raise ValueError(f"aggregation_strategy: found {name!r}, needed one of {choices}") from None


class TokenClassificationArgumentHandler(ArgumentHandler):
    """`(inputs, is_split_into_words, offset_mapping a text, delimiter)` of a call's arguments."""

    def __call__(self, inputs: Any, **kwargs: Any) -> tuple[Any, bool, Any, Any]:  # type: ignore[override]
        split, delimiter = kwargs.get("is_split_into_words", False), kwargs.get("delimiter")
        if isinstance(inputs, str):
            inputs = [inputs]
        elif isinstance(inputs, (list, tuple)):
            inputs = list(inputs)
        elif hasattr(inputs, "__next__") or isinstance(inputs, KeyDataset) or hasattr(inputs, "__getitem__"):
            return inputs, split, None, delimiter
        if not inputs:
            raise ValueError("At least one input is required.")
        offsets = kwargs.get("offset_mapping")
        if offsets:
            if isinstance(offsets, list) and isinstance(offsets[0], tuple):
                offsets = [offsets]
            if len(offsets) != len(inputs):
                raise ValueError("offset_mapping should have the same batch size as the input")
        return inputs, split, offsets, delimiter


class TokenClassificationPipeline(ChunkPipeline):
    """Finds labelled words: names of people and places, parts of speech.

    Each text gives a list of `{"entity", "score", "index", "word", "start", "end"}`, one a token, or with an aggregation
    strategy of `{"entity_group", "score", "word", "start", "end"}`. Tokens labelled "O" are left out.

    >>> from eigenformers import pipeline
    >>> find = pipeline("ner", model="./my-ner-model", aggregation_strategy="simple")  # doctest: +SKIP
    >>> find("Angela Merkel visited New York.")[0]  # doctest: +SKIP
    {'entity_group': 'PER', 'score': 0.99, 'word': 'angela merkel', 'start': 0, 'end': 13}
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, args_parser: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.check_model_type(self.models_of("AutoModelForTokenClassification"))
        self._args_parser = args_parser or TokenClassificationArgumentHandler()

    def _sanitize_parameters(  # type: ignore[override]
        self,
        ignore_labels: list[str] | None = None,
        aggregation_strategy: Any = None,
        offset_mapping: Any = None,
        is_split_into_words: bool = False,
        stride: int | None = None,
        delimiter: str | None = None,
        grouped_entities: bool | None = None,
        ignore_subwords: bool | None = None,
    ) -> tuple[dict, dict, dict]:
        if grouped_entities is not None or ignore_subwords is not None:
            old = "first" if grouped_entities and ignore_subwords else "simple" if grouped_entities else "none"
            logger.warning_once(
                "`grouped_entities` and `ignore_subwords` are deprecated, defaulted to "
                f'`aggregation_strategy="{old}"` instead.'
            )
            aggregation_strategy = aggregation_strategy or old
        preprocess: dict[str, Any] = {"is_split_into_words": is_split_into_words}
        if is_split_into_words:
            preprocess["delimiter"] = " " if delimiter is None else delimiter
        if offset_mapping is not None:
            preprocess["offset_mapping"] = offset_mapping
        postprocess: dict[str, Any] = {}
        if aggregation_strategy is not None:
            strategy = postprocess["aggregation_strategy"] = _read_strategy(aggregation_strategy)
            if strategy in _BY_WORD and not self.tokenizer.is_fast:
                raise ValueError(
                    "Slow tokenizers cannot handle subwords. Please set the `aggregation_strategy` option to "
                    '`"simple"` or use a fast tokenizer.'
                )
        if ignore_labels is not None:
            postprocess["ignore_labels"] = ignore_labels
        if stride is not None:
            self._check_stride(stride, postprocess.get("aggregation_strategy"))
            preprocess["tokenizer_params"] = {"return_overflowing_tokens": True, "padding": True, "stride": stride}
        return preprocess, {}, postprocess

    def _check_stride(self, stride: int, strategy: AggregationStrategy | None) -> None:
        if not isinstance(stride, int) or stride < 0:
            raise ValueError(f"stride: found {stride!r}, needed a number of tokens, 0 or more")
        if stride >= self.tokenizer.model_max_length:
            raise ValueError(
                "`stride` must be less than `tokenizer.model_max_length` (or even lower if the tokenizer adds special "
                "tokens)"
            )
        if strategy is AggregationStrategy.NONE:
            raise ValueError(
                "`stride` was provided to process all the text but `aggregation_strategy="
                f'"{strategy}"`, please select another one instead.'
            )
        if not self.tokenizer.is_fast:
            raise ValueError(
                "`stride` was provided to process all the text but you're using a slow tokenizer. Please use a fast "
                "tokenizer."
            )

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Labels the tokens of each text.

        Args:
            inputs: a string, a list of strings, a generator, a dataset; with `is_split_into_words=True` a list of words
                or a list of such lists, joined by `delimiter` (a space) for the result.
            aggregation_strategy: "none", "simple", "first", "average" or "max".
            ignore_labels: labels to leave out (["O"]).
            stride: cut texts that are too long for the model into pieces that overlap by so many tokens.
            offset_mapping: places of the tokens, where the tokenizer knows none.
        """
        _, split, offsets, delimiter = self._args_parser(inputs, **kwargs)
        kwargs.update(is_split_into_words=split, delimiter=delimiter)
        if split and not all(isinstance(item, list) for item in inputs):
            return super().__call__([inputs], **kwargs)
        if offsets:
            kwargs["offset_mapping"] = offsets
        return super().__call__(inputs, **kwargs)

    def preprocess(  # type: ignore[override]
        self,
        sentence: Any,
        offset_mapping: Any = None,
        is_split_into_words: bool = False,
        delimiter: str = " ",
        tokenizer_params: dict[str, Any] | None = None,
    ) -> Any:
        text, places = sentence, None
        if is_split_into_words:
            if not isinstance(sentence, list):
                raise ValueError("When `is_split_into_words=True`, `sentence` must be a list of tokens.")
            if not self.tokenizer.is_fast:
                raise ValueError("is_split_into_words=True is only supported with fast tokenizers.")
            sentence, places, at = delimiter.join(text), [], 0
            for word in text:
                places.append((at, at + len(word)))
                at += len(word) + len(delimiter)
        elif not isinstance(sentence, str):
            raise ValueError("When `is_split_into_words=False`, `sentence` must be an untokenized string.")
        limit = self.tokenizer.model_max_length
        inputs = self.tokenizer(
            text,
            return_tensors="pt",
            truncation=bool(limit and limit > 0),
            return_special_tokens_mask=True,
            return_offsets_mapping=self.tokenizer.is_fast,
            is_split_into_words=is_split_into_words,
            **(tokenizer_params or {}),
        )
        inputs.pop("overflow_to_sample_mapping", None)
        pieces = len(inputs["input_ids"])
        for i in range(pieces):
            piece = {name: value[i : i + 1] for name, value in inputs.items()}
            if offset_mapping is not None:
                piece["offset_mapping"] = offset_mapping
            piece["sentence"] = sentence if i == 0 else None
            piece["is_last"] = i == pieces - 1
            if places is not None:
                piece["word_ids"] = inputs.word_ids(i)
                piece["word_to_chars_map"] = places
            yield piece

    def _forward(self, model_inputs: Any) -> Any:  # type: ignore[override]
        others = ("special_tokens_mask", "offset_mapping", "sentence", "is_last", "word_ids", "word_to_chars_map")
        kept = {name: model_inputs.pop(name) for name in others if name in model_inputs}
        return {"logits": self.run_model(model_inputs)["logits"], **kept, **model_inputs}

    def postprocess(  # type: ignore[override]
        self,
        all_outputs: Any,
        aggregation_strategy: AggregationStrategy = AggregationStrategy.NONE,
        ignore_labels: list[str] | None = None,
    ) -> list[dict[str, Any]]:
        ignored = ["O"] if ignore_labels is None else ignore_labels
        sentence = all_outputs[0]["sentence"]
        entities: list[dict[str, Any]] = []
        for output in all_outputs:
            offsets = output.get("offset_mapping")
            tokens = self.gather_pre_entities(
                sentence,
                as_array(output["input_ids"])[0],
                softmax(as_array(output["logits"])[0].astype(np.float32)),
                None if offsets is None else as_array(offsets[0]),
                as_array(output["special_tokens_mask"])[0],
                aggregation_strategy,
                word_ids=output.get("word_ids"),
                word_to_chars_map=all_outputs[0].get("word_to_chars_map"),
            )
            entities += [
                entity
                for entity in self.aggregate(tokens, aggregation_strategy)
                if entity.get("entity") not in ignored and entity.get("entity_group") not in ignored
            ]
        return self.aggregate_overlapping_entities(entities) if len(all_outputs) > 1 else entities

    def aggregate_overlapping_entities(self, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of entities that pieces of a text share, the longest, then the most certain."""
        kept: list[dict[str, Any]] = []
        for entity in sorted(entities, key=lambda entity: entity["start"]):
            if not kept or not kept[-1]["start"] <= entity["start"] < kept[-1]["end"]:
                kept.append(entity)
                continue
            size = lambda e: (e["end"] - e["start"], e["score"])  # noqa: E731
            kept[-1] = max(kept[-1], entity, key=size)
        return kept

    def gather_pre_entities(
        self,
        sentence: str,
        input_ids: np.ndarray,
        scores: np.ndarray,
        offset_mapping: Any,
        special_tokens_mask: np.ndarray,
        aggregation_strategy: AggregationStrategy,
        word_ids: list[int | None] | None = None,
        word_to_chars_map: list[tuple[int, int]] | None = None,
    ) -> list[dict[str, Any]]:
        """Each token that is not special, with its scores, its place and whether it goes on with a word."""
        found = []
        engine = getattr(self.tokenizer, "backend_tokenizer", None)
        knows_words = bool(getattr(getattr(engine, "model", None), "continuing_subword_prefix", None))
        for index in np.flatnonzero(np.asarray(special_tokens_mask) == 0):
            token = int(input_ids[index])
            word, start, end, is_subword = self.tokenizer.convert_ids_to_tokens(token), None, None, False
            if offset_mapping is not None:
                start, end = (int(place) for place in offset_mapping[index])
                if word_ids is not None and word_to_chars_map is not None and word_ids[index] is not None:
                    shift = word_to_chars_map[word_ids[index]][0]
                    start, end = start + shift, end + shift
                if knows_words:
                    is_subword = len(word) != end - start
                else:  # the best guess where a vocabulary doesn't mark them: no space before
                    if aggregation_strategy in _BY_WORD:
                        warnings.warn(
                            "Tokenizer does not support real words, using fallback heuristic", UserWarning, stacklevel=2
                        )
                    is_subword = start > 0 and " " not in sentence[start - 1 : start + 1]
                if token == self.tokenizer.unk_token_id:
                    word, is_subword = sentence[start:end], False
            found.append(
                {
                    "word": word,
                    "scores": scores[index],
                    "start": start,
                    "end": end,
                    "index": int(index),
                    "is_subword": is_subword,
                }
            )
        return found

    def aggregate(
        self, pre_entities: list[dict[str, Any]], aggregation_strategy: AggregationStrategy
    ) -> list[dict[str, Any]]:
        """Tokens, or the entities they make up."""
        if aggregation_strategy in _BY_WORD:
            return self.group_entities(self.aggregate_words(pre_entities, aggregation_strategy))
        entities = []
        for token in pre_entities:
            label = int(token["scores"].argmax())
            entities.append(
                {
                    "entity": self.model.config.id2label[label],
                    "score": float(token["scores"][label]),
                    **{name: token[name] for name in ("index", "word", "start", "end")},
                }
            )
        return entities if aggregation_strategy is AggregationStrategy.NONE else self.group_entities(entities)

    def aggregate_words(
        self, entities: list[dict[str, Any]], aggregation_strategy: AggregationStrategy
    ) -> list[dict[str, Any]]:
        """One entity a word, whose tokens may disagree."""
        if aggregation_strategy not in _BY_WORD:
            raise ValueError("NONE and SIMPLE strategies are invalid for word aggregation")
        words: list[list[dict[str, Any]]] = []
        for entity in entities:
            if words and entity["is_subword"]:
                words[-1].append(entity)
            else:
                words.append([entity])
        return [self.aggregate_word(word, aggregation_strategy) for word in words]

    def aggregate_word(
        self, entities: list[dict[str, Any]], aggregation_strategy: AggregationStrategy
    ) -> dict[str, Any]:
        """The entity of one word."""
        scores = entities[0]["scores"]
        if aggregation_strategy is AggregationStrategy.MAX:
            scores = max(entities, key=lambda entity: entity["scores"].max())["scores"]
        elif aggregation_strategy is AggregationStrategy.AVERAGE:
            scores = np.nanmean(np.stack([entity["scores"] for entity in entities]), axis=0)
        label = int(scores.argmax())
        return {
            "entity": self.model.config.id2label[label],
            "score": float(scores[label]),
            "word": self.tokenizer.convert_tokens_to_string([entity["word"] for entity in entities]),
            "start": entities[0]["start"],
            "end": entities[-1]["end"],
        }

    def get_tag(self, entity_name: str) -> tuple[str, str]:
        """`B-PER` → ("B", "PER"); a label without a mark counts as a continuation."""
        if entity_name[:2] in ("B-", "I-"):
            return entity_name[0], entity_name[2:]
        return "I", entity_name

    def group_entities(self, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Joins neighbours with the same tag, up to where a "B-" begins a new one."""
        groups: list[list[dict[str, Any]]] = []
        for entity in entities:
            mark, tag = self.get_tag(entity["entity"])
            if groups and mark != "B" and tag == self.get_tag(groups[-1][-1]["entity"])[1]:
                groups[-1].append(entity)
            else:
                groups.append([entity])
        return [self.group_sub_entities(group) for group in groups]

    def group_sub_entities(self, entities: list[dict[str, Any]]) -> dict[str, Any]:
        """One entity of neighbouring ones."""
        return {
            "entity_group": entities[0]["entity"].split("-", 1)[-1],
            "score": float(np.nanmean([entity["score"] for entity in entities])),
            "word": self.tokenizer.convert_tokens_to_string([entity["word"] for entity in entities]),
            "start": entities[0]["start"],
            "end": entities[-1]["end"],
        }


NerPipeline = TokenClassificationPipeline
