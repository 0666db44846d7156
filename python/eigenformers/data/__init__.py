"""Datasets, samplers, `DataLoader`, and the collators that make batches for training."""

from __future__ import annotations

from .._lazy import lazy_exports

TORCH_NAMES = {
    **dict.fromkeys(
        ("ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "StackDataset", "Subset", "TensorDataset",
         "random_split"), ".dataset"),
    **dict.fromkeys(
        ("BatchSampler", "DistributedSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler",
         "WeightedRandomSampler"), ".sampler"),
    **dict.fromkeys(("default_collate", "default_convert"), ".collate"),
    **dict.fromkeys(("DataLoader", "get_worker_info"), ".loader"),
}  # fmt: skip
COLLATORS = {
    **dict.fromkeys(("DataCollator", "DataCollatorMixin", "DefaultDataCollator", "default_data_collator"), ".basic"),
    **dict.fromkeys(
        ("DataCollatorForMultipleChoice", "DataCollatorForSeq2Seq", "DataCollatorForTokenClassification",
         "DataCollatorWithPadding"), ".padding"),
    **dict.fromkeys(("DataCollatorForLanguageModeling", "DataCollatorForWholeWordMask"), ".masking"),
    "DataCollatorForPermutationLanguageModeling": ".permutation",
    "DataCollatorWithFlattening": ".flattening",
}  # fmt: skip
_MODULES = {
    **TORCH_NAMES, **COLLATORS, "LengthGroupedSampler": ".sampler", "skip_first_batches": ".loader",
    "WorkerInfo": ".workers",
}  # fmt: skip

__all__ = sorted(_MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
