"""TAPAS models: encoders of a question and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ... import _core
from ...errors import ShapeError
from ...outputs import BaseModelOutputWithPooling, ModelOutput
from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForSequenceClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from ..native import native
from .configuration import TapasConfig


@dataclass
class TableQuestionAnsweringOutput(ModelOutput):
    """Scores float32 `[batch, length]` of tokens as parts of the answer, and `[batch, num_aggregation_labels]` of what
    is done with the cells."""

    loss: Any = None
    logits: Any = None
    logits_aggregation: Any = None
    hidden_states: Any = None
    attentions: Any = None


class TapasPreTrainedModel(EncoderPreTrainedModel):
    """Base of the TAPAS models. Their `token_type_ids` are int64 `[batch, length, 7]`, as `TapasTokenizer` returns them:
    segment, column, row, whether the last answer had the cell, rank, rank from the end, relation to the question.
    """

    config_class = TapasConfig
    base_model_prefix = "tapas"
    _no_split_modules = ["TapasLayer"]
    _pooled_heads = ("sequence_classification", "table_question_answering")
    _packs = False

    def _init_weights(self, module: Any) -> None:
        super()._init_weights(module)
        if isinstance(module, TapasForQuestionAnswering):
            std = 0.0 if self.config.init_cell_selection_weights_to_zero else self.config.initializer_range
            for weight in (module.output_weights, module.column_output_weights):
                weight.normal_(0.0, std)


class TapasModel(TapasPreTrainedModel, PooledEncoderModel):
    """The TAPAS encoder: token ids to hidden states and a summary of the first."""

    _output_class = BaseModelOutputWithPooling


class TapasForMaskedLM(TapasPreTrainedModel, EncoderForMaskedLM):
    """TAPAS that fills in masked tokens."""

    base_model_class = TapasModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "tapas.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"cls\.predictions\.decoder\.bias", r"tapas\.pooler\.",
    ]  # fmt: skip


class TapasForSequenceClassification(TapasPreTrainedModel, EncoderForSequenceClassification):
    """TAPAS that says whether a table bears out a sentence."""

    base_model_class = TapasModel


class TapasForQuestionAnswering(TapasPreTrainedModel):
    """TAPAS that picks the cells which answer a question, and what is done with their numbers."""

    _head = "table_question_answering"
    base_model_class = TapasModel

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        table_mask: Any = None,
        labels: Any = None,
        aggregation_labels: Any = None,
        float_answer: Any = None,
        numeric_values: Any = None,
        numeric_values_scale: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its heads; arguments as in the base model, and:

        Args:
            table_mask: `[batch, length]`, 1 for tokens of the table's cells; by default those of a row.
            labels: int64 `[batch, length]`, 1 for tokens of the answer.
            aggregation_labels: int64 `[batch]`, where the aggregation is known.
            float_answer: `[batch]`, NaN where the answer is no number; for `config.use_answer_as_supervision`, as are
            numeric_values, numeric_values_scale: `[batch, length]`, the numbers of the cells (NaN: none), and over
                how many tokens each is spread.

        Returns:
            TableQuestionAnsweringOutput: `loss` (with labels), `logits`, `logits_aggregation`, `hidden_states`,
            `attentions`.
        """
        arguments = locals()
        extra = [arguments.pop(name) for name in ("table_mask", "float_answer", "numeric_values", "numeric_values_scale")]
        arguments["next_sentence_label"] = arguments.pop("aggregation_labels")
        if labels is not None and self.config.num_aggregation_labels > 0 and self.config.use_answer_as_supervision:
            arguments["labels"] = _weak_labels(labels, token_type_ids, *extra)
        return self._run(TableQuestionAnsweringOutput, arguments, {"pair_logits": "logits_aggregation"})


def _weak_labels(labels: Any, types: Any, table: Any, answer: Any, numbers: Any, scale: Any) -> Any:
    """Float32 `[batch, length, 5]`: what C++ wants to know of each token, the answer with each of them."""
    if answer is None:
        raise ValueError("You have to specify float answers in order to calculate the aggregate mask")
    if numbers is None or scale is None:
        raise ValueError(
            "You have to specify numeric values and numeric values scale in order to calculate the regression loss"
        )
    labels, numbers, scale, answer = (
        _core.as_tensor(value).to(_core.float32) for value in (labels, numbers, scale, answer)
    )
    if table is None:
        rows = None if types is None else _core.as_tensor(types)[:, :, 2]
        table = _core.zeros(labels.shape) if rows is None else (rows > 0).to(_core.float32)
    table = _core.as_tensor(table).to(_core.float32)
    for name, value in (("numeric_values", numbers), ("numeric_values_scale", scale), ("table_mask", table)):
        if value.shape != labels.shape:
            raise ShapeError(f"{name}: found shape {value.shape}, needed {labels.shape}")
    if tuple(answer.shape) != (labels.shape[0],):
        raise ShapeError(f"float_answer: found shape {answer.shape}, needed [{labels.shape[0]}]")
    return _core.stack([labels, numbers, scale, table, answer.unsqueeze(1).expand(*labels.shape)], 2)
