"""Where a script runs: one process on one CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, Callable

import eigenformers


class DistributedType(str, Enum):
    """How processes work together; here always `NO`."""

    NO = "NO"
    MULTI_CPU = "MULTI_CPU"
    MULTI_GPU = "MULTI_GPU"
    DEEPSPEED = "DEEPSPEED"
    FSDP = "FSDP"
    XLA = "XLA"
    MEGATRON_LM = "MEGATRON_LM"


class PartialState:
    """What a process knows of the others: there are none.

    >>> PartialState().is_main_process, PartialState().num_processes
    (True, 1)
    """

    num_processes = 1
    process_index = local_process_index = 0
    is_main_process = is_local_main_process = is_last_process = True
    use_distributed = False
    distributed_type = DistributedType.NO
    initialized = True

    @property
    def device(self) -> Any:
        """The CPU."""
        return eigenformers.device("cpu")

    def wait_for_everyone(self) -> None:
        """Nobody else is there."""

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Prints once, however many processes there are."""
        print(*args, **kwargs)

    @contextmanager
    def main_process_first(self) -> Iterator[None]:
        """The only process is the first."""
        yield

    local_main_process_first = main_process_first

    @contextmanager
    def split_between_processes(self, inputs: Any, apply_padding: bool = False) -> Iterator[Any]:
        """All of `inputs`."""
        yield inputs

    def on_main_process(self, function: Callable | None = None) -> Callable:
        """The function itself."""
        return function if function is not None else self.on_main_process

    on_local_main_process = on_last_process = on_main_process

    def on_process(self, function: Callable | None = None, process_index: int | None = None) -> Callable:
        """The function itself for process 0, one that does nothing for the others."""
        if function is None:
            return lambda given: self.on_process(given, process_index)
        return function if process_index in (None, 0) else lambda *args, **kwargs: None

    def on_local_process(self, function: Callable | None = None, local_process_index: int | None = None) -> Callable:
        """As `on_process`."""
        return self.on_process(function, local_process_index)

    def destroy_process_group(self) -> None:
        """There is none."""

    def __repr__(self) -> str:
        return (
            f"Distributed environment: {self.distributed_type.value}\nNum processes: {self.num_processes}\n"
            f"Process index: {self.process_index}\nLocal process index: {self.local_process_index}\n"
            f"Device: {self.device}\n"
        )


class AcceleratorState(PartialState):
    """A `PartialState` that knows the precision asked for."""

    def __init__(self, mixed_precision: str | None = None):
        self.mixed_precision = mixed_precision or "no"

    def __repr__(self) -> str:
        return f"{super().__repr__()}\nMixed precision type: {self.mixed_precision}\n"


class GradientState:
    """What an `Accelerator` knows of accumulated gradients and of the loaders that are being run through."""

    adjust_scheduler = False
    sync_with_dataloader = True
    is_xla_gradients_synced = False

    def __init__(self, num_steps: int = 1):
        self.num_steps, self.sync_gradients = num_steps, True
        self.dataloader_references: list[Any] = [None]

    @property
    def active_dataloader(self) -> Any:
        """The innermost loader that is being run through, or None."""
        return self.dataloader_references[-1]

    @property
    def in_dataloader(self) -> bool:
        """Whether there is one."""
        return self.active_dataloader is not None

    @property
    def end_of_dataloader(self) -> bool:
        """Whether its last batch is out."""
        return self.in_dataloader and self.active_dataloader.end_of_dataloader

    @property
    def remainder(self) -> int:
        """Samples of its last batch where that is not full, 0 where it is; -1 where nobody can tell."""
        return self.active_dataloader.remainder if self.in_dataloader else -1

    def __repr__(self) -> str:
        return (
            f"Sync Gradients: {self.sync_gradients}\nAt end of current dataloader: {self.end_of_dataloader}\n"
            f"Extra samples added: {self.remainder}\nGradient accumulation plugin: {{'num_steps': {self.num_steps}}}\n"
        )
