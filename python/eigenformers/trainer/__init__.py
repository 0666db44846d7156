"""`Trainer` and what belongs to it: arguments, callbacks, checkpoints."""

from __future__ import annotations

from .._lazy import lazy_exports

SCHEDULES = (
    "GreedyLR", "get_constant_schedule", "get_constant_schedule_with_warmup", "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup", "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate", "get_greedy_schedule", "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup", "get_polynomial_decay_schedule_with_warmup", "get_reduce_on_plateau_schedule",
    "get_scheduler", "get_wsd_schedule",
)  # fmt: skip
MODULES = {
    "Trainer": ".trainer",
    "TrainingArguments": ".arguments",
    **dict.fromkeys(("Seq2SeqTrainer", "Seq2SeqTrainingArguments"), ".seq2seq"),
    **dict.fromkeys(
        ("BestRun", "EvalLoopOutput", "EvalPrediction", "PredictionOutput", "TrainOutput", "metrics_format",
         "speed_metrics", "default_compute_objective"), ".results"),
    "get_last_checkpoint": ".checkpoint_folders",
    "LabelSmoother": ".label_smoother",
    "CallbackHandler": ".callbacks",
    "ExportableState": ".state",
    "RemoveColumnsCollator": ".dataloading",
    **dict.fromkeys(("TensorBoardCallback", "WandbCallback", "MLflowCallback"), ".integrations"),
    **dict.fromkeys(("HfArg", "HfArgumentParser"), ".argument_parser"),
    **dict.fromkeys(("DefaultFlowCallback", "EarlyStoppingCallback", "TrainerCallback"), ".callbacks"),
    **dict.fromkeys(("NotebookProgressCallback", "PrinterCallback", "ProgressCallback"), ".progress"),
    **dict.fromkeys(("TrainerControl", "TrainerState"), ".state"),
    **dict.fromkeys(
        ("HPSearchBackend", "HubStrategy", "IntervalStrategy", "OptimizerNames", "ParallelMode", "SaveStrategy",
         "SchedulerType"), ".enums"),
}  # fmt: skip

__all__ = sorted(MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, MODULES)
