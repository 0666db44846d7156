"""Which loaders a Trainer makes, and in which order they read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Callable

from .. import _core
from ..data.dataset import has_length, is_iterable_only
from ..data.loader import DataLoader
from ..data.sampler import LengthGroupedSampler, RandomSampler, SeededRandomSampler, SequentialSampler
from ..utils import logging

logger = logging.get_logger(__name__)


class RemoveColumnsCollator:
    """Drops what the model's forward does not take before the collator sees it."""

    def __init__(self, data_collator: Callable, columns: list[str], model_name: str, description: str | None):
        self.data_collator, self.signature_columns = data_collator, columns
        self.model_name, self.description = model_name, description
        self._told = False

    def _kept(self, item: Any) -> Any:
        if not isinstance(item, Mapping):
            return item
        dropped = [name for name in item if name not in self.signature_columns]
        if dropped and not self._told:
            self._told = True
            logger.info(_ignored_columns(dropped, self.model_name, self.description))
        kept = {name: value for name, value in item.items() if name in self.signature_columns}
        if not kept:
            raise ValueError(_no_columns(self.signature_columns, dropped))
        return kept

    def __call__(self, features: list) -> Any:
        return self.data_collator([self._kept(item) for item in features])


def _ignored_columns(names: list[str], model_name: str, description: str | None) -> str:
    where, listed = "" if description is None else f"in the {description} set", ", ".join(names)
    return (
        f"The following columns {where} don't have a corresponding argument in `{model_name}.forward` and have been "
        f"ignored: {listed}. If {listed} are not expected by `{model_name}.forward`,  you can safely ignore this "
        "message."
    )


def _no_columns(columns: list[str], ignored: list[str]) -> str:
    return (
        f"No columns in the dataset match the model's forward method signature: ({', '.join(columns)}). "
        f"The following columns have been ignored: [{', '.join(ignored)}]. "
        "Please check the dataset and model. You may need to set `remove_unused_columns=False` in `TrainingArguments`."
    )


def _is_table(dataset: Any) -> bool:
    """Whether it is a `datasets.Dataset`: columns that can be removed."""
    return hasattr(dataset, "column_names") and hasattr(dataset, "remove_columns") and has_length(dataset)


class DataMixin:
    """Part of Trainer."""

    def get_train_dataloader(self) -> Any:
        """Batches for training; override it to read in another way."""
        if self.train_dataset is None:
            raise ValueError("Trainer: training requires a train_dataset.")
        if has_length(self.train_dataset) and len(self.train_dataset) == 0:
            raise ValueError(
                "Trainer: train_dataset is empty (len(train_dataset) == 0); check how it was filtered and split"
            )
        return self._get_dataloader(
            self.train_dataset,
            "Training",
            self._train_batch_size,
            self._get_train_sampler,
            self.args.dataloader_drop_last,
        )

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """Batches of `eval_dataset` (or the one of that name, or `self.eval_dataset`)."""
        if eval_dataset is None and self.eval_dataset is None:
            raise ValueError("Trainer: evaluation requires an eval_dataset.")
        if isinstance(eval_dataset, str):
            eval_dataset = self.eval_dataset[eval_dataset]
        dataset = self.eval_dataset if eval_dataset is None else eval_dataset
        return self._get_dataloader(
            dataset, "Evaluation", self.args.eval_batch_size, self._get_eval_sampler, self.args.dataloader_drop_last
        )

    def get_test_dataloader(self, test_dataset: Any) -> Any:
        """Batches of `test_dataset`."""
        return self._get_dataloader(
            test_dataset, "test", self.args.eval_batch_size, self._get_eval_sampler, self.args.dataloader_drop_last
        )

    def num_examples(self, dataloader: Any) -> int:
        """How many items a loader reads."""
        try:
            return len(dataloader.dataset)
        except (AttributeError, TypeError):
            return len(dataloader) * self.args.per_device_train_batch_size

    def _get_dataloader(
        self, dataset: Any, description: str, batch_size: int, sampler_of: Callable, drop_last: bool
    ) -> DataLoader:
        collator = self.data_collator
        if _is_table(dataset):
            dataset = self._remove_unused_columns(dataset, description)
        elif self.args.remove_unused_columns:
            columns = self._columns_of_forward()
            collator = RemoveColumnsCollator(collator, columns, type(self.model).__name__, description)
        args = self.args
        options: dict[str, Any] = {
            "batch_size": batch_size, "collate_fn": collator, "num_workers": args.dataloader_num_workers,
            "prefetch_factor": args.dataloader_prefetch_factor, "in_order": args.dataloader_in_order,
            "persistent_workers": args.dataloader_persistent_workers and args.dataloader_num_workers > 0,
        }  # fmt: skip
        if not is_iterable_only(dataset):
            options.update(sampler=sampler_of(dataset), drop_last=drop_last)
        return DataLoader(dataset, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """The order of training, by `train_sampling_strategy`."""
        dataset = self.train_dataset if train_dataset is None else train_dataset
        if dataset is None or not has_length(dataset):
            return None
        strategy = self.args.train_sampling_strategy
        if strategy == "group_by_length":
            return self._by_length(dataset, self.args.train_batch_size * self.args.gradient_accumulation_steps, None)
        if strategy == "sequential":
            return SequentialSampler(dataset)
        if (self.args.accelerator_config or {}).get("use_seedable_sampler", True):
            seed = self.args.data_seed
            return SeededRandomSampler(dataset, _core.initial_seed() if seed is None else seed)
        return RandomSampler(dataset)

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        """The order of evaluation."""
        if eval_dataset is None or not has_length(eval_dataset):
            return None
        if self.args.train_sampling_strategy != "group_by_length":
            return SequentialSampler(eval_dataset)
        generator = _core.Generator()
        generator.manual_seed(self.args.seed if self.args.data_seed is None else self.args.data_seed)
        return self._by_length(eval_dataset, self.args.eval_batch_size, generator)

    def _by_length(self, dataset: Any, batch_size: int, generator: Any) -> LengthGroupedSampler:
        column, names = self.args.length_column_name, getattr(dataset, "column_names", None) or ()
        lengths = list(dataset[column]) if column in names else None
        inputs = getattr(self.processing_class, "model_input_names", None) or [None]
        return LengthGroupedSampler(batch_size, dataset, lengths, inputs[0], generator)

    # --- columns --------------------------------------------------------------------------------------------------
    def _columns_of_forward(self) -> list[str]:
        if self._signature_columns is None:
            parameters = inspect.signature(self._inspected_model().forward).parameters
            self._signature_columns = [*parameters, *dict.fromkeys(["label", "label_ids", *self.label_names])]
        return self._signature_columns

    def _set_signature_columns_if_needed(self) -> None:
        self._columns_of_forward()

    def _remove_unused_columns(self, dataset: Any, description: str | None = None) -> Any:
        """The dataset without columns that the model's forward does not take."""
        if not self.args.remove_unused_columns:
            return dataset
        columns = self._columns_of_forward()
        ignored = [name for name in dataset.column_names if name not in columns]
        if ignored:
            logger.info(_ignored_columns(ignored, type(self.model).__name__, description))
        if len(ignored) == len(dataset.column_names):
            raise ValueError(_no_columns(columns, ignored))
        return dataset.remove_columns(ignored)
