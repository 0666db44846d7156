"""One step after the other: who joins, what is drawn, who leaves."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any, Callable

from ... import _core
from ...errors import UnsupportedError
from ..logits_base import LogitsProcessorList
from ..processor_list import history_processors, warpers
from .batch import Batch
from .config import ContinuousBatchingConfig
from .requests import RequestState, RequestStatus

# What asks for another way of decoding than a token a step, or for what a request does not carry, and the values beside
# None that ask for nothing.
_REFUSED: dict[str, tuple[Any, ...]] = {
    "guidance_scale": (1,), "penalty_alpha": (0,), "encoder_repetition_penalty": (1,), "encoder_no_repeat_ngram_size": (0,),
    "token_healing": (False,), "use_mtp": (False,), "cache_implementation": ("dynamic",),
    **dict.fromkeys(("stop_strings", "dola_layers", "prompt_lookup_num_tokens", "assistant_early_exit",
                     "watermarking_config", "constraints", "force_words_ids", "max_time"), ()),
}  # fmt: skip
_OWN_OPTIONS = {"temperature": float, "top_k": int, "top_p": float}


def check_generation(model: Any, config: Any) -> None:
    """UnsupportedError for what cannot be answered by continuous batching."""
    if model.config.is_encoder_decoder:
        raise UnsupportedError(f"continuous batching: {type(model).__name__} is an encoder-decoder; use generate")
    if (config.num_beams or 1) > 1:
        raise UnsupportedError("continuous batching: num_beams above 1 is not supported; use generate")
    from ...models.encoder_modeling import EncoderForCausalLM  # they need this package

    if isinstance(model, EncoderForCausalLM) and not model.config.is_decoder:
        raise UnsupportedError(
            f"continuous batching: in {type(model).__name__} without is_decoder each token sees all others, nothing of a "
            "pass can be kept; use generate, or is_decoder=True"
        )
    for name, off in _REFUSED.items():
        value = getattr(config, name, None)
        if value is not None and not any(_is_same(value, one) for one in off):
            raise UnsupportedError(f"continuous batching: {name}={value!r} is not supported; use generate")
    config.validate()


def _is_same(value: Any, other: Any) -> bool:
    """Whether two values are equal, True being no number."""
    return isinstance(value, bool) == isinstance(other, bool) and value == other


def _peak(rows: list[tuple[int, int]]) -> int:
    """The most positions that one cache of rows, each `(length, steps left)` and padded to the longest, comes to hold."""
    most = longest = 0
    for count, (length, left) in enumerate(sorted(rows, key=lambda row: -row[1]), 1):
        longest = max(longest, length)
        most = max(most, count * (longest + left))
    return most


def check_own_options(values: dict[str, Any], allowed: bool) -> None:
    """What a request may bring along: ValueError, TypeError."""
    for name, value in values.items():
        if name not in _OWN_OPTIONS or not allowed:
            raise ValueError(
                f"Unknown logit_processor_kwargs: {{{name!r}}}; found per_request_processors={allowed}, needed True and "
                f"one of {sorted(_OWN_OPTIONS)}"
            )
        if not isinstance(value, _OWN_OPTIONS[name]):
            kind = _OWN_OPTIONS[name].__name__
            raise TypeError(f"logit_processor_kwargs[{name!r}] has type {type(value).__name__}, expected {kind}")


class Engine:
    """Answers requests; `deliver` gets each that is done, and each new token of those that stream."""

    def __init__(self, model: Any, generation: Any, config: ContinuousBatchingConfig, deliver: Callable[[Any], None]):
        self.model, self.generation, self.config, self.deliver = model, generation, config, deliver
        self.waiting: deque[RequestState] = deque()
        self.batches: list[Batch] = []
        self._warpers = warpers(generation)
        self._generator = _core.Generator()
        if config.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(config.seed)

    def has_work(self) -> bool:
        """Whether a request is waiting or being answered."""
        return bool(self.waiting or self.batches)

    def active(self) -> list[RequestState]:
        """The requests that are being answered."""
        return [row for batch in self.batches for row in batch.rows]

    def cancel(self, request_id: str) -> None:
        """Forgets a request, and those that began from its prompt."""
        of = lambda row: row.request_id == request_id or row.request_id.startswith(request_id + "__child#")  # noqa: E731
        self.waiting = deque(row for row in self.waiting if not of(row))
        self._keep(lambda row: not of(row))

    def fail_all(self, error: Exception | str) -> None:
        """Ends all requests with an error."""
        rows = [*self.waiting, *self.active()]
        self.waiting, self.batches = deque(), []
        for row in rows:
            self._fail(row, error)

    def step(self) -> None:
        """A token for every request that is being answered; reads the prompts of those that there is room for."""
        for batch in list(self.batches):
            try:
                self._advance(batch, batch.step())
            except (IndexError, ValueError) as error:  # beyond the model's positions, say
                self.batches.remove(batch)
                for row in batch.rows:
                    self._fail(row, error)
        self._keep(lambda row: row.status < RequestStatus.FINISHED)
        if self.waiting and (new := self._admitted()):
            self._begin(new)
            self._keep(lambda row: row.status < RequestStatus.FINISHED)

    # --- who joins ------------------------------------------------------------------------------------------------
    def _admitted(self) -> list[RequestState]:
        """The next requests in line, as many as there is room for."""
        room = (self.config.max_requests_per_batch or 64) - len(self.active())
        if self.batches and self.config.scheduler_type == "fifo" and room < self._least_room():
            return []  # a prompt or two at a time would cost a forward call each
        budget = self.config.max_batch_tokens or 4096
        new: list[RequestState] = []
        longest = 0
        while self.waiting:
            row = self.waiting[0]
            length, rows = len(row.initial_tokens), 1 + row.num_children
            if new and (max(longest, length) * (len(new) + 1) > budget or rows > room):
                break
            capacity = self.config.capacity
            needed = rows * min(length + row.limit, self._positions())
            if capacity is not None and needed > capacity:
                self._fail(self.waiting.popleft(), f"No requests can be scheduled: {row.request_id} needs {needed} "
                           f"positions, the cache has {capacity} (num_blocks * page_size)")  # fmt: skip
                continue
            if capacity is not None and (self.batches or new) and self._most_positions([*new, row]) > capacity:
                break
            if not new and rows > room and self.batches:
                break
            new.append(self.waiting.popleft())
            longest, room = max(longest, length), room - rows
        return new

    def _most_positions(self, new: list[RequestState]) -> int:
        """The positions that all caches may come to hold if `new` join and no request ends before its limit."""
        ahead = [(len(row.initial_tokens), self._left(row)) for row in new for _ in range(1 + row.num_children)]
        alone = 0
        for batch in self.batches:
            rows = [(row.current_len() + (0 if batch.joins else pad), self._left(row))
                    for row, pad in zip(batch.rows, batch.pads)]  # fmt: skip
            if batch.joins:
                ahead += rows
            else:
                alone += _peak(rows)
        return alone + _peak(ahead)

    def _left(self, row: RequestState) -> int:
        return min(row.limit, max(self._positions() - len(row.initial_tokens), 1)) - row.generated_len()

    def _least_room(self) -> int:
        return min(len(self.waiting), max(1, (self.config.max_requests_per_batch or 64) // 8))

    def _positions(self) -> int:
        return int(getattr(self.model.config.get_text_config(), "max_position_embeddings", None) or 2**31 - 1)

    def _begin(self, new: list[RequestState]) -> None:
        for row in new:
            row.status = RequestStatus.PREFILLING
        batch = Batch(self.model, new)
        try:
            logits = batch.prefill()
            for row in new:
                row.processors = self._own_processors(row)
        except Exception as error:
            if len(new) == 1:
                self._fail(new[0], error)
            else:  # of several, those that can be answered are
                for row in new:
                    self._begin([row])
            return
        families = [row.family() for row in new]
        rows = [row for family in families for row in family]
        if len(rows) > len(new):
            parents = [i for i, family in enumerate(families) for _ in family]
            logits = logits.index_select(0, _core.tensor(parents))
            batch.expand(rows, parents)
        self.batches.append(batch)
        self._advance(batch, logits)

    def _fail(self, row: RequestState, error: Exception | str) -> None:
        for one in [row] if row.generated_tokens else row.family():
            one.fail(error)
            self.deliver(one.to_generation_output())

    # --- what is drawn --------------------------------------------------------------------------------------------
    def _own_processors(self, row: RequestState) -> Any:
        own = history_processors(self.generation, len(row.initial_tokens), row.max_new_tokens)
        if row.logit_processor_kwargs:
            config = copy.copy(self.generation)
            for name, value in row.logit_processor_kwargs.items():
                setattr(config, name, value)
            return LogitsProcessorList([*own, *warpers(config)])
        return LogitsProcessorList([*own, *self._warpers]) if own else None

    def _advance(self, batch: Batch, logits: Any) -> None:
        scores = self._scores(batch, logits)
        if self.generation.do_sample:
            tokens = _core.multinomial(scores.softmax(-1), 1, generator=self._generator)[:, 0].tolist()
        else:
            tokens = scores.argmax(-1).tolist()
        logprobs = [None] * len(tokens)
        if self.config.return_logprobs:
            logprobs = scores.log_softmax(-1).gather(1, _core.tensor(tokens)[:, None])[:, 0].tolist()
        for row, token, logprob in zip(batch.rows, tokens, logprobs):
            if row.take(token, logprob) or row.streaming:
                self.deliver(row.to_generation_output())

    def _scores(self, batch: Batch, logits: Any) -> Any:
        if not any(row.processors for row in batch.rows):
            none = _core.zeros((len(batch.rows), 0), dtype=_core.int64)
            return self._warpers(none, logits) if self._warpers else logits
        parts = []
        for i, row in enumerate(batch.rows):
            ids = _core.tensor([row.initial_tokens + row.generated_tokens])
            parts.append((row.processors or self._warpers)(ids, logits[i : i + 1]))
        return _core.cat(parts, 0)

    # --- who leaves -----------------------------------------------------------------------------------------------
    def _keep(self, stays: Callable[[RequestState], bool]) -> None:
        for batch in self.batches:
            which = [i for i, row in enumerate(batch.rows) if stays(row)]
            if len(which) < len(batch.rows):
                if which:
                    batch.keep(which)
                else:
                    batch.rows = []
        alive = [batch for batch in self.batches if batch.rows]
        self.batches = alive[:1]
        for batch in alive[1:]:
            if not self.batches[0].join(batch):
                self.batches.append(batch)
