"""`ContinuousBatchingManager`: a thread that answers requests, and the ways to its results."""

from __future__ import annotations

import contextlib
import operator
import queue
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable

from ... import _core
from ...utils import logging
from .config import ContinuousBatchingConfig
from .engine import Engine, check_generation, check_own_options
from .requests import GenerationOutput, RequestState

if TYPE_CHECKING:
    import asyncio

logger = logging.get_logger(__name__)

_RUN, _FLUSH, _HARD_STOP = range(3)
_LOOK = 0.1  # seconds between two looks at whether the thread is still there


class ContinuousBatchingManager:
    """Takes requests at any time and answers them together, a token each a step.

    Made by `model.init_continuous_batching()` or, started and stopped for you, by
    `model.continuous_batching_context_manager()`.
    """

    def __init__(self, model: Any, generation_config: Any, continuous_batching_config: ContinuousBatchingConfig):
        check_generation(model, generation_config)
        self.model = model.eval()
        self.generation_config = generation_config
        self.continuous_batching_config = continuous_batching_config
        self.num_return_sequences = generation_config.num_return_sequences or 1
        self.input_queue: queue.Queue[RequestState] = queue.Queue(continuous_batching_config.max_queue_size)
        self.cancel_queue: queue.Queue[str] = queue.Queue()
        self.output_queue: queue.Queue[GenerationOutput] = queue.Queue()
        self.warmed_up = True
        self.fatal_error: Exception | None = None
        self._handlers: dict[str, tuple[Callable, asyncio.AbstractEventLoop]] = {}
        self._cancelled: set[str] = set()  # those that the thread does not know of yet
        self._engine = Engine(model, generation_config, continuous_batching_config, self._deliver)
        self._thread: threading.Thread | None = None
        self._state = _RUN
        self._counter = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._turn = threading.Condition()  # of the loop and of those that pause it
        self._pauses, self._stepping = 0, False
        self._pausing = threading.local()

    # --- the thread -----------------------------------------------------------------------------------------------
    def warmup(self) -> None:
        """Nothing to prepare here."""

    def is_running(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begins to answer."""
        if self.is_running():
            logger.warning("Manager thread is already running.")
            return
        self._state, self.fatal_error = _RUN, None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(
        self,
        block: bool = True,
        timeout: float | None = None,
        keep_for_next_session: bool = False,
        hard_stop: bool = False,
    ) -> None:
        """Answers what is there and ends; with `hard_stop`, fails what is there. `block` waits `timeout` seconds."""
        if self._thread is None:
            logger.warning("Manager not started.")
            return
        if getattr(self._pausing, "count", 0):
            raise RuntimeError(
                "Cannot stop the manager from inside a pause: the generation loop is paused and cannot exit, so "
                "this would wait forever. Leave the `pause` context before calling `stop`."
            )
        self._state = max(self._state, _HARD_STOP if hard_stop else _FLUSH)
        self._wake.set()
        if block:
            self.join(timeout=timeout)
        if keep_for_next_session:
            self.model._cached_continuous_batching_manager = self

    def join(self, stop_trigger_time: float | None = None, timeout: float | None = None) -> None:
        """Waits for the end of the thread, `timeout` seconds at most."""
        if self._thread is None:
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            logger.warning(f"Generation thread did not exit after join timeout ({timeout}).")
        else:
            self._thread = None

    def destroy(self) -> None:
        """Stops if it runs."""
        if self.is_running():
            self.stop(block=True)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """The model is yours inside: nothing is computed, no request is lost."""
        if not self.is_running():
            raise RuntimeError("Cannot pause generation while no generation loop is running.")
        with self._turn:
            self._pauses += 1
            self._pausing.count = getattr(self._pausing, "count", 0) + 1
            self._turn.wait_for(lambda: not self._stepping)
        try:
            yield
        finally:
            with self._turn:
                self._pauses -= 1
                self._pausing.count -= 1
                self._turn.notify_all()

    def _run(self) -> None:
        try:
            with _core.no_grad():
                while self._round():
                    pass
        except Exception as error:
            self.fatal_error = error
            self._take_requests()
            self._engine.fail_all(error)
            logger.error(f"Error in generation loop: {error}")

    def _round(self) -> bool:
        """A step, or a while of waiting for work; False at the end."""
        with self._turn:
            self._turn.wait_for(lambda: not self._pauses)
            self._stepping = True
        try:
            self._wake.clear()
            self._take_requests()
            if self._state == _HARD_STOP:
                self._engine.fail_all(RuntimeError("The manager was stopped before the request was answered."))
            if self._engine.has_work():
                self._engine.step()
                return True
        finally:
            with self._turn:
                self._stepping = False
                self._turn.notify_all()
        if self._state != _RUN:
            return not self.input_queue.empty()
        self._wake.wait(0.1)
        return True

    def _take_requests(self) -> None:
        while not self.input_queue.empty():
            self._engine.waiting.append(self.input_queue.get())
        while not self.cancel_queue.empty():
            self._engine.cancel(name := self.cancel_queue.get())
            with self._lock:
                self._cancelled.discard(name)

    # --- requests -------------------------------------------------------------------------------------------------
    def add_request(
        self,
        input_ids: list[int],
        request_id: str | None = None,
        max_new_tokens: int | None = None,
        streaming: bool = False,
        record_timestamps: bool = False,
        eos_token_id: int | list[int] | None = None,
        **logit_processor_kwargs: Any,
    ) -> str | None:
        """Asks for a continuation of `input_ids`; its id, or None where the manager ends.

        Without `max_new_tokens` here or in the configuration, it ends with EOS or where the model's positions end.
        """
        tokens = _tokens(input_ids, request_id)
        check_own_options(logit_processor_kwargs, self.continuous_batching_config.per_request_processors)
        if self.fatal_error is not None or self._state != _RUN:
            why = "The background thread is stopping." if self.fatal_error is None else (
                "The background thread died with a fatal error.")  # fmt: skip
            logger.warning(f"{why} Request with ids {tokens[:3]}... will be dropped.")
            return None
        if request_id is None:
            with self._lock:
                request_id = f"req_{self._counter}"
                self._counter += 1
        state = RequestState(
            request_id=request_id,
            initial_tokens=tokens,
            num_children=self.num_return_sequences - 1,
            record_timestamps=record_timestamps,
            max_new_tokens=self._limit(max_new_tokens, len(tokens)),
            eos_token_id=self.generation_config.eos_token_id if eos_token_id is None else eos_token_id,
            streaming=streaming,
            logit_processor_kwargs=logit_processor_kwargs,
        )
        self.input_queue.put(state, block=True, timeout=10)
        self._wake.set()
        return request_id

    def _limit(self, given: int | None, length: int) -> int | None:
        limit = self.generation_config.max_new_tokens if given is None else given
        if limit is not None:
            try:
                limit = operator.index(None if isinstance(limit, bool) else limit)
            except TypeError:
                raise TypeError(f"continuous batching: found max_new_tokens={limit!r}, needed an integer") from None
        if limit is not None and limit < 1:
            raise ValueError(f"`max_new_tokens` must be greater than 0, but is {limit}.")
        if limit is None and self.generation_config.max_length is not None:
            limit = max(self.generation_config.max_length - length, 1)
        positions = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return max(positions - length, 1) if limit is None and positions is not None else limit

    def add_requests(
        self,
        inputs: list[list[int]],
        max_new_tokens: int | None = None,
        streaming: bool = False,
        record_timestamps: bool = False,
        **logit_processor_kwargs: Any,
    ) -> list[str]:
        """`add_request` for each of `inputs`; their ids, in order."""
        prompts = [_tokens(one, f"inputs[{i}]") for i, one in enumerate(prompts_of(inputs))]
        eos = self.generation_config.eos_token_id
        eos = self.model.config.eos_token_id if eos is None else eos
        options = {"max_new_tokens": max_new_tokens, "streaming": streaming, "record_timestamps": record_timestamps}
        ids = [self.add_request(one, eos_token_id=eos, **options, **logit_processor_kwargs) for one in prompts]
        return [i for i in ids if i is not None]

    def cancel_request(self, request_id: str) -> None:
        """Forgets a request; nothing more comes of it."""
        with self._lock:
            self._cancelled.add(request_id)
            for name in [name for name in self._handlers if request_id in (name, _parent(name))]:
                del self._handlers[name]
        self.cancel_queue.put(request_id)
        self._wake.set()

    # --- results --------------------------------------------------------------------------------------------------
    def _deliver(self, output: GenerationOutput) -> None:
        name = output.request_id
        with self._lock:
            if name in self._cancelled or _parent(name) in self._cancelled:
                return
            entry = self._handlers.get(name)
            if entry is not None and output.is_finished():
                del self._handlers[name]
        if entry is not None:
            try:
                entry[1].call_soon_threadsafe(entry[0], output)
                return
            except RuntimeError as error:  # nobody runs that loop any more
                logger.warning(f"The handler of {name} is dropped, get_result has its results: {error}")
                with self._lock:
                    self._handlers.pop(name, None)
        self.output_queue.put(output)

    def get_result(self, request_id: str | None = None, timeout: float | None = None) -> GenerationOutput | None:
        """The next result; with `request_id`, None where the next is another's.

        None after `timeout` seconds, and where the manager does not run and nothing is left.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            running = self.is_running()  # asked first: what a thread that has ended put there is found
            wait = _LOOK if until is None else min(_LOOK, max(until - time.monotonic(), 0))
            try:
                result = self.output_queue.get(block=running, timeout=wait)
                break
            except queue.Empty:
                if not running or (until is not None and time.monotonic() >= until):
                    return None
        if request_id is not None and result.request_id != request_id:
            self.output_queue.put(result)
            return None
        return result

    def __iter__(self) -> Iterator[GenerationOutput]:
        """Results as they come, while the manager runs."""
        while self.is_running():
            if (result := self.get_result(timeout=0.1)) is not None:
                yield result

    def request_id_iter(self, request_id: str) -> Iterator[GenerationOutput]:
        """Results of one request as they come, to its end."""
        while self.is_running():
            if (result := self.get_result(request_id, timeout=0.1)) is not None:
                yield result
                if result.is_finished():
                    return
            elif not self.output_queue.empty():
                time.sleep(0.005)  # others' results, that somebody else is to fetch
        left = []
        with contextlib.suppress(queue.Empty):
            while True:
                left.append(self.output_queue.get_nowait())
        for result in left:
            if result.request_id != request_id:
                self.output_queue.put(result)
        yield from (result for result in left if result.request_id == request_id)

    def register_result_handler(self, request_id: str, callback: Callable[[GenerationOutput], Any]) -> None:
        """`callback` gets the results of a request, in the running event loop."""
        with self._lock:
            import asyncio  # slow to import

            self._handlers[request_id] = (callback, asyncio.get_running_loop())


def _parent(request_id: str) -> str:
    return request_id.partition("__child#")[0]


def prompts_of(inputs: Any) -> list[Any]:
    """The rows of a list or of a 2-D tensor or array."""
    rows = inputs.tolist() if hasattr(inputs, "tolist") else inputs
    if isinstance(rows, (str, bytes, dict)) or not hasattr(rows, "__iter__"):
        raise TypeError(
            f"continuous batching: inputs: found a {type(inputs).__name__}, needed lists of token ids or a 2-D tensor of them"
        )
    return list(rows)


def _tokens(ids: Any, name: Any) -> list[int]:
    ids = ids.tolist() if hasattr(ids, "tolist") else ids
    if isinstance(ids, str) or not hasattr(ids, "__iter__"):
        raise TypeError(f"continuous batching: {name}: found a {type(ids).__name__}, needed a list of token ids")
    ids = list(ids)
    if not ids or not all(isinstance(i, int) or hasattr(i, "__index__") for i in ids):
        raise ValueError(f"continuous batching: {name}: found {str(ids)[:60]}, needed at least one token id, all integers")
    return [int(i) for i in ids]
