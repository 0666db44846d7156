"""`ContinuousBatchingConfig`: how many requests, and of what length, share a forward call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import UnsupportedError

SCHEDULERS = ("fifo", "prefill_first")
_LEAST = {
    "page_size": 4, "num_blocks": 1, "max_batch_tokens": 1, "max_requests_per_batch": 1, "max_blocks_per_request": 0,
    "max_queue_size": 0, "seed": -(2**63),
}  # fmt: skip


@dataclass
class ContinuousBatchingConfig:
    """Options of `generate_batch` and of `continuous_batching_context_manager`.

    Args:
        page_size, num_blocks: together the positions that all caches may hold at a time; without `num_blocks`, any number.
        max_batch_tokens: tokens of prompts in one forward call, 4096 where it is None.
        max_requests_per_batch: requests answered at a time, 64 where it is None.
        scheduler_type: "fifo" or "prefill_first": prompts are read as soon as there is room in both.
        return_logprobs: keep the log probability of each token.
        seed: of the drawing of tokens.
        max_queue_size: requests that wait; 0 is any number.
        per_request_processors: let each request have its own `temperature`, `top_k`, `top_p`.

    What belongs to graphs, compilers and memory of other devices (`use_cuda_graph`, `varlen_compile_config`,
    `auto_switch_to_flash`, `max_blocks_per_request`, which sizes a table of one of their kernels and limits no request, ...)
    changes no result and has no meaning here. `cpu_offload_space` above 0 is refused.

    >>> ContinuousBatchingConfig(max_requests_per_batch=8).page_size
    256
    """

    page_size: int = 256
    num_blocks: int | None = None
    max_batch_tokens: int | None = None
    max_memory_percent: float | None = None
    max_requests_per_batch: int | None = None
    max_blocks_per_request: int | None = None
    allow_block_sharing: bool = True
    use_async_batching: bool | None = None
    use_cuda_graph: bool | tuple[bool, bool] | None = None
    q_padding_interval_size: int = 0
    kv_padding_interval_size: int = 0
    varlen_compile_config: Any = None
    decode_compile_config: Any = None
    default_compile_level: int = 0
    scheduler_type: str = "fifo"
    safety_margin: float | None = None
    return_logprobs: bool = False
    seed: int | None = None
    auto_switch_to_flash: bool = True
    cpu_offload_space: float | None = 0.0
    cpu_offload_space_safety_threshold: float = 0.8
    max_queue_size: int = 0
    per_request_processors: bool = False
    drop_unsupported_processors: bool = True
    disable_nccl_graph_mixing: bool = True
    cpu_group_timeout: float | None = 300.0
    use_default_compile_configs: bool | None = None
    max_cached_graphs: int | None = None
    block_size: int | None = None

    def __post_init__(self) -> None:
        if self.block_size is not None:
            self.page_size = self.block_size
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is None and name not in ("page_size", "max_queue_size"):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**64:
                found = f"ContinuousBatchingConfig: found {name}={value!r}"
                raise ValueError(f"{found}, needed an integer of at least {least}, below 2**64")
        if self.scheduler_type not in SCHEDULERS:
            raise ValueError(
                f"ContinuousBatchingConfig: found scheduler_type={self.scheduler_type!r}, needed one of {SCHEDULERS}"
            )
        if self.cpu_offload_space:
            raise UnsupportedError("ContinuousBatchingConfig: cpu_offload_space: keys and values are in main memory already")

    @property
    def capacity(self) -> int | None:
        """Positions that all caches may hold, None for any number."""
        return None if self.num_blocks is None else self.num_blocks * self.page_size
