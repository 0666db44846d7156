"""accelerate's names for scripts that use them: one process, one CPU, weights in memory or mapped from a disk."""

from __future__ import annotations

from .._lazy import lazy_exports

MODULES: dict[str, str] = {
    **dict.fromkeys(("Accelerator", "AcceleratedOptimizer", "AcceleratedScheduler", "skip_first_batches"), ".accelerator"),
    **dict.fromkeys(("AcceleratorState", "DistributedType", "PartialState"), ".state"),
    "find_executable_batch_size": ".utils",
    **dict.fromkeys(
        (
            "check_device_map", "cpu_offload", "disk_offload", "dispatch_model", "infer_auto_device_map",
            "init_empty_weights", "init_on_device", "load_checkpoint_and_dispatch",
        ),
        ".big_modeling",
    ),
}  # fmt: skip
__all__ = sorted(MODULES)  # noqa: PLE0605

__getattr__, __dir__ = lazy_exports(__name__, MODULES)
