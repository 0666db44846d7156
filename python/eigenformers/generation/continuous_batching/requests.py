"""A request on its way through the batch, and what becomes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from ..support import ids_of


class RequestStatus(IntEnum):
    """Where a request is."""

    PENDING = 0
    PREFILLING = 1
    DECODING = 2
    FINISHED = 3
    FAILED = 4


@dataclass
class GenerationOutput:
    """What a request has led to so far.

    Attributes:
        request_id: as `add_request` returned it.
        prompt_ids, generated_tokens: token ids.
        logprobs: the log probability of each generated token, with `return_logprobs`.
        error: why it failed, else None.
        status: FINISHED or FAILED at the end.
        created_time, lifespan: seconds of `time.perf_counter`: made; (begun, ended).
        timestamps: the time of each token, with `record_timestamps`.
    """

    request_id: str
    prompt_ids: list[int] = field(default_factory=list)
    generated_tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    error: str | None = None
    status: RequestStatus = RequestStatus.PENDING
    created_time: float = field(default_factory=time.perf_counter)
    lifespan: tuple[float, float] = (-1, -1)
    timestamps: list[float] | None = None

    def is_finished(self) -> bool:
        """Whether nothing more will come: it is done, or it failed."""
        return self.status >= RequestStatus.FINISHED


@dataclass
class RequestState:
    """A request while it is being answered; `num_children` more are answered from the same prompt."""

    request_id: str
    initial_tokens: list[int]
    streaming: bool = False
    record_timestamps: bool = False
    max_new_tokens: int | None = 20
    eos_token_id: int | list[int] | None = None
    num_children: int = 0
    logit_processor_kwargs: dict[str, Any] = field(default_factory=dict)
    generated_tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    created_time: float = field(default_factory=time.perf_counter)
    error: str | None = None
    lifespan: tuple[float, float] = (-1, -1)
    processors: Any = None  # LogitsProcessorList of those that look at this request's tokens or own options
    _status: RequestStatus = RequestStatus.PENDING
    _timestamps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._eos = {token for token in ids_of("eos_token_id", self.eos_token_id) if token >= 0}

    @property
    def status(self) -> RequestStatus:
        """Setting it stamps `lifespan`."""
        return self._status

    @status.setter
    def status(self, value: RequestStatus) -> None:
        if self._status == RequestStatus.PENDING:
            self.lifespan = (time.perf_counter(), -1)
        if value >= RequestStatus.FINISHED:
            self.lifespan = (self.lifespan[0], time.perf_counter())
        self._status = value

    @property
    def limit(self) -> int:
        """New tokens at most."""
        return 2**31 - 1 if self.max_new_tokens is None else self.max_new_tokens

    def generated_len(self) -> int:
        """New tokens so far."""
        return len(self.generated_tokens)

    def current_len(self) -> int:
        """Tokens so far, the prompt's included."""
        return len(self.initial_tokens) + len(self.generated_tokens)

    def take(self, token: int, logprob: float | None) -> bool:
        """Adds a token; whether it was the last."""
        self.status = RequestStatus.DECODING
        self.generated_tokens.append(token)
        if logprob is not None:
            self.logprobs.append(logprob)
        if self.record_timestamps:
            self._timestamps.append(time.perf_counter())
        if token in self._eos or self.generated_len() >= self.limit:
            self.status = RequestStatus.FINISHED
        return self.status == RequestStatus.FINISHED

    def fail(self, error: Exception | str) -> None:
        """Ends it with an error."""
        self.error = str(error)
        self.status = RequestStatus.FAILED

    def family(self) -> list[RequestState]:
        """Itself and its children, which begin as it does."""
        names = [f"{self.request_id}__child#{i}" for i in range(self.num_children)]
        shared = {name: getattr(self, name) for name in (
            "initial_tokens", "streaming", "record_timestamps", "max_new_tokens", "eos_token_id",
            "logit_processor_kwargs", "processors",
        )}  # fmt: skip
        return [self, *(RequestState(request_id=name, **shared) for name in names)]

    def to_generation_output(self) -> GenerationOutput:
        """A copy of where it stands."""
        return GenerationOutput(
            request_id=self.request_id,
            prompt_ids=list(self.initial_tokens),
            generated_tokens=list(self.generated_tokens),
            logprobs=list(self.logprobs),
            error=self.error,
            status=self.status,
            created_time=self.created_time,
            lifespan=self.lifespan,
            timestamps=list(self._timestamps) if self.record_timestamps else None,
        )
