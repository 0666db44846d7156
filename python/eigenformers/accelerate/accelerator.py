"""`Accelerator`: the object that training scripts hand their parts to. One process on one CPU."""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

import eigenformers

from ..errors import UnsupportedError
from ..safetensors.torch import once, save_file
from ..utils import logging
from . import checkpointing
from .state import AcceleratorState, GradientState, PartialState

logger = logging.get_logger(__name__)


def _of(wrapper: Any, part: str, name: str) -> Any:
    """An attribute of what is wrapped; while a copy is made there is nothing yet, and it is asked for its own methods."""
    if part not in wrapper.__dict__ or (name.startswith("__") and name.endswith("__")):
        raise AttributeError(f"{type(wrapper).__name__!r} object has no attribute {name!r}")
    return getattr(wrapper.__dict__[part], name)


class AcceleratedOptimizer:
    """An optimizer that steps, and forgets gradients, only when a whole accumulated batch is done."""

    def __init__(self, optimizer: Any, accelerator: Accelerator):
        self.optimizer, self._accelerator = optimizer, accelerator

    def step(self, closure: Callable | None = None) -> Any:
        """The optimizer's step, or nothing inside of an accumulated batch."""
        if self._accelerator.sync_gradients:
            return self.optimizer.step() if closure is None else self.optimizer.step(closure)
        return None

    def zero_grad(self, set_to_none: bool | None = None) -> None:
        """Forgets the gradients, or nothing inside of an accumulated batch."""
        if self._accelerator.sync_gradients:
            self.optimizer.zero_grad() if set_to_none is None else self.optimizer.zero_grad(set_to_none)

    @property
    def step_was_skipped(self) -> bool:
        """False: there is no scaled precision here that could overflow."""
        return False

    def __getattr__(self, name: str) -> Any:
        return _of(self, "optimizer", name)


class AcceleratedScheduler:
    """A schedule that moves on only when its optimizers have stepped."""

    def __init__(self, scheduler: Any, accelerator: Accelerator):
        self.scheduler, self._accelerator = scheduler, accelerator

    def step(self, *args: Any, **kwargs: Any) -> None:
        """The schedule's step, or nothing inside of an accumulated batch."""
        if self._accelerator.sync_gradients:
            self.scheduler.step(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return _of(self, "scheduler", name)


class Accelerator(PartialState):
    """Prepares the parts of a training loop and keeps count of accumulated gradients.

    Args:
        gradient_accumulation_steps: how many batches make one step of the optimizer.
        mixed_precision: "no", or "bf16" as a wish: weights decide what is multiplied, sums are f32.
        cpu: kept for old scripts.
        log_with, project_dir: None; log by yourself or use Trainer.

    >>> import eigenformers as ef
    >>> from eigenformers.accelerate import Accelerator
    >>> accelerator = Accelerator(gradient_accumulation_steps=2)
    >>> layer = ef.nn.Linear(2, 1)
    >>> layer, optimizer = accelerator.prepare(layer, ef.optim.SGD(layer.parameters(), lr=0.1))
    >>> for x in ef.ones(4, 1, 2):
    ...     with accelerator.accumulate(layer):
    ...         accelerator.backward(layer(x).sum())
    ...         optimizer.step()
    ...         optimizer.zero_grad()
    """

    dispatch_batches: Any = None
    even_batches = True
    save_iteration = 0

    def __init__(
        self,
        device_placement: bool = True,
        split_batches: bool = False,
        mixed_precision: str | None = None,
        gradient_accumulation_steps: int = 1,
        cpu: bool = False,
        log_with: Any = None,
        project_dir: str | os.PathLike | None = None,
        step_scheduler_with_optimizer: bool = True,
        **unsupported: Any,
    ):
        for name, value in {"log_with": log_with, **unsupported}.items():
            if value is not None:
                raise UnsupportedError(f"Accelerator({name}=...): not part of this version")
        if mixed_precision not in (None, "no", "bf16", "fp16", "fp8"):
            modes = ["no", "fp8", "fp16", "bf16"]
            raise ValueError(f"Unknown mixed_precision mode: {mixed_precision}. Choose between {modes}.")
        if mixed_precision in ("fp16", "fp8"):
            raise UnsupportedError(f"Accelerator(mixed_precision={mixed_precision!r}): needed 'no' or 'bf16'")
        if gradient_accumulation_steps < 1:
            raise ValueError(f"gradient_accumulation_steps: found {gradient_accumulation_steps}, needed 1 or more")
        self.state = AcceleratorState(mixed_precision)
        self.mixed_precision = self.state.mixed_precision
        self.split_batches = split_batches
        self.gradient_state = GradientState(gradient_accumulation_steps)
        self.step_scheduler_with_optimizer = step_scheduler_with_optimizer
        self.project_dir = self.logging_dir = project_dir
        self.trackers: list[Any] = []
        self.step = 0
        self._models: list[Any] = []
        self._optimizers: list[AcceleratedOptimizer] = []
        self._schedulers: list[Any] = []
        self._custom: list[Any] = []
        self._triggered = False

    @property
    def sync_gradients(self) -> bool:
        """Whether this batch ends an accumulated one."""
        return self.gradient_state.sync_gradients

    @sync_gradients.setter
    def sync_gradients(self, sync_gradients: bool) -> None:
        self.gradient_state.sync_gradients = sync_gradients

    @property
    def gradient_accumulation_steps(self) -> int:
        """How many batches make one step of the optimizer."""
        return self.gradient_state.num_steps

    @gradient_accumulation_steps.setter
    def gradient_accumulation_steps(self, steps: int) -> None:
        self.gradient_state.num_steps = steps

    @property
    def optimizer_step_was_skipped(self) -> bool:
        """False: there is no scaled precision here that could overflow."""
        return False

    def prepare(self, *parts: Any, device_placement: Any = None) -> Any:
        """The parts in the order given: optimizers and schedules that know of accumulation, a `DataLoader` that tells its
        end, everything else as it is: lists of batches too."""
        prepared = tuple(self._prepared(part) for part in parts)
        return prepared[0] if len(prepared) == 1 else prepared

    def _prepared(self, part: Any) -> Any:
        if isinstance(part, (AcceleratedOptimizer, AcceleratedScheduler, _Loader)):
            return part
        if isinstance(part, eigenformers.nn.Module):
            self._models.append(part)
            return part
        if hasattr(part, "param_groups") and hasattr(part, "step"):
            self._optimizers.append(AcceleratedOptimizer(part, self))
            return self._optimizers[-1]
        if hasattr(part, "step") and hasattr(part, "get_last_lr"):
            self._schedulers.append(AcceleratedScheduler(part, self) if self.step_scheduler_with_optimizer else part)
            return self._schedulers[-1]
        is_loader = all(hasattr(part, name) for name in ("__iter__", "dataset", "batch_size"))
        return _Loader(part, self) if is_loader else part

    prepare_model = prepare_optimizer = prepare_scheduler = prepare_data_loader = prepare

    def backward(self, loss: Any, **kwargs: Any) -> None:
        """Gradients of `loss`, divided by the number of accumulated batches."""
        (loss / self.gradient_accumulation_steps).backward(**kwargs)

    @contextmanager
    def accumulate(self, *models: Any) -> Iterator[None]:
        """One batch of an accumulated one: inside of the last the optimizer steps. The end of a prepared loader is a
        last batch too."""
        if self.gradient_state.end_of_dataloader:
            self.step, self.sync_gradients = 0, True
        else:
            self.step += 1
            self.sync_gradients = self.step % self.gradient_accumulation_steps == 0
        yield

    @contextmanager
    def no_sync(self, model: Any = None) -> Iterator[None]:
        """Gradients add up inside."""
        before, self.sync_gradients = self.sync_gradients, False
        try:
            yield
        finally:
            self.sync_gradients = before

    @contextmanager
    def autocast(self, *args: Any, **kwargs: Any) -> Iterator[None]:
        """Nothing: weights decide what is multiplied."""
        yield

    def clip_grad_norm_(self, parameters: Any, max_norm: float, norm_type: float = 2) -> Any:
        """Scales gradients down to a norm; the norm before. Inside of an accumulated batch it scales what is there so far:
        ask for `sync_gradients` first."""
        return eigenformers.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type=norm_type)

    def clip_grad_value_(self, parameters: Any, clip_value: float) -> None:
        """Cuts gradients to a range. Inside of an accumulated batch it cuts what is there so far."""
        eigenformers.nn.utils.clip_grad_value_(parameters, clip_value)

    def unwrap_model(self, model: Any, keep_fp32_wrapper: bool = True) -> Any:
        """The model itself: nothing wraps it."""
        return model

    def get_state_dict(self, model: Any, unwrap: bool = True) -> Any:
        """The model's weights by name."""
        return model.state_dict()

    def save(self, obj: Any, f: Any, safe_serialization: bool = False) -> None:
        """Saves tensors to a file, as `eigenformers.save`, or as safetensors."""
        if safe_serialization:
            save_file(once(obj)[0] if isinstance(obj, OrderedDict) else obj, f, {"format": "pt"})
        else:
            eigenformers.save(obj, f)

    def save_model(
        self,
        model: Any,
        save_directory: str | os.PathLike,
        max_shard_size: int | str = "10GB",
        safe_serialization: bool = True,
        **kwargs: Any,
    ) -> None:
        """Saves a model into a folder: a plain module's weights, each tensor once; other models by `save_pretrained`, which
        takes `kwargs`.

        Raises:
            TypeError: `kwargs` for a plain module.
            UnsupportedError: `safe_serialization=False` with several files, or for a model that has `save_pretrained`.
        """
        if hasattr(model, "save_pretrained"):
            model.save_pretrained(
                save_directory, max_shard_size=max_shard_size, safe_serialization=safe_serialization, **kwargs
            )
        elif kwargs:
            raise TypeError(f"save_model() got an unexpected keyword argument {next(iter(kwargs))!r}")
        else:
            checkpointing.save_model(model, os.fspath(save_directory), max_shard_size, safe_serialization)

    def gather(self, tensor: Any) -> Any:
        """What all processes have: this one's."""
        return tensor

    def gather_for_metrics(self, input_data: Any, use_gather_object: bool = False) -> Any:
        """What all processes have, without what filled up the last batch: this one's."""
        return input_data

    def reduce(self, tensor: Any, reduction: str = "sum", scale: float = 1.0) -> Any:
        """The sum or mean of all processes: this one's."""
        return tensor

    def pad_across_processes(self, tensor: Any, dim: int = 0, pad_index: int = 0, pad_first: bool = False) -> Any:
        """As long as the longest of all processes: this one's."""
        return tensor

    def save_state(self, output_dir: str | os.PathLike | None = None, safe_serialization: bool = True) -> str:
        """Saves the prepared parts, the objects registered and the states of random numbers; the folder.

        `safe_serialization=False` writes models as torch's zip files.
        """
        folder = self._folder(output_dir)
        parts = self._models, self._optimizers, self._schedulers, self._custom
        checkpointing.save_state(folder, *parts, step=self.step, safe=safe_serialization)
        return folder

    def load_state(self, input_dir: str | os.PathLike | None = None) -> None:
        """Gives the prepared parts and the objects registered the states that `save_state` wrote."""
        parts = self._models, self._optimizers, self._schedulers, self._custom
        self.step = checkpointing.load_state(self._folder(input_dir), *parts)

    def _folder(self, given: str | os.PathLike | None) -> str:
        if given is None and self.project_dir is None:
            raise ValueError("Accelerator: found no folder, needed the argument, or Accelerator(project_dir=...)")
        return os.path.expanduser(os.fspath(self.project_dir if given is None else given))

    def register_for_checkpointing(self, *objects: Any) -> None:
        """Objects with `state_dict` and `load_state_dict` that `save_state` saves too."""
        for item in objects:
            if not (hasattr(item, "state_dict") and hasattr(item, "load_state_dict")):
                raise ValueError(
                    "All `objects` passed to `register_for_checkpointing` must include a `state_dict` and "
                    f"`load_state_dict` function to be stored; found a {type(item).__name__}"
                )
        self._custom.extend(objects)

    def skip_first_batches(self, dataloader: Any, num_batches: int = 0) -> Any:
        """A loader without the first `num_batches`."""
        return skip_first_batches(dataloader, num_batches)

    def init_trackers(self, project_name: str, config: dict | None = None, init_kwargs: dict | None = None) -> None:
        """Nothing: no tracker was asked for."""

    def get_tracker(self, name: str, unwrap: bool = False) -> Any:
        """ValueError: no tracker was asked for."""
        raise ValueError(f"{name} is not an available tracker stored inside the `Accelerator`.")

    def log(self, values: dict, step: int | None = None, log_kwargs: dict | None = None) -> None:
        """Nothing: no tracker was asked for."""

    def set_trigger(self) -> None:
        """Tells `check_trigger`, of all processes."""
        self._triggered = True

    def check_trigger(self) -> bool:
        """Whether `set_trigger` was called since the last time."""
        triggered, self._triggered = self._triggered, False
        return triggered

    @contextmanager
    def join_uneven_inputs(self, joinables: Any, even_batches: bool | None = None) -> Iterator[None]:
        """Nothing: nobody else could end sooner."""
        yield

    def free_memory(self, *objects: Any) -> list[None]:
        """Lets go of the prepared parts."""
        self._models, self._optimizers, self._schedulers, self.step = [], [], [], 0
        return [None] * len(objects)

    clear = free_memory

    def end_training(self) -> None:
        """Nothing to close."""


class _Loader:
    """A loader that tells the accelerator when its last batch comes."""

    end_of_dataloader = False

    def __init__(self, loader: Any, accelerator: Accelerator | None, skip: int = 0):
        self.loader, self._accelerator, self._skip = loader, accelerator, max(skip, 0)

    @property
    def remainder(self) -> int:
        """See `GradientState.remainder`."""
        size = getattr(self.loader, "batch_size", None)
        counted = size and not getattr(self.loader, "drop_last", False) and hasattr(self.loader.dataset, "__len__")
        return len(self.loader.dataset) % size if counted else -1

    def __iter__(self) -> Iterator[Any]:
        running = self._accelerator.gradient_state.dataloader_references if self._accelerator else []
        running.append(self)
        nothing = object()
        try:
            batches = itertools.islice(iter(self.loader), self._skip, None)
            batch, self.end_of_dataloader = next(batches, nothing), False
            while batch is not nothing:
                following = next(batches, nothing)
                self.end_of_dataloader = following is nothing
                yield batch
                batch = following
        finally:
            running.remove(self)

    def __len__(self) -> int:
        return max(len(self.loader) - self._skip, 0)

    def __getattr__(self, name: str) -> Any:
        return _of(self, "loader", name)


def skip_first_batches(dataloader: Any, num_batches: int = 0) -> Any:
    """A loader without the first `num_batches` of `dataloader`."""
    if isinstance(dataloader, _Loader):
        return _Loader(dataloader.loader, dataloader._accelerator, dataloader._skip + num_batches)
    return _Loader(dataloader, None, num_batches)
