"""`TrainingArguments.set_training(...)` and its siblings: groups of arguments set together."""

from __future__ import annotations

from typing import Any

from .enums import HubStrategy, IntervalStrategy, OptimizerNames, SaveStrategy, SchedulerType


def _needs_steps(strategy: Any, steps: float) -> None:
    if strategy == "steps" and steps == 0:
        raise ValueError("Setting `strategy` as 'steps' requires a positive value for `steps`.")


class Setters:
    """Part of TrainingArguments; every method returns the arguments."""

    def _set(self, **values: Any) -> Any:
        for name, value in values.items():
            setattr(self, name, value)
        return self

    def set_training(
        self, learning_rate: float = 5e-5, batch_size: int = 8, weight_decay: float = 0, num_epochs: float = 3,
        max_steps: int = -1, gradient_accumulation_steps: int = 1, seed: int = 42,
        activation_checkpointing: bool = False, gradient_checkpointing: bool | None = None,
    ) -> Any:  # fmt: skip
        """What matters most; sets `do_train`."""
        recompute = activation_checkpointing if gradient_checkpointing is None else gradient_checkpointing
        return self._set(
            do_train=True, learning_rate=learning_rate, per_device_train_batch_size=batch_size,
            weight_decay=weight_decay, num_train_epochs=num_epochs, max_steps=max_steps, seed=seed,
            gradient_accumulation_steps=gradient_accumulation_steps, activation_checkpointing=recompute,
            gradient_checkpointing=recompute,
        )  # fmt: skip

    def set_evaluate(
        self, strategy: Any = "no", steps: int = 500, batch_size: int = 8, accumulation_steps: int | None = None,
        delay: float | None = None, loss_only: bool = False,
    ) -> Any:  # fmt: skip
        """Evaluation."""
        strategy = IntervalStrategy(strategy)
        _needs_steps(strategy, steps)
        return self._set(
            eval_strategy=strategy, do_eval=strategy != IntervalStrategy.NO, eval_steps=steps,
            per_device_eval_batch_size=batch_size, eval_accumulation_steps=accumulation_steps, eval_delay=delay or 0,
            prediction_loss_only=loss_only,
        )  # fmt: skip

    def set_testing(self, batch_size: int = 8, loss_only: bool = False) -> Any:
        """Prediction; sets `do_predict`."""
        return self._set(do_predict=True, per_device_eval_batch_size=batch_size, prediction_loss_only=loss_only)

    def set_save(
        self, strategy: Any = "steps", steps: int = 500, total_limit: int | None = None, on_each_node: bool = False
    ) -> Any:
        """Checkpoints."""
        strategy = SaveStrategy(strategy)
        _needs_steps(strategy, steps)
        return self._set(
            save_strategy=strategy, save_steps=steps, save_total_limit=total_limit, save_on_each_node=on_each_node
        )

    def set_logging(
        self, strategy: Any = "steps", steps: int = 500, report_to: Any = "none", level: str = "passive",
        first_step: bool = False, nan_inf_filter: bool = False, on_each_node: bool = False,
        replica_level: str = "passive",
    ) -> Any:  # fmt: skip
        """Logs."""
        strategy = IntervalStrategy(strategy)
        _needs_steps(strategy, steps)
        targets = [] if report_to in (None, "none") else [report_to] if isinstance(report_to, str) else report_to
        return self._set(
            logging_strategy=strategy, logging_steps=steps, report_to=targets, log_level=level,
            logging_first_step=first_step, logging_nan_inf_filter=nan_inf_filter, log_on_each_node=on_each_node,
            log_level_replica=replica_level,
        )  # fmt: skip

    def set_push_to_hub(
        self, model_id: str, strategy: Any = "every_save", token: str | None = None, private_repo: bool | None = None,
        always_push: bool = False, revision: str | None = None,
    ) -> Any:  # fmt: skip
        """Uploads; sets `push_to_hub`."""
        return self._set(
            push_to_hub=True, hub_model_id=model_id, hub_strategy=HubStrategy(strategy), hub_token=token,
            hub_private_repo=private_repo, hub_always_push=always_push, hub_revision=revision,
        )  # fmt: skip

    def set_optimizer(
        self, name: Any = "adamw_torch", learning_rate: float = 5e-5, weight_decay: float = 0, beta1: float = 0.9,
        beta2: float = 0.999, epsilon: float = 1e-8, args: str | None = None,
    ) -> Any:  # fmt: skip
        """The optimizer."""
        return self._set(
            optim=OptimizerNames(name), learning_rate=learning_rate, weight_decay=weight_decay, adam_beta1=beta1,
            adam_beta2=beta2, adam_epsilon=epsilon, optim_args=args,
        )  # fmt: skip

    def set_lr_scheduler(
        self, name: Any = "linear", num_epochs: float = 3.0, max_steps: int = -1, warmup_steps: float = 0
    ) -> Any:
        """The schedule of the learning rate."""
        return self._set(
            lr_scheduler_type=SchedulerType(name), num_train_epochs=num_epochs, max_steps=max_steps,
            warmup_steps=warmup_steps,
        )  # fmt: skip

    def set_dataloader(
        self, train_batch_size: int = 8, eval_batch_size: int = 8, drop_last: bool = False, num_workers: int = 0,
        pin_memory: bool = True, persistent_workers: bool = False, prefetch_factor: int | None = None,
        multiprocessing_context: str | None = None, in_order: bool = True, auto_find_batch_size: bool = False,
        ignore_data_skip: bool = False, sampler_seed: int | None = None,
    ) -> Any:  # fmt: skip
        """How data are read."""
        return self._set(
            per_device_train_batch_size=train_batch_size, per_device_eval_batch_size=eval_batch_size,
            dataloader_drop_last=drop_last, dataloader_num_workers=num_workers, dataloader_pin_memory=pin_memory,
            dataloader_persistent_workers=persistent_workers, dataloader_prefetch_factor=prefetch_factor,
            dataloader_multiprocessing_context=multiprocessing_context, dataloader_in_order=in_order,
            auto_find_batch_size=auto_find_batch_size, ignore_data_skip=ignore_data_skip, data_seed=sampler_seed,
        )  # fmt: skip
