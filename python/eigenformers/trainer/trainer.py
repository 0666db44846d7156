"""`Trainer`: training and evaluation with transformers' arguments, hooks, events and files."""

from __future__ import annotations

import inspect
import os
import warnings
from typing import Any, Callable

from .. import _core
from ..data.basic import default_data_collator
from ..data.dataset import has_length, is_iterable_only
from ..data.padding import DataCollatorWithPadding
from ..random import set_seed
from ..utils import logging
from .accelerator import SingleProcess
from .arguments import TrainingArguments
from .callbacks import CallbackHandler, DefaultFlowCallback
from .checkpointing import CheckpointMixin
from .dataloading import DataMixin
from .enums import IntervalStrategy, SaveStrategy
from .evaluation import EvaluationMixin
from .hub_sync import HubMixin
from .integrations import reporter_callbacks
from .label_smoother import LabelSmoother
from .loop import LoopMixin
from .optimization import OptimizationMixin
from .progress import PrinterCallback, default_progress
from .results import metrics_format, speed_metrics
from .search import SearchMixin
from .sigterm import SaveOnSigterm
from .state import TrainerControl, TrainerState
from .step import StepMixin

logger = logging.get_logger(__name__)

_SHIFTING = ("ForCausalLM", "ForConditionalGeneration")


class Trainer(
    LoopMixin, StepMixin, DataMixin, OptimizationMixin, EvaluationMixin, CheckpointMixin, HubMixin, SearchMixin
):
    """Trains any `nn.Module` whose forward returns a loss.

    Args:
        model: a model, or None with `model_init`.
        args: `TrainingArguments`.
        data_collator: makes a batch of a list of items; default: pads with `processing_class`, else stacks.
        train_dataset, eval_dataset: lists of dicts, `datasets.Dataset`, any sequence or iterable; `eval_dataset` may
            be a dict of such.
        processing_class: tokenizer, saved with the model.
        model_init: makes the model at each `train()`.
        compute_loss_func: from `(outputs, labels, num_items_in_batch=)`, the loss.
        compute_metrics: from an `EvalPrediction`, a dict of metrics.
        callbacks: further callbacks.
        optimizers: `(optimizer, scheduler)`, each may be None.
        optimizer_cls_and_kwargs: class and arguments of the optimizer.
        preprocess_logits_for_metrics: from `(logits, labels)`, what is kept for the metrics.

    >>> import eigenformers as ef
    >>> class Line(ef.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = ef.nn.Linear(1, 1)
    ...     def forward(self, x, labels=None):
    ...         y = self.layer(x).squeeze(-1)
    ...         return {"loss": ((y - labels) ** 2).mean(), "logits": y}
    >>> data = [{"x": [float(i)], "labels": 2.0 * i} for i in range(8)]
    >>> args = TrainingArguments("out", num_train_epochs=40, learning_rate=0.1, save_strategy="no",
    ...                          logging_strategy="no", disable_tqdm=True)
    >>> trainer = Trainer(Line(), args, train_dataset=data, callbacks=[])
    >>> trainer.remove_callback(PrinterCallback)
    >>> losses = [trainer.evaluate(data)["eval_loss"], trainer.train() and trainer.evaluate(data)["eval_loss"]]
    >>> losses[1] < losses[0] / 10
    True
    """

    # Whether the loss of `compute_loss` is already divided by what was accumulated; None: if labels were counted.
    loss_is_scaled_for_ga: bool | None = None

    def __init__(
        self,
        model: Any = None,
        args: TrainingArguments | None = None,
        data_collator: Callable | None = None,
        train_dataset: Any = None,
        eval_dataset: Any = None,
        processing_class: Any = None,
        model_init: Callable | None = None,
        compute_loss_func: Callable | None = None,
        compute_metrics: Callable | None = None,
        callbacks: list | None = None,
        optimizers: tuple[Any, Any] = (None, None),
        optimizer_cls_and_kwargs: tuple[Any, dict[str, Any]] | None = None,
        preprocess_logits_for_metrics: Callable | None = None,
        tokenizer: Any = None,
    ):
        if args is None:
            logger.info("No `TrainingArguments` passed, using `output_dir=tmp_trainer`.")
            args = TrainingArguments(output_dir="tmp_trainer")
        if tokenizer is not None:
            if processing_class is not None:
                raise ValueError("Trainer: `tokenizer` is the former name of `processing_class`; pass one of them")
            processing_class = tokenizer
        self.args, self.accelerator = args, SingleProcess(args.mixed_precision)
        self._set_seed()
        logging.set_verbosity(args.get_process_log_level())
        self.model_init = model_init
        if model is None:
            if model_init is None:
                raise RuntimeError("`Trainer` requires either a `model` or `model_init` argument")
            model = self.call_model_init()
        elif model_init is not None:
            raise ValueError("`Trainer` requires either a `model` or `model_init` argument, but not both.")
        self.model = self.model_wrapped = model
        self._check_model()
        self.is_model_parallel, self.place_model_on_device = False, True
        self._inspect_model()
        padded = processing_class is not None and hasattr(processing_class, "pad")
        default_collator = DataCollatorWithPadding(processing_class) if padded else default_data_collator
        self.data_collator = default_collator if data_collator is None else data_collator
        self.train_dataset, self.eval_dataset, self.processing_class = train_dataset, eval_dataset, processing_class
        self.neftune_noise_alpha = args.neftune_noise_alpha
        self.compute_loss_func, self.compute_metrics = compute_loss_func, compute_metrics
        self.preprocess_logits_for_metrics = preprocess_logits_for_metrics
        self.optimizer, self.lr_scheduler = self._given_optimizers = tuple(optimizers)
        self.optimizer_cls_and_kwargs = optimizer_cls_and_kwargs
        self._check_arguments()
        own = [DefaultFlowCallback, *reporter_callbacks(args.report_to)]
        if args.enable_jit_checkpoint:
            own.append(SaveOnSigterm)
        self.callback_handler = CallbackHandler(
            [*own, *(callbacks or [])], self.model, processing_class, self.optimizer, self.lr_scheduler
        )
        self.add_callback(PrinterCallback if args.disable_tqdm else default_progress())
        self.hub_model_id = self._trial = self.hp_name = self.hp_search_backend = None
        if args.push_to_hub:
            self.init_hf_repo()
        self._make_output_dir()
        self.control = TrainerControl()
        self.state = TrainerState(stateful_callbacks=self._exportable())
        self.is_in_train, self.current_flos, self._signature_columns = False, 0, None
        self._initial_tokens, self._train_batch_size = 0, args.train_batch_size
        self._created_lr_scheduler = self._in_epoch_end = False
        self.control = self.callback_handler.on_init_end(args, self.state, self.control)
        if getattr(self.model, "config", None) is not None:
            self.model.config.use_cache = args.use_cache

    # --- what it was given ----------------------------------------------------------------------------------------
    def _set_seed(self) -> None:
        set_seed(self.args.seed)

    def _unwrapped_model(self) -> Any:
        """The model below an adapter."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    _inspected_model = _unwrapped_model

    def _check_model(self) -> None:
        from ..models.native import NativeModel

        inner = self._unwrapped_model()
        if isinstance(inner, NativeModel) and inner._head.startswith("base"):
            raise ValueError(
                f"The model you have picked ({type(inner).__name__}) cannot be used as is for training: it only "
                "computes hidden states and does not accept any labels. You should choose a model with a head "
                "suitable for your task like any of the `AutoModelForXxx` listed at "
                "https://huggingface.co/docs/transformers/model_doc/auto"
            )
        packed = inner is self.model and getattr(inner, "_has_packed", None) and inner._has_packed()
        dense = [p for p in self.model.parameters() if isinstance(p, _core.Tensor)]
        if packed and all(p.requires_grad for p in dense):  # nobody chose what is to be trained
            raise ValueError(
                "You cannot perform fine-tuning on purely quantized models. Please attach trainable adapters on top of"
                " the quantized model to correctly perform fine-tuning. Please see: "
                "https://huggingface.co/docs/transformers/peft for more details; or make them dense with "
                "model.dequantize()"
            )

    def _inspect_model(self) -> None:
        """What its forward takes: loss arguments, labels."""
        inner = self._unwrapped_model()
        parameters = inspect.signature(inner.forward).parameters
        accepts = getattr(inner, "accepts_loss_kwargs", None)
        by_name = "num_items_in_batch" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        self.model_accepts_loss_kwargs = by_name if accepts is None else accepts
        name = type(inner).__name__
        spans = ("start_positions", "end_positions") if "QuestionAnswering" in name else ()
        found = [p for p in parameters if "label" in p or p in spans]
        self.label_names = found if self.args.label_names is None else self.args.label_names
        self.can_return_loss = "return_loss" in parameters and parameters["return_loss"].default is True
        config = getattr(inner, "config", None)
        shifts = any(part in (getattr(inner, "loss_type", None) or name) for part in _SHIFTING)
        self._loss_shifts_labels = shifts and not getattr(config, "is_encoder_decoder", False)
        self.label_smoother = None
        if self.args.label_smoothing_factor != 0:
            if getattr(config, "problem_type", None) == "multi_label_classification":
                warnings.warn(
                    "Label smoothing is not compatible with multi-label classification. "
                    "Disabling label smoothing for this training run.",
                    UserWarning,
                    stacklevel=3,
                )
            else:
                self.label_smoother = LabelSmoother(epsilon=self.args.label_smoothing_factor)

    def _check_arguments(self) -> None:
        args = self.args
        if args.batch_eval_metrics and self.compute_metrics is not None:
            if "compute_result" not in inspect.signature(self.compute_metrics).parameters:
                raise ValueError(
                    "When using `batch_eval_metrics`, your `compute_metrics` function must take a `compute_result`"
                    " boolean argument which will be triggered after the last batch of the eval set to signal that the"
                    " summary statistics should be returned by the function."
                )
        if args.eval_strategy != IntervalStrategy.NO and self.eval_dataset is None:
            raise ValueError(
                f"You have set `args.eval_strategy` to {args.eval_strategy} but you didn't pass an `eval_dataset` to "
                "`Trainer`. Either set `args.eval_strategy` to `no` or pass an `eval_dataset`. "
            )
        best = args.save_strategy == SaveStrategy.BEST or args.load_best_model_at_end
        if best and args.metric_for_best_model is None:
            raise ValueError(
                "`args.metric_for_best_model` must be provided when using 'best' save_strategy or if "
                "`args.load_best_model_at_end` is set to `True`."
            )
        given = self.optimizer is not None
        if self.optimizer_cls_and_kwargs is not None and given:
            raise RuntimeError("Passing both `optimizers` and `optimizer_cls_and_kwargs` arguments is incompatible.")
        if self.model_init is not None and (given or self.lr_scheduler is not None):
            raise RuntimeError(
                "Passing a `model_init` is incompatible with providing the `optimizers` argument. "
                "You should subclass `Trainer` and override the `create_optimizer_and_scheduler` method."
            )
        if not callable(self.data_collator):
            raise TypeError("The `data_collator` should be a simple callable (function, class with `__call__`).")
        if args.max_steps > 0 and args.num_train_epochs > 0:
            logger.info("max_steps is given, it will override any value given in num_train_epochs")
        if self.train_dataset is not None and not has_length(self.train_dataset) and args.max_steps <= 0:
            raise ValueError(
                "The train_dataset does not implement __len__, so the number of training steps cannot be inferred; "
                "max_steps has to be specified. The total number of steps must be known in advance to bound the "
                "training loop and to configure the learning rate scheduler."
            )
        if self.train_dataset is not None and is_iterable_only(self.train_dataset):
            logger.info(
                f"The `train_sampling_strategy='{args.train_sampling_strategy}'` option is ignored when using an "
                "`IterableDataset`. Samplers cannot be used with IterableDataset as they require indexed access to "
                "the dataset."
            )

    def _make_output_dir(self) -> None:
        folder = self.args.output_dir
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise OSError(
                error.errno, f"{error.strerror}: output_dir can't be made; choose a folder that can be written", folder
            ) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied: output_dir can't be written; choose another folder", folder)

    def _align_special_tokens(self) -> None:
        """Give the model's configuration the tokenizer's special tokens, where those are others."""
        tokenizer, config = self.processing_class, getattr(self.model, "config", None)
        if config is None or not hasattr(tokenizer, "eos_token_id") or not hasattr(config, "get_text_config"):
            return
        config, generation, updated = config.get_text_config(), getattr(self.model, "generation_config", None), {}
        for name in ("eos_token_id", "bos_token_id", "pad_token_id"):
            token = getattr(tokenizer, name, None)
            if token is None:
                continue
            several, changed = name == "eos_token_id", False
            for target in (config, generation):
                old = None if target is None else getattr(target, name, None)
                have = old if isinstance(old, list) else [] if old is None else [old]
                if target is None or token in have:
                    continue
                keep = several and (target is generation or isinstance(old, list))
                setattr(target, name, [token, *have] if keep and (have or target is generation) else token)
                changed = True
            if changed:
                updated[name] = token
        if updated:
            logger.warning(
                "The tokenizer has new PAD/BOS/EOS tokens that differ from the model config and generation config. "
                "The model config and generation config were aligned accordingly, being updated with the tokenizer's "
                f"values. Updated tokens: {updated}."
            )

    # --- callbacks and logs ---------------------------------------------------------------------------------------
    def add_callback(self, callback: Any) -> None:
        """Add a callback, or one made of a class."""
        self.callback_handler.add_callback(callback)

    def pop_callback(self, callback: Any) -> Any:
        """Take out and return a callback, or the first of a class; None when there is none."""
        return self.callback_handler.pop_callback(callback)

    def remove_callback(self, callback: Any) -> None:
        """Take out a callback, or the first of a class."""
        self.callback_handler.remove_callback(callback)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add `logs` to `state.log_history` and tell the callbacks."""
        if self.state.epoch is not None:
            logs["epoch"] = self.state.epoch
        if self.args.include_num_input_tokens_seen != "no":
            logs["num_input_tokens_seen"] = self.state.num_input_tokens_seen
            if start_time is not None:
                tokens = self.state.num_input_tokens_seen - self._initial_tokens
                logs.update(speed_metrics("train", start_time, num_tokens=tokens))
        self.state.log_history.append({**logs, "step": self.state.global_step})
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)

    def log_metrics(self, split: str, metrics: dict[str, Any]) -> None:
        """Print metrics, one a line."""
        print(f"***** {split} metrics *****")
        shown = metrics_format(metrics)
        names, values = max(map(len, shown)), max(len(str(value)) for value in shown.values())
        for name in sorted(shown):
            print(f"  {name: <{names}} = {shown[name]!s:>{values}}")

    metrics_format = staticmethod(metrics_format)

    def store_flos(self) -> None:
        """Add what was counted to `state.total_flos`."""
        self.state.total_flos += self.current_flos
        self.current_flos = 0

    def floating_point_ops(self, inputs: dict[str, Any]) -> float:
        """Operations of a batch, forward and backward: 6 a token and parameter outside of embeddings."""
        if hasattr(self.model, "floating_point_ops"):
            return self.model.floating_point_ops(inputs)
        name = getattr(self.model, "main_input_name", "input_ids")
        if name not in inputs or not hasattr(self.model, "num_parameters"):
            return 0
        if self._parameters_counted is None:
            self._parameters_counted = self.model.num_parameters(exclude_embeddings=True)
        return 6 * inputs[name].numel() * self._parameters_counted

    _parameters_counted: int | None = None

    # --- one process ----------------------------------------------------------------------------------------------
    def is_local_process_zero(self) -> bool:
        """True: there is one process."""
        return True

    is_world_process_zero = is_local_process_zero

    def end(self) -> None:
        """Nothing to end: there is one process."""

    def get_total_train_batch_size(self, args: TrainingArguments) -> int:
        """Items of one optimizer step."""
        return self._train_batch_size * args.gradient_accumulation_steps
