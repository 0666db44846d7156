"""The named choices of training arguments. Members are strings: `IntervalStrategy.STEPS == "steps"`."""

from __future__ import annotations

from enum import Enum
from typing import Any


class ExplicitEnum(str, Enum):
    """An enum whose error for an unknown value lists the known ones."""

    @classmethod
    def _missing_(cls, value: Any) -> Any:
        known = list(cls._value2member_map_)
        raise ValueError(f"{value} is not a valid {cls.__name__}, please select one of {known}")


class IntervalStrategy(ExplicitEnum):
    """When to log or evaluate."""

    NO = "no"
    STEPS = "steps"
    EPOCH = "epoch"


class SaveStrategy(ExplicitEnum):
    """When to save a checkpoint."""

    NO = "no"
    STEPS = "steps"
    EPOCH = "epoch"
    BEST = "best"


class HubStrategy(ExplicitEnum):
    """What is uploaded, and when."""

    END = "end"
    EVERY_SAVE = "every_save"
    CHECKPOINT = "checkpoint"
    ALL_CHECKPOINTS = "all_checkpoints"


class SchedulerType(ExplicitEnum):
    """Names for `lr_scheduler_type` and `get_scheduler`."""

    LINEAR = "linear"
    COSINE = "cosine"
    COSINE_WITH_RESTARTS = "cosine_with_restarts"
    POLYNOMIAL = "polynomial"
    CONSTANT = "constant"
    CONSTANT_WITH_WARMUP = "constant_with_warmup"
    INVERSE_SQRT = "inverse_sqrt"
    REDUCE_ON_PLATEAU = "reduce_lr_on_plateau"
    COSINE_WITH_MIN_LR = "cosine_with_min_lr"
    COSINE_WARMUP_WITH_MIN_LR = "cosine_warmup_with_min_lr"
    WARMUP_STABLE_DECAY = "warmup_stable_decay"
    GREEDY = "greedy"


class HPSearchBackend(ExplicitEnum):
    """Libraries for `hyperparameter_search`."""

    OPTUNA = "optuna"
    RAY = "ray"
    WANDB = "wandb"


class ParallelMode(Enum):
    """How a run is spread: over nothing, here."""

    NOT_PARALLEL = "not_parallel"
    NOT_DISTRIBUTED = "not_distributed"
    DISTRIBUTED = "distributed"


OptimizerNames = ExplicitEnum(  # type: ignore[misc]
    "OptimizerNames",
    {
        name.upper(): name
        for name in (
            "adamw_torch", "adamw_torch_fused", "adamw_torch_xla", "adamw_torch_npu_fused", "adafactor",
            "adamw_anyprecision", "adamw_torch_4bit", "adamw_torch_8bit", "ademamix", "sgd", "adagrad",
            "adamw_bnb_8bit", "adamw_8bit", "ademamix_8bit", "lion_8bit", "lion_32bit", "paged_adamw_32bit",
            "paged_adamw_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit", "paged_lion_32bit", "paged_lion_8bit",
            "rmsprop", "rmsprop_bnb", "rmsprop_bnb_8bit", "rmsprop_bnb_32bit", "galore_adamw", "galore_adamw_8bit",
            "galore_adafactor", "galore_adamw_layerwise", "galore_adamw_8bit_layerwise", "galore_adafactor_layerwise",
            "lomo", "adalomo", "grokadamw", "schedule_free_radam", "schedule_free_adamw", "schedule_free_sgd",
            "apollo_adamw", "apollo_adamw_layerwise", "stable_adamw",
        )
    },
    module=__name__,
)  # fmt: skip
OptimizerNames.__doc__ = "Names for `optim`."
