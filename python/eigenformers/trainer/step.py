"""One batch: inputs, loss, backward, and how much was in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import _core
from ..utils import logging

logger = logging.get_logger(__name__)


class StepMixin:
    """Part of Trainer."""

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Any:
        """Forward and backward of one batch; returns its loss, detached. Override it for another kind of step."""
        model.train()
        if callable(getattr(self.optimizer, "train", None)):
            self.optimizer.train()
        inputs = self._prepare_inputs(inputs)
        with self.compute_loss_context_manager():
            loss = self.compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
        scaled = self.loss_is_scaled_for_ga
        if scaled is None:
            by_model = self.model_accepts_loss_kwargs and num_items_in_batch is not None
            scaled = by_model or self.compute_loss_func is not None
        if not scaled:
            loss = loss / self.current_gradient_accumulation_steps
        if hasattr(self.optimizer, "fused_backward"):
            self.optimizer.fused_backward(loss, self._get_learning_rate())
        else:
            self.accelerator.backward(loss)
        return loss.detach()

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch, with the model's outputs where asked for. Override it for another loss.

        A loss of your own is divided by the number of accumulated batches unless `loss_is_scaled_for_ga` says True.
        """
        labels = None
        if (self.label_smoother is not None or self.compute_loss_func is not None) and "labels" in inputs:
            inputs = dict(inputs)
            labels = inputs.pop("labels")
        if self.model_accepts_loss_kwargs and num_items_in_batch is not None:
            inputs = {**inputs, "num_items_in_batch": num_items_in_batch}
        outputs = model(**inputs)
        if self.compute_loss_func is not None:
            if labels is None:
                logger.warning(
                    "Trainer: `compute_loss_func` is defined but `labels=None`. "
                    "Your custom loss function will still be called with labels=None. "
                )
            loss = self.compute_loss_func(outputs, labels, num_items_in_batch=num_items_in_batch)
        elif labels is not None:
            causal = "ForCausalLM" in type(self._unwrapped_model()).__name__
            loss = self.label_smoother(outputs, labels, shift_labels=causal, num_items_in_batch=num_items_in_batch)
        else:
            if isinstance(outputs, dict) and "loss" not in outputs:
                raise ValueError(
                    "The model did not return a loss from the inputs, only the following keys: "
                    f"{','.join(outputs.keys())}. For reference, the inputs it received are {','.join(inputs.keys())}."
                )
            loss = outputs["loss"] if isinstance(outputs, dict) else outputs[0]
        return (loss, outputs) if return_outputs else loss

    def compute_loss_context_manager(self) -> Any:
        """Around every forward pass: bfloat16 products when `bf16` asks for them."""
        return self.autocast_smart_context_manager()

    def autocast_smart_context_manager(self, cache_enabled: bool | None = True) -> Any:
        """`autocast` in bfloat16, or nothing."""
        return self.accelerator.autocast()

    def get_batch_samples(self, epoch_iterator: Iterator, num_batches: int, device: Any) -> tuple[list, Any]:
        """The next `num_batches` batches, and how many labels they hold."""
        batches = []
        for _ in range(num_batches):
            try:
                batches.append(next(epoch_iterator))
            except StopIteration:
                break
        return batches, self._get_num_items_in_batch(batches, device)

    def _get_num_items_in_batch(self, batch_samples: list, device: Any) -> Any:
        """Labels that are not -100, over all batches; None where the loss is not divided by them."""
        counts = self.model_accepts_loss_kwargs or self.compute_loss_func is not None
        if not batch_samples or not counts or "labels" not in batch_samples[0]:
            return None
        total = 0
        for batch in batch_samples:
            labels = batch.get("shift_labels")
            if labels is None:
                labels = batch["labels"]
                if labels is None or not hasattr(labels, "ne"):
                    return None
                labels = labels[..., 1:] if self._loss_shifts_labels and labels.dim() > 0 else labels
            total = total + labels.ne(-100).sum()
        return total.float() if hasattr(total, "float") else None

    def _prepare_input(self, data: Any) -> Any:
        """Arrays become tensors, inside dicts and lists."""
        if isinstance(data, Mapping):
            return {key: self._prepare_input(value) for key, value in data.items()}
        if isinstance(data, (tuple, list)):
            return type(data)(self._prepare_input(value) for value in data)
        return _core.as_tensor(data) if type(data).__module__ == "numpy" else data

    def _prepare_inputs(self, inputs: Any) -> Any:
        inputs = self._prepare_input(inputs)
        if len(inputs) == 0:
            raise ValueError(
                "The batch received was empty, your model won't be able to train on it. Double-check that your "
                f"training dataset contains keys expected by the model: {','.join(self._columns_of_forward())}."
            )
        return inputs

    def _track_num_input_tokens(self, inputs: Any) -> None:
        how = self.args.include_num_input_tokens_seen
        if how == "no":
            return
        name = getattr(self.model, "main_input_name", "input_ids")
        if name not in inputs:
            logger.warning(
                "Tried to track the number of tokens seen, however the current model is not configured properly to "
                "know what item is the input. To fix this, add a `main_input_name` attribute to the model class you "
                "are using."
            )
            return
        pad = getattr(self.processing_class, "pad_token_id", None)
        if how == "non_padding" and "attention_mask" in inputs:
            tokens = inputs["attention_mask"].sum()
        elif how == "non_padding" and pad is not None:
            tokens = (inputs[name] != pad).sum()
        else:
            if how == "non_padding":
                logger.warning(
                    "Could not determine method to count non-padding tokens, falling back to counting all tokens."
                )
            tokens = inputs[name].numel()
        self.state.num_input_tokens_seen += int(tokens)
