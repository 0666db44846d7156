"""What a model offers of continuous batching."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...utils import logging

if TYPE_CHECKING:
    from .config import ContinuousBatchingConfig
    from .manager import ContinuousBatchingManager
    from .requests import GenerationOutput

logger = logging.get_logger(__name__)


class ContinuousMixin:
    """`generate_batch`, and the manager behind it."""

    generation_config: Any

    def init_continuous_batching(
        self,
        generation_config: Any = None,
        continuous_batching_config: ContinuousBatchingConfig | None = None,
        workload_hints: Any = None,
    ) -> ContinuousBatchingManager:
        """A manager that has not been started; the one that `persistent_manager=True` kept, if there is one.

        Args:
            generation_config: as for `generate`; the model's own where it is None.
            continuous_batching_config: how many requests share a call.
            workload_hints: not needed here.
        """
        kept = getattr(self, "_cached_continuous_batching_manager", None)
        if kept is not None:
            return kept
        config = self.generation_config if generation_config is None else generation_config
        from .config import ContinuousBatchingConfig  # here: every model has this mixin, few programs need the manager
        from .manager import ContinuousBatchingManager

        options = continuous_batching_config
        options = config.continuous_batching_config if options is None else options
        options = ContinuousBatchingConfig() if options is None else options
        if not isinstance(options, ContinuousBatchingConfig):
            raise TypeError(f"continuous_batching_config is a {type(options).__name__}, needed a ContinuousBatchingConfig")
        return ContinuousBatchingManager(self, config, options)

    def destroy_cached_continuous_batching_manager(self) -> None:
        """Forgets the manager that `persistent_manager=True` kept."""
        kept = self.__dict__.pop("_cached_continuous_batching_manager", None)
        if kept is not None:
            kept.destroy()

    @contextmanager
    def continuous_batching_context_manager(
        self,
        generation_config: Any = None,
        block: bool = True,
        timeout: float | None = None,
        continuous_batching_config: ContinuousBatchingConfig | None = None,
        persistent_manager: bool = False,
        warmup: bool = True,
        workload_hints: Any = None,
    ) -> Iterator[ContinuousBatchingManager]:
        """A manager that runs inside the `with`, and answers what is there before it ends.

        `block` and `timeout` are those of `ContinuousBatchingManager.stop`.
        """
        manager = self.init_continuous_batching(generation_config, continuous_batching_config, workload_hints)
        manager.start()
        try:
            yield manager
        finally:
            if manager._thread is not None:  # else it was stopped inside
                manager.stop(block=block, timeout=timeout, keep_for_next_session=persistent_manager)

    def generate_batch(
        self,
        inputs: list[list[int]],
        generation_config: Any = None,
        continuous_batching_config: ContinuousBatchingConfig | None = None,
        record_timestamps: bool = False,
        progress_bar: bool = False,
        persistent_manager: bool = False,
        warmup: bool = True,
        **kwargs: Any,
    ) -> dict[str, GenerationOutput]:
        """Continue many prompts of any lengths; those that are done make room for the next.

        Args:
            inputs: lists of token ids, or a 2-D tensor or array of them.
            generation_config: as for `generate`; the model's own where it is None.
            continuous_batching_config: how many requests share a call.
            record_timestamps: keep the time of each token.
            progress_bar: show how many are done.
            persistent_manager: keep the manager for the next call.
            warmup: not needed here.
            **kwargs: `max_new_tokens`.

        Returns:
            Request id to GenerationOutput, in the order of `inputs`. A request that cannot be answered has an `error`.

        >>> from eigenformers import LlamaConfig, LlamaForCausalLM
        >>> model = LlamaForCausalLM(LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=16,
        ...     num_hidden_layers=1, num_attention_heads=2, eos_token_id=None))
        >>> answers = model.generate_batch([[3, 4], [5, 6, 7]], max_new_tokens=4)
        >>> {name: len(answer.generated_tokens) for name, answer in answers.items()}
        {'req_0': 4, 'req_1': 4}
        """
        from .manager import prompts_of

        inputs = prompts_of(inputs)
        if not inputs:
            return {}
        max_new_tokens = kwargs.pop("max_new_tokens", None)
        if kwargs:
            raise TypeError(f"generate_batch() got an unexpected keyword argument {next(iter(kwargs))!r}")
        from tqdm.auto import tqdm

        config = self.generation_config if generation_config is None else generation_config
        total = len(inputs) * (config.num_return_sequences or 1)
        results: dict[str, GenerationOutput] = {}
        context = self.continuous_batching_context_manager(
            generation_config, continuous_batching_config=continuous_batching_config, persistent_manager=persistent_manager
        )
        bar = tqdm(total=total, disable=not progress_bar, desc=f"Solving {total} requests", unit="request")
        with context as manager, bar:
            try:
                ids = manager.add_requests(inputs, max_new_tokens=max_new_tokens, record_timestamps=record_timestamps)
                while len(results) < total:
                    result = manager.get_result(timeout=1)
                    if result is not None and result.is_finished():
                        results[result.request_id] = result
                        bar.update(1)
                    elif result is None and not manager.is_running() and manager.output_queue.empty():
                        break
            except BaseException:
                manager.stop(hard_stop=True)
                raise
        children = manager.num_return_sequences - 1
        names = [name for i in ids for name in (*(f"{i}__child#{c}" for c in range(children)), i)]
        if failed := [name for name in names if name in results and results[name].error is not None]:
            logger.error(f"Requests {failed} failed during generation.")
        return {name: results[name] for name in names if name in results}
