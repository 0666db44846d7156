"""`generate_batch` on seeded tiny models: tokens, log probabilities, names and states of the requests."""

from __future__ import annotations

from cases.models import causal_lm

PROMPTS = [[3, 1, 4, 1, 5, 9], [7], [5, 9, 2, 6, 11, 5, 9, 2], [8, 8], [1, 2, 3]]


def _answers(lib, family, generation=None, **config):
    model = causal_lm(lib, family, eos_token_id=2)
    generation = {"max_new_tokens": 8, "do_sample": False, "eos_token_id": list(range(2, 20)), **(generation or {})}
    config = {"num_blocks": 16, "max_batch_tokens": 64, **config}
    out = model.generate_batch(
        PROMPTS, lib.GenerationConfig(**generation), lib.ContinuousBatchingConfig(**config), record_timestamps=True
    )
    return {
        name: [one.prompt_ids, one.generated_tokens, one.logprobs, one.error, one.status.name, len(one.timestamps)]
        for name, one in out.items()
    }


def case_greedy(lib):
    return {family: _answers(lib, family) for family in ("llama", "qwen2", "qwen3")}


def case_log_probabilities(lib):
    return _answers(lib, "llama", return_logprobs=True)


def case_few_at_a_time(lib):
    return _answers(lib, "llama", max_requests_per_batch=2, max_batch_tokens=16)


def case_bias(lib):
    return _answers(lib, "llama", {"sequence_bias": [[[11], 8.0], [[30], 9.0]]}, drop_unsupported_processors=False)


def case_names_of_copies(lib):
    return sorted(_answers(lib, "llama", {"num_return_sequences": 3, "do_sample": True, "top_k": 5}))
