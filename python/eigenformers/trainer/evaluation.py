"""Evaluation and prediction."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from .. import _core
from ..data.dataset import has_length
from ..utils import logging
from .nested import Gathered, find_batch_size, nested_detach
from .results import EvalLoopOutput, EvalPrediction, PredictionOutput, plain_metrics, speed_metrics

logger = logging.get_logger(__name__)


class EvaluationMixin:
    """Part of Trainer."""

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The metrics of a dataset; of a dict of datasets, all of them, as `eval_<name>_<metric>`.

        Args:
            eval_dataset: instead of the one given to the Trainer; or the name of one of those.
            ignore_keys: outputs of the model that are no predictions.
            metric_key_prefix: the beginning of the metrics' names.
        """
        override = eval_dataset is not None
        dataset = eval_dataset if override else self.eval_dataset
        if isinstance(dataset, dict):
            metrics: dict[str, float] = {}
            for name, part in dataset.items():
                metrics.update(self.evaluate(part if override else name, ignore_keys, f"{metric_key_prefix}_{name}"))
            return metrics
        dataloader = self.get_eval_dataloader(dataset)
        start = time.time()
        output = self.evaluation_loop(
            dataloader, description="Evaluation", ignore_keys=ignore_keys, metric_key_prefix=metric_key_prefix,
            prediction_loss_only=True if self.compute_metrics is None else None,
        )  # fmt: skip
        self._add_speed(output, metric_key_prefix, start)
        self.log(output.metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, output.metrics)
        return output.metrics

    def predict(
        self, test_dataset: Any, ignore_keys: list[str] | None = None, metric_key_prefix: str = "test"
    ) -> PredictionOutput:
        """`(predictions, label_ids, metrics)` of a dataset, as numpy arrays; -100 pads what is shorter."""
        dataloader = self.get_test_dataloader(test_dataset)
        start = time.time()
        output = self.evaluation_loop(
            dataloader, description="Prediction", ignore_keys=ignore_keys, metric_key_prefix=metric_key_prefix
        )
        self._add_speed(output, metric_key_prefix, start)
        self.control = self.callback_handler.on_predict(self.args, self.state, self.control, output.metrics)
        return PredictionOutput(output.predictions, output.label_ids, output.metrics)

    def _add_speed(self, output: EvalLoopOutput, prefix: str, start: float) -> None:
        steps = math.ceil(output.num_samples / self.args.eval_batch_size)
        output.metrics.update(speed_metrics(prefix, start, num_samples=output.num_samples, num_steps=steps))

    def evaluation_loop(
        self, dataloader: Any, description: str, prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:  # fmt: skip
        """One pass without gradients: predictions, labels, metrics."""
        args, model = self.args, self.model
        loss_only = args.prediction_loss_only if prediction_loss_only is None else prediction_loss_only
        if not self.is_in_train:
            if args.bf16_full_eval or args.fp16_full_eval:
                model = model.to(_core.bfloat16 if args.bf16_full_eval else _core.float16)
        logger.info(f"\n***** Running {description} *****")
        logger.info(f"  Num examples = {self.num_examples(dataloader) if has_length(dataloader) else 'Unknown'}")
        logger.info(f"  Batch size = {args.eval_batch_size}")
        if callable(getattr(model, "eval", None)):
            model.eval()
        if callable(getattr(self.optimizer, "eval", None)):
            self.optimizer.eval()
        self.callback_handler.eval_dataloader = dataloader
        losses, predictions, targets, inputs = (Gathered(args.eval_do_concat_batches) for _ in range(4))
        main_input = getattr(self.model, "main_input_name", "input_ids")
        keeps = not args.batch_eval_metrics or description == "Prediction"
        dataset = getattr(dataloader, "dataset", None)
        left = len(dataset) if has_length(dataset) else None
        observed, metrics = 0, None
        for batch, is_last in _with_last(dataloader):
            size = find_batch_size(batch)
            observed += size or 0
            loss, logits, labels = self.prediction_step(model, batch, loss_only, ignore_keys=ignore_keys)
            given = self._prepare_input(batch[main_input]) if "inputs" in args.include_for_metrics else None
            if loss is not None:  # the loss of a batch counts once for each of its items
                items = args.eval_batch_size if left is None else min(args.eval_batch_size, left)
                left = None if left is None else left - items
                loss = loss.detach().reshape(1).repeat(items)
                losses.add(loss)
            if logits is not None and self.preprocess_logits_for_metrics is not None:
                logits = self.preprocess_logits_for_metrics(logits, labels)
            for gathered, value in ((predictions, logits), (targets, labels), (inputs, given)):
                if value is not None and keeps:
                    gathered.add(value)
            self.control = self.callback_handler.on_prediction_step(args, self.state, self.control)
            if args.batch_eval_metrics and self.compute_metrics and logits is not None and labels is not None:
                extra = {
                    "losses": loss if "loss" in args.include_for_metrics else None,
                    "inputs": batch if "inputs" in args.include_for_metrics else None,
                }
                metrics = self.compute_metrics(EvalPrediction(logits, labels, **extra), compute_result=is_last)
        samples = self._num_samples(dataloader, observed)
        predicted, wanted = predictions.arrays(), targets.arrays()
        all_losses = losses.arrays()
        flat = np.concatenate(all_losses) if isinstance(all_losses, list) else all_losses
        if self.compute_metrics and predicted is not None and wanted is not None and not args.batch_eval_metrics:
            extra = {
                "losses": all_losses if "loss" in args.include_for_metrics else None,
                "inputs": inputs.arrays() if "inputs" in args.include_for_metrics else None,
            }
            metrics = self.compute_metrics(EvalPrediction(predicted, wanted, **extra))
        metrics = plain_metrics(dict(metrics or {}))
        if flat is not None:
            finite = flat[np.isfinite(flat)]
            metrics[f"{metric_key_prefix}_loss"] = float(
                (finite if args.logging_nan_inf_filter and len(finite) else flat).mean()
            )
        for name in [name for name in metrics if not name.startswith(f"{metric_key_prefix}_")]:
            metrics[f"{metric_key_prefix}_{name}"] = metrics.pop(name)
        return EvalLoopOutput(predicted, wanted, metrics, samples)

    def _num_samples(self, dataloader: Any, observed: int) -> int:
        dataset = getattr(dataloader, "dataset", None)
        if has_length(dataset):
            found = len(dataset)
        else:
            found = self.num_examples(dataloader) if has_length(dataloader) else observed
        return found or observed

    def prediction_step(
        self, model: Any, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[Any, Any, Any]:
        """`(loss, logits, labels)` of one batch, each None where it is not there."""
        has_labels = bool(self.label_names) and all(inputs.get(name) is not None for name in self.label_names)
        return_loss = inputs.get("return_loss")
        if return_loss is None:
            return_loss = self.can_return_loss
        with_loss = has_labels or (not self.label_names and return_loss)
        inputs = self._prepare_inputs(inputs)
        if ignore_keys is None:
            config = getattr(self.model, "config", None)
            ignore_keys = [] if config is None else getattr(
                config, "keys_to_ignore_at_inference", ["past_key_values"]
            )  # fmt: skip
        labels = nested_detach(tuple(inputs.get(name) for name in self.label_names)) if with_loss else None
        if labels is not None and len(labels) == 1:
            labels = labels[0]
        with _core.no_grad():
            loss = None
            if with_loss:
                count = self._get_num_items_in_batch([inputs], self.args.device)
                with self.compute_loss_context_manager():
                    loss, outputs = self.compute_loss(model, inputs, return_outputs=True, num_items_in_batch=count)
                loss = loss.detach().mean()
            else:
                with self.compute_loss_context_manager():
                    outputs = model(**inputs)
        if prediction_loss_only:
            return loss, None, None
        if isinstance(outputs, dict):
            skipped = [*ignore_keys, "loss"] if with_loss else ignore_keys
            logits = tuple(value for name, value in outputs.items() if name not in skipped)
        else:
            logits = outputs[1:] if with_loss else outputs
        logits = nested_detach(logits)
        return loss, logits[0] if isinstance(logits, (tuple, list)) and len(logits) == 1 else logits, labels


def _with_last(batches: Any) -> Any:
    """Each batch, and whether it is the last."""
    previous, there = None, False
    for batch in batches:
        if there:
            yield previous, False
        previous, there = batch, True
    if there:
        yield previous, True
