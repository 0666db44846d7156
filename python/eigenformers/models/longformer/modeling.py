"""Longformer models: encoders of long texts, whose tokens see a window, and chosen ones everything."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, make_dataclass
from typing import Any

from ... import _core
from ...errors import ShapeError
from ...outputs import (
    BaseModelOutputWithPooling,
    MaskedLMOutput,
    MultipleChoiceModelOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)
from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from ..native import native, tensor_of
from .configuration import LongformerConfig


@dataclass
class LongformerBaseModelOutputWithPooling(BaseModelOutputWithPooling):
    """Of the base model. `attentions` are float32 `[batch, heads, length, global + attention_window + 1]`: of the
    global tokens, then of the neighbours from left to right; `global_attentions` `[batch, heads, length, global]`.
    """

    global_attentions: Any = None


def _with_global(name: str, output: type) -> type:
    fields = [("global_attentions", Any, None)]
    made = make_dataclass(name, fields, bases=(output,), namespace={"__doc__": output.__doc__})
    made.__module__ = __name__
    return made


LongformerMaskedLMOutput = _with_global("LongformerMaskedLMOutput", MaskedLMOutput)
LongformerQuestionAnsweringModelOutput = _with_global(
    "LongformerQuestionAnsweringModelOutput", QuestionAnsweringModelOutput
)
LongformerSequenceClassifierOutput = _with_global("LongformerSequenceClassifierOutput", SequenceClassifierOutput)
LongformerMultipleChoiceModelOutput = _with_global("LongformerMultipleChoiceModelOutput", MultipleChoiceModelOutput)
LongformerTokenClassifierOutput = _with_global("LongformerTokenClassifierOutput", TokenClassifierOutput)


def _around_separator(input_ids: Any, separator: int, before: bool) -> Any:
    """1 for the tokens before the first of each row's three separators, or behind the second: int64 `[rows, length]`.

    Raises:
        ValueError: a row has not exactly three.
    """
    ids = input_ids.numpy()
    found = ids == separator
    if (found.sum(1) != 3).any():
        raise ValueError(
            f"There should be exactly three separator tokens: {separator} in every sample for questions answering. You"
            " might also consider to set `global_attention_mask` manually in the forward function to avoid this error."
        )
    first = found.argmax(1)[:, None]
    places = _core.arange(ids.shape[1]).numpy()[None]
    return _core.tensor((places < first if before else places > first + 1).astype("int64"))


class LongformerPreTrainedModel(EncoderPreTrainedModel):
    """Base of the Longformer models.

    Their `forward` takes `global_attention_mask`, `[batch, length]`: 1 for tokens that see all others and that all
    others see.
    """

    config_class = LongformerConfig
    base_model_prefix = "longformer"
    _no_split_modules = ["LongformerSelfAttention"]
    _pooled_heads = ("multiple_choice",)
    _packs = False
    _output_class: Any = None

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "forward" in cls.__dict__:
            return
        below = super().forward

        @native
        def forward(
            self, input_ids: Any = None, attention_mask: Any = None, global_attention_mask: Any = None, *more: Any,
            **others: Any,
        ) -> Any:  # fmt: skip
            return below(self, input_ids, attention_mask, *more, global_attention_mask=global_attention_mask, **others)

        names = list(inspect.signature(below).parameters.values())
        own = inspect.Parameter("global_attention_mask", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
        forward.__signature__ = inspect.Signature([*names[:3], own, *names[3:]])  # type: ignore[attr-defined]
        forward.__doc__ = below.__doc__
        cls.forward = forward

    def _native_config(self) -> str:
        window = self.config.attention_window
        if isinstance(window, int) and not isinstance(window, bool):
            self.config.attention_window = [window] * self.config.num_hidden_layers
        return super()._native_config()

    def _global_tokens(self, input_ids: Any) -> Any:
        """The mask of global tokens where none is given; None: no such tokens."""
        return None

    def _run(self, output_class: Any, arguments: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        mask = arguments["kwargs"].pop("global_attention_mask", None)
        if mask is None:
            given = arguments["input_ids"] if arguments.get("inputs_embeds") is None else arguments["inputs_embeds"]
            given = None if given is None else tensor_of("input_ids", given)
            mask = None if given is None or given.ndim < 2 else self._global_tokens(given)
        if mask is not None:  # C++ reads 2 as global
            mask = tensor_of("global_attention_mask", mask).to(_core.int64)
            real = arguments.get("attention_mask")
            if real is not None:
                real = tensor_of("attention_mask", real)
                if real.shape != mask.shape:
                    raise ShapeError(f"global_attention_mask: found shape {mask.shape}, needed {real.shape}")
            arguments["attention_mask"] = mask + 1 if real is None else real.to(_core.int64) * (mask + 1)
        return super()._run(self._output_class, arguments, {"cross_attentions": "global_attentions", **(names or {})})


class LongformerModel(LongformerPreTrainedModel, PooledEncoderModel):
    """The Longformer encoder: token ids to hidden states and a summary of the first."""

    _output_class = LongformerBaseModelOutputWithPooling


class LongformerForMaskedLM(LongformerPreTrainedModel, EncoderForMaskedLM):
    """Longformer that fills in masked tokens."""

    base_model_class = LongformerModel
    _output_class = LongformerMaskedLMOutput
    _tied_weights_keys = {"lm_head.decoder.weight": "longformer.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"longformer\.pooler\."]


class LongformerForSequenceClassification(LongformerPreTrainedModel, EncoderForSequenceClassification):
    """Longformer with scores for the whole text. Without a mask, its first token is global."""

    base_model_class = LongformerModel
    _output_class = LongformerSequenceClassifierOutput

    def _global_tokens(self, input_ids: Any) -> Any:
        mask = _core.zeros(*input_ids.shape[:2], dtype="int64").numpy()
        mask[:, 0] = 1
        return _core.tensor(mask)


class LongformerForTokenClassification(LongformerPreTrainedModel, EncoderForTokenClassification):
    """Longformer with scores for every token."""

    base_model_class = LongformerModel
    _output_class = LongformerTokenClassifierOutput


class LongformerForQuestionAnswering(LongformerPreTrainedModel, EncoderForQuestionAnswering):
    """Longformer with a head for where an answer begins and ends. Without a mask, the question's tokens are global:
    those before the first of three separators.
    """

    base_model_class = LongformerModel
    _output_class = LongformerQuestionAnsweringModelOutput

    def _global_tokens(self, input_ids: Any) -> Any:
        if input_ids.ndim != 2:
            return None  # embeddings, in which no separator is to be found
        return _around_separator(input_ids, self.config.sep_token_id, before=True)


class LongformerForMultipleChoice(LongformerPreTrainedModel, EncoderForMultipleChoice):
    """Longformer that scores several texts against each other. Without a mask, the tokens of the second text are
    global: those behind the second of three separators.
    """

    base_model_class = LongformerModel
    _output_class = LongformerMultipleChoiceModelOutput

    @native
    def forward(
        self, input_ids: Any = None, token_type_ids: Any = None, attention_mask: Any = None,
        global_attention_mask: Any = None, labels: Any = None, position_ids: Any = None, inputs_embeds: Any = None,
        **kwargs: Any,
    ) -> Any:  # fmt: skip
        """As `EncoderForMultipleChoice.forward`, with the arguments in the order that they have in transformers."""
        return EncoderForMultipleChoice.forward(
            self, input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds, labels,
            global_attention_mask=global_attention_mask, **kwargs,
        )  # fmt: skip

    def _global_tokens(self, input_ids: Any) -> Any:
        if input_ids.ndim != 3:
            return None  # embeddings
        rows = input_ids.reshape(-1, input_ids.shape[-1])
        return _around_separator(rows, self.config.sep_token_id, before=False).reshape(*input_ids.shape)
