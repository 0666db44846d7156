"""generate() on seeded tiny models: the same greedy tokens, the same processed scores, the same stops."""

from __future__ import annotations

import numpy as np
from cases.models import FAMILIES, array, causal_lm, tensor

PROMPTS = np.array([[0, 0, 5, 9, 2, 6], [3, 1, 4, 1, 5, 9]])
MASK = np.array([[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]])


def run(lib, family="llama", prompts=PROMPTS, mask=MASK, **kwargs):
    model = causal_lm(lib, family, eos_token_id=kwargs.pop("model_eos", 2))
    return model.generate(tensor(lib, prompts), attention_mask=tensor(lib, mask), pad_token_id=0, **kwargs)


def case_greedy(lib):
    return {f: array(run(lib, f, max_new_tokens=24, do_sample=False)) for f in FAMILIES}


def case_greedy_options(lib):
    """Deterministic searches under each processor."""
    options = {
        "repetition_penalty": {"repetition_penalty": 1.7},
        "no_repeat_ngram_size": {"no_repeat_ngram_size": 2},
        "bad_words_ids": {"bad_words_ids": [[63], [5, 9], [40]]},
        "suppress_tokens": {"suppress_tokens": list(range(10, 40))},
        "begin_suppress_tokens": {"begin_suppress_tokens": list(range(32))},
        "min_new_tokens": {"min_new_tokens": 12, "eos_token_id": list(range(0, 60, 2))},
        "min_length": {"min_length": 12, "eos_token_id": list(range(0, 60, 2))},
        "eos_list": {"eos_token_id": list(range(0, 60, 3))},
        "forced_eos": {"forced_eos_token_id": 2},
        "forced_bos": {"forced_bos_token_id": 7},
        "sequence_bias": {"sequence_bias": [[[11], 8.0], [[11, 12], 12.0]]},
        "exponential_decay": {"exponential_decay_length_penalty": (3, 1.8), "eos_token_id": 2},
        "decay_of_a_forbidden_end": {
            "exponential_decay_length_penalty": (1, 1.8), "eos_token_id": 2, "min_new_tokens": 6,
        },
        "encoder_no_repeat": {"encoder_no_repeat_ngram_size": 1},
        "encoder_repetition": {"encoder_repetition_penalty": 3.0},
        "renormalize": {"renormalize_logits": True},
        "no_cache": {"use_cache": False},
        "prefill_chunks": {"prefill_chunk_size": 2},
        "default_length": {"max_new_tokens": None},
        "max_length": {"max_new_tokens": None, "max_length": 10},
    }
    return {
        name: array(run(lib, **{"max_new_tokens": 16, "do_sample": False, **kwargs}))
        for name, kwargs in options.items()
    }


def long_rope(original):
    factors = {"short_factor": [1.0, 1.5, 2.0, 2.5], "long_factor": [2.0, 3.0, 5.0, 8.0]}
    rope = {"rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": original, **factors}
    return {"rope_parameters": rope, "max_position_embeddings": 2048}


def case_rope_by_length(lib):
    """Rotary factors that go by the length: texts that outgrow the first ones, prompts that are longer to begin with."""
    dynamic = {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}}
    models = {
        "phi3": ("phi3", lambda n: {**long_rope(n), "original_max_position_embeddings": n}),
        "llama/longrope": ("llama", long_rope),
        "llama/dynamic": ("llama", lambda n: {**dynamic, "max_position_embeddings": n}),
    }
    prompt = np.random.RandomState(0).randint(3, 64, (2, 700))
    prompts = {"short": prompt[:, :9], "long": prompt}
    out = {}
    for name, (family, changes) in models.items():
        for which, ids in prompts.items():
            go = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": 0}
            mask = np.ones_like(ids)
            mask[0, :3] = 0
            pieces = {"prefill_chunk_size": 4 if which == "short" else 60}
            for way, more in {
                "plain": {}, "beams": {"num_beams": 3}, "pieces": pieces, "no_cache": {"use_cache": False},
            }.items():
                model = causal_lm(lib, family, eos_token_id=None, **changes(14 if which == "short" else 640))
                ended = model.generate(tensor(lib, ids), attention_mask=tensor(lib, mask), **go, **more)
                out[f"{name} {which} {way}"] = array(ended)[:, ids.shape[1] :]
    return out


def case_infinite_scores(lib):
    """Scores that are infinite or no number: greedy search takes what argmax takes."""

    class Put(lib.LogitsProcessor):
        def __init__(self, value, others=None):
            self.value, self.others = value, others

        def __call__(self, input_ids, scores):
            scores = scores.clone()
            if self.others is not None:
                scores[:] = self.others
            scores[:, 17] = self.value
            return scores

    infinite = float("inf")
    puts = {
        "inf": (infinite,), "inf, others -inf": (infinite, -infinite), "0, others -inf": (0.0, -infinite),
        "all -inf": (-infinite, -infinite),
    }  # fmt: skip
    out = {}
    for name, values in puts.items():
        for way, more in {"greedy": {"do_sample": False}, "sample": {"do_sample": True}}.items():
            try:
                processors = lib.LogitsProcessorList([Put(*values)])
                out[f"{name} {way}"] = array(run(lib, max_new_tokens=3, logits_processor=processors, **more))
            except RuntimeError as error:
                out[f"{name} {way}"] = "probability tensor contains either `inf`, `nan` or element < 0" in str(error)
    return out


def case_prompt_lookup(lib):
    """The tokens of assisted decoding, its outputs a step, and what stops it."""
    repeated = np.array([[5, 9, 2, 6, 11, 5, 9, 2, 6, 11, 5, 9]])
    go = {"prompts": repeated, "mask": np.ones_like(repeated), "do_sample": False, "model_eos": None}
    out = {f: array(run(lib, f, max_new_tokens=24, prompt_lookup_num_tokens=4, **go)) for f in FAMILIES}
    for name, kwargs in {
        "ngram": {"max_matching_ngram_size": 3},
        "max_length": {"max_new_tokens": None, "max_length": 15},
        "eos": {"eos_token_id": list(range(0, 60, 3))},
        "processors": {"repetition_penalty": 1.7, "no_repeat_ngram_size": 3},
    }.items():
        out[name] = array(run(lib, **{"max_new_tokens": 16, "prompt_lookup_num_tokens": 5, **go, **kwargs}))
    o = run(lib, max_new_tokens=12, prompt_lookup_num_tokens=4, return_dict_in_generate=True, output_scores=True,
            output_logits=True, output_hidden_states=True, **go)  # fmt: skip
    out["scores"] = np.stack([array(s)[:, ::7] for s in o.scores])
    out["logits"] = np.stack([array(s)[:, ::7] for s in o.logits])
    out["hidden"] = [list(step[0].shape) for step in o.hidden_states[1:]]  # there the first comes with candidates
    out["cache"] = o.past_key_values.get_seq_length()
    return out


def case_prompt_lookup_refused(lib):
    out = {}
    for name, kwargs in {
        "batch": {},
        "use_cache": {"use_cache": False},
        "static": {"cache_implementation": "static"},
        "return_sequences": {"num_return_sequences": 2, "do_sample": True},
        "count": {"prompt_lookup_num_tokens": 0},
        "ensemble": {"assistant_ensemble_weight": 0.5},
    }.items():
        prompts = PROMPTS if name == "batch" else PROMPTS[1:]
        try:
            run(lib, prompts=prompts, mask=np.ones_like(prompts), max_new_tokens=4,
                **{"prompt_lookup_num_tokens": 3, **kwargs})  # fmt: skip
        except Exception as error:  # noqa: BLE001
            out[name] = [isinstance(error, ValueError), str(error)[:45]]
    return out


def case_scores(lib):
    """return_dict_in_generate: shapes, scores after processors, logits before them."""
    o = run(lib, max_new_tokens=3, do_sample=False, repetition_penalty=1.3, suppress_tokens=[4, 5],
            return_dict_in_generate=True, output_scores=True, output_logits=True, output_hidden_states=True,
            output_attentions=True)  # fmt: skip
    model = causal_lm(lib, "llama")
    return {
        "keys": list(o.keys()),
        "scores": np.stack([array(s)[:, ::7] for s in o.scores]),
        "logits": np.stack([array(s)[:, ::7] for s in o.logits]),
        "hidden": [[list(h.shape) for h in step] for step in o.hidden_states],
        "attentions": [[list(a.shape) for a in step] for step in o.attentions],
        "cache": o.past_key_values.get_seq_length(),
        "transition": array(model.compute_transition_scores(o.sequences, o.scores, normalize_logits=True)),
    }


def case_warped_scores(lib):
    """What sampling chooses from: the first step's scores under each warper (kept tokens and values)."""
    warpers = {
        "temperature": {"temperature": 0.5, "top_k": 0},
        "top_k": {"top_k": 5},
        "top_p": {"top_p": 0.7, "top_k": 0},
        "min_p": {"min_p": 0.2, "top_k": 0},
        "typical_p": {"typical_p": 0.5, "top_k": 0},
        "top_h": {"top_h": 0.6, "top_k": 0},
        "top_h_of_one": {"top_h": 0.5, "top_k": 0, "forced_eos_token_id": 2, "remove_invalid_values": True},
        "epsilon_cutoff": {"epsilon_cutoff": 0.02, "top_k": 0},
        "cutoffs_that_cut_nothing": {"epsilon_cutoff": 1.0, "eta_cutoff": 1.0},
        "eta_cutoff": {"eta_cutoff": 0.1, "top_k": 0},
        "all": {
            "temperature": 1.4,
            "top_k": 20,
            "top_p": 0.9,
            "min_p": 0.05,
            "typical_p": 0.9,
            "renormalize_logits": True,
        },
    }
    out = {}
    for name, kwargs in warpers.items():
        o = run(lib, max_new_tokens=1, do_sample=True, return_dict_in_generate=True, output_scores=True, **kwargs)
        out[name] = array(o.scores[0])
    return out


def case_return_sequences(lib):
    o = run(lib, max_new_tokens=4, do_sample=True, num_return_sequences=3, top_k=1)
    return array(o)


def case_user_code(lib):
    """Processors, criteria and prefix functions of the user's own."""

    class Shift(lib.LogitsProcessor):
        def __call__(self, input_ids, scores):
            scores = scores.clone()
            scores[:, 17] += 100 * (input_ids.shape[1] % 2)
            return scores

    class AtNine(lib.StoppingCriteria):
        def __call__(self, input_ids, scores, **kwargs):
            return (input_ids[:, -1] > -1) & (input_ids.shape[1] >= 9)

    return {
        "processor": array(
            run(lib, max_new_tokens=5, do_sample=False, logits_processor=lib.LogitsProcessorList([Shift()]))
        ),
        "criterion": array(
            run(lib, max_new_tokens=8, do_sample=False, stopping_criteria=lib.StoppingCriteriaList([AtNine()]))
        ),
        "prefix": array(
            run(lib, max_new_tokens=5, do_sample=False, prefix_allowed_tokens_fn=lambda b, ids: [10 + b, 20 + b, 30])
        ),
        "guidance": array(
            run(lib, prompts=PROMPTS[1:], mask=MASK[1:], max_new_tokens=5, do_sample=False, guidance_scale=1.5)
        ),
    }


def case_continuation(lib):
    """A cache handed from one call to the next; inputs_embeds; no prompt at all."""
    model = causal_lm(lib, "llama")
    first = model.generate(
        tensor(lib, PROMPTS[1:]), max_new_tokens=4, do_sample=False, return_dict_in_generate=True, pad_token_id=0
    )
    longer = np.concatenate([array(first.sequences), np.array([[7, 8]])], 1)
    second = model.generate(
        tensor(lib, longer), past_key_values=first.past_key_values, max_new_tokens=4, do_sample=False, pad_token_id=0
    )
    embeds = model.get_input_embeddings()(tensor(lib, PROMPTS[1:])).detach()
    return {
        "second": array(second),
        "embeds": array(model.generate(inputs_embeds=embeds, max_new_tokens=4, do_sample=False, pad_token_id=0)),
        "empty": array(model.generate(max_new_tokens=4, do_sample=False, pad_token_id=0)),
    }
