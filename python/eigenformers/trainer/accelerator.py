"""What overridden methods of a Trainer ask of `self.accelerator`: one process, one CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import _core
from ..nn.utils import clip_grad_norm_


class SingleProcess:
    """The part of accelerate's `Accelerator` that has a meaning in one process."""

    num_processes = 1
    process_index = local_process_index = 0
    is_main_process = is_local_main_process = is_last_process = True
    sync_gradients, optimizer_step_was_skipped = True, False
    use_distributed = False

    def __init__(self, mixed_precision: str = "no"):
        self.mixed_precision = mixed_precision

    @property
    def device(self) -> Any:
        """The CPU."""
        return _core.device("cpu")

    def backward(self, loss: Any, **kwargs: Any) -> None:
        """`loss.backward()`"""
        loss.backward(**kwargs)

    def clip_grad_norm_(self, parameters: Any, max_norm: float, norm_type: float = 2) -> Any:
        """Scale gradients down to a norm; the norm before."""
        return clip_grad_norm_([p for p in parameters if isinstance(p, _core.Tensor)], max_norm, norm_type)

    def unwrap_model(self, model: Any, **kwargs: Any) -> Any:
        """The model: it is not wrapped."""
        return model

    def prepare(self, *parts: Any, **kwargs: Any) -> Any:
        """The parts as they are."""
        return parts[0] if len(parts) == 1 else parts

    def gather(self, tensor: Any) -> Any:
        """The tensor: there is no other process."""
        return tensor

    gather_for_metrics = gather

    def reduce(self, tensor: Any, reduction: str = "sum", scale: float = 1.0) -> Any:
        """The tensor: there is no other process."""
        return tensor

    def pad_across_processes(self, tensor: Any, dim: int = 0, pad_index: int = 0, pad_first: bool = False) -> Any:
        """The tensor: there is no other process."""
        return tensor

    def wait_for_everyone(self) -> None:
        """There is nobody to wait for."""

    def print(self, *values: Any, **kwargs: Any) -> None:
        """`print`"""
        print(*values, **kwargs)

    def free_memory(self, *parts: Any) -> Any:
        """Nothing is kept."""
        return parts

    @contextlib.contextmanager
    def autocast(self) -> Iterator[None]:
        """Products in bfloat16 where `bf16` asked for them."""
        with (
            _core.autocast("cpu", dtype=_core.bfloat16) if self.mixed_precision == "bf16" else contextlib.nullcontext()
        ):
            yield

    @contextlib.contextmanager
    def no_sync(self, model: Any = None) -> Iterator[None]:
        """There is nothing to synchronize."""
        yield

    accumulate = main_process_first = local_main_process_first = no_sync

    def end_training(self) -> None:
        """There is nothing to end."""
