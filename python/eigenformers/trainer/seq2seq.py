"""`Seq2SeqTrainer`: a Trainer that evaluates with `generate`."""

# ruff: noqa: UP007, UP045 (`HfArgumentParser` resolves these annotations, on Python 3.9 as well)

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Optional, Union

from .. import _core
from ..errors import UnsupportedError
from .arguments import TrainingArguments, _a
from .results import PredictionOutput
from .trainer import Trainer


@dataclass(repr=False)
class Seq2SeqTrainingArguments(TrainingArguments):
    """`TrainingArguments`, and how to generate while evaluating."""

    sortish_sampler: bool = _a(False, "Not supported: use train_sampling_strategy=group_by_length.")
    predict_with_generate: bool = _a(False, "Predict with generate, not with logits.")
    generation_max_length: Optional[int] = _a(None, "Length of what is generated (default: the model's).")
    generation_num_beams: Optional[int] = _a(None, "Beams (default: the model's).")
    generation_config: Union[str, Any, None] = _a(None, "A GenerationConfig, or where to load one from.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sortish_sampler:
            raise UnsupportedError("sortish_sampler is not supported; use train_sampling_strategy='group_by_length'")


class Seq2SeqTrainer(Trainer):
    """With `predict_with_generate`, predictions are the ids that `generate` returns."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._gen_kwargs: dict[str, Any] = {}
        config = getattr(self.args, "generation_config", None)
        if config is not None:
            from ..generation import GenerationConfig

            loaded = config if isinstance(config, GenerationConfig) else GenerationConfig.from_pretrained(config)
            self.model.generation_config = copy.deepcopy(loaded)

    def _generation_arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        given = dict(given)
        if given.get("max_length") is None and given.get("max_new_tokens") is None:
            if self.args.generation_max_length is not None:
                given["max_length"] = self.args.generation_max_length
        if given.get("num_beams") is None and self.args.generation_num_beams is not None:
            given["num_beams"] = self.args.generation_num_beams
        return {name: value for name, value in given.items() if value is not None}

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval",
        **gen_kwargs: Any,
    ) -> dict[str, float]:  # fmt: skip
        """As `Trainer.evaluate`; `gen_kwargs` are arguments of `generate`."""
        self._gen_kwargs = self._generation_arguments(gen_kwargs)
        return super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)

    def predict(
        self, test_dataset: Any, ignore_keys: list[str] | None = None, metric_key_prefix: str = "test",
        **gen_kwargs: Any,
    ) -> PredictionOutput:  # fmt: skip
        """As `Trainer.predict`; `gen_kwargs` are arguments of `generate`."""
        self._gen_kwargs = self._generation_arguments(gen_kwargs)
        return super().predict(test_dataset, ignore_keys, metric_key_prefix)

    def prediction_step(
        self, model: Any, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None,
        **gen_kwargs: Any,
    ) -> tuple[Any, Any, Any]:  # fmt: skip
        """`(loss, generated ids, labels)` of one batch."""
        if not self.args.predict_with_generate or prediction_loss_only:
            return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
        inputs = self._prepare_inputs(inputs)
        given, labels = dict(inputs), inputs.get("labels")
        if labels is not None and "decoder_input_ids" in given and labels.shape == given["decoder_input_ids"].shape:
            given = {k: v for k, v in given.items() if k not in ("decoder_input_ids", "decoder_attention_mask")}
        given.pop("labels", None)
        ids = self.model.generate(**given, **(gen_kwargs or self._gen_kwargs))
        ids = self._padded(ids)
        loss = None
        with _core.no_grad():
            if labels is not None:
                with self.compute_loss_context_manager():
                    outputs = model(**inputs)
                if self.label_smoother is not None:
                    loss = self.label_smoother(outputs, labels).detach().mean()
                else:
                    loss = (outputs["loss"] if isinstance(outputs, dict) else outputs[0]).detach().mean()
        if self.args.prediction_loss_only:
            return loss, None, None
        return loss, ids, None if labels is None else self._padded(labels)

    def _padded(self, ids: Any) -> Any:
        """Ids padded to the length that the model's generation configuration allows (20 where it says nothing)."""
        config = self.model.generation_config
        length = getattr(config, "max_length", None) or 20
        if ids.shape[-1] >= length and getattr(config, "max_new_tokens", None):
            length = config.max_new_tokens + 1
        return self._pad_tensors_to_max_len(ids, length) if ids.shape[-1] < length else ids

    def _pad_tensors_to_max_len(self, tensor: Any, max_length: int) -> Any:
        tokenizer = self.processing_class
        if tokenizer is not None and hasattr(tokenizer, "pad_token_id"):
            pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        else:
            pad = getattr(self.model.config, "pad_token_id", None)
            if pad is None:
                raise ValueError("Pad_token_id must be set in the configuration of the model, in order to pad tensors")
        padded = _core.full((tensor.shape[0], max_length), pad, dtype=tensor.dtype)
        padded[:, : tensor.shape[-1]] = tensor
        return padded
