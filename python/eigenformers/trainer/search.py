"""Hyperparameter search with optuna."""

from __future__ import annotations

import functools
import gc
import importlib.util
import inspect
from typing import Any, Callable

from ..errors import UnsupportedError
from ..utils import logging
from .enums import HPSearchBackend
from .results import BestRun, default_compute_objective

logger = logging.get_logger(__name__)


def default_hp_space_optuna(trial: Any) -> dict[str, Any]:
    """Learning rate, epochs, seed and batch size."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 1e-6, 1e-4, log=True),
        "num_train_epochs": trial.suggest_int("num_train_epochs", 1, 5),
        "seed": trial.suggest_int("seed", 1, 40),
        "per_device_train_batch_size": trial.suggest_categorical("per_device_train_batch_size", [4, 8, 16, 32, 64]),
    }


class SearchMixin:
    """Part of Trainer."""

    def hyperparameter_search(
        self, hp_space: Callable | None = None, compute_objective: Callable | None = None, n_trials: int = 20,
        direction: str | list[str] = "minimize", backend: Any = None, hp_name: Callable | None = None, **kwargs: Any,
    ) -> BestRun | list[BestRun]:  # fmt: skip
        """Train `n_trials` times with arguments that optuna proposes; the best.

        Args:
            hp_space: from a trial, the arguments to set (default: learning rate, epochs, seed, batch size).
            compute_objective: from the metrics, the number to optimize (default: the sum of the metrics, else the loss).
            direction: "minimize" or "maximize"; a list for several objectives.
            backend: "optuna".
            hp_name: from a trial, the name of its folder.
            kwargs: of optuna's `create_study`; `timeout`, `n_jobs` and `gc_after_trial` of `optimize`.

        Raises:
            RuntimeError: optuna is not installed, or there is no `model_init`. NotImplementedError: other backends.
        """
        backend = HPSearchBackend("optuna" if backend is None else backend)
        if backend != HPSearchBackend.OPTUNA:
            raise UnsupportedError(f"hyperparameter_search: backend={backend.value!r} is not supported, only 'optuna'")
        if importlib.util.find_spec("optuna") is None:
            raise RuntimeError("You picked the optuna backend, but it is not installed. Use `pip install optuna`.")
        if self.model_init is None:
            raise RuntimeError(
                "To use hyperparameter search, you need to pass your model through a model_init function."
            )
        self.hp_search_backend, self.hp_name = backend, hp_name
        self.hp_space = hp_space or default_hp_space_optuna
        self.compute_objective = compute_objective or default_compute_objective
        try:
            return self._search_with_optuna(n_trials, direction, **kwargs)
        finally:
            self.hp_search_backend = None

    def _search_with_optuna(self, n_trials: int, direction: Any, **kwargs: Any) -> Any:
        import optuna

        options = {name: kwargs.pop(name) for name in ("timeout", "n_jobs", "gc_after_trial") if name in kwargs}

        def objective(trial: Any) -> Any:
            self.objective = None
            self.train(resume_from_checkpoint=None, trial=trial)
            if self.objective is None:
                self.objective = self.compute_objective(self.evaluate())
            gc.collect()
            return self.objective

        several = isinstance(direction, list)
        study = optuna.create_study(**{"directions" if several else "direction": direction}, **kwargs)
        study.optimize(objective, n_trials=n_trials, **options)
        if several:
            return [BestRun(str(best.number), best.values, best.params) for best in study.best_trials]
        return BestRun(str(study.best_trial.number), study.best_trial.value, study.best_trial.params)

    def call_model_init(self, trial: Any = None) -> Any:
        """A new model from `model_init`, which may take the trial."""
        function = self.model_init
        count = len(inspect.signature(function).parameters)
        if isinstance(function, functools.partial):
            count = len(inspect.signature(function.func).parameters) - len(function.args) - len(function.keywords)
        if count > 1:
            raise RuntimeError("model_init should have 0 or 1 argument.")
        model = function(trial) if count else function()
        if model is None:
            raise RuntimeError("model_init should not return None.")
        return model

    def _hp_search_setup(self, trial: Any) -> None:
        """Set the arguments that a trial proposes."""
        self._trial = trial
        if self.hp_search_backend is None or trial is None:
            return
        for name, value in self.hp_space(trial).items():
            if not hasattr(self.args, name):
                logger.warning(
                    f"Trying to set {name} in the hyperparameter search but there is no corresponding field in"
                    " `TrainingArguments`."
                )
                continue
            old = getattr(self.args, name)
            setattr(self.args, name, value if old is None else type(old)(value))
        logger.info(f"Trial: {trial.params}")
        self._train_batch_size = self.args.train_batch_size

    def _report_to_hp_search(self, trial: Any, step: int, metrics: dict[str, float]) -> None:
        if self.hp_search_backend is None or trial is None:
            return
        import optuna

        self.objective = self.compute_objective(dict(metrics))
        if not trial.study._is_multi_objective():
            trial.report(self.objective, step)
            if trial.should_prune():
                self.callback_handler.on_train_end(self.args, self.state, self.control)
                raise optuna.TrialPruned()
