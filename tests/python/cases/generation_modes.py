"""Beam search of seeded tiny decoders, and arguments of `generate` that change what the model sees."""

from __future__ import annotations

import numpy as np
from cases.models import IDS, array, causal_lm, tensor

_MASK = np.ones_like(IDS)
_MASK[0, :4] = 0
BEAMS = {
    "two": {"num_beams": 2},
    "returned": {"num_beams": 4, "num_return_sequences": 3},
    "early": {"num_beams": 3, "early_stopping": True, "num_return_sequences": 3},
    "never": {"num_beams": 3, "early_stopping": "never", "length_penalty": 2.0, "num_return_sequences": 2},
    "short": {"num_beams": 3, "length_penalty": -1.0},
    "masked": {"num_beams": 3, "attention_mask": _MASK},
    "ends": {"num_beams": 3, "eos_token_id": [2, 5, 39], "num_return_sequences": 3},
    "many_ends": {
        "num_beams": 4, "eos_token_id": list(range(20, 50)), "num_return_sequences": 4, "length_penalty": 0.3,
    },
    "no_pad": {"num_beams": 3, "eos_token_id": [2, 5, 39], "num_return_sequences": 3, "pad_token_id": 0},
    "processed": {"num_beams": 3, "repetition_penalty": 1.5, "no_repeat_ngram_size": 2, "min_new_tokens": 6},
    "biased": {"num_beams": 2, "sequence_bias": [[[39], -5.0], [[44, 55], 3.0]], "bad_words_ids": [[45]]},
    "decayed": {"num_beams": 2, "exponential_decay_length_penalty": [3, 1.6], "forced_eos_token_id": 2},
    "uncached": {"num_beams": 3, "use_cache": False},
}  # fmt: skip


def beams(lib, model, **changes):
    changes = {name: tensor(lib, value) if name == "attention_mask" else value for name, value in changes.items()}
    settings = {"max_new_tokens": 12, "pad_token_id": 7, "return_dict_in_generate": True, "output_scores": True}
    out = model.generate(tensor(lib, IDS), **{**settings, **changes})
    transitions = model.compute_transition_scores(out.sequences, out.scores, out.beam_indices)
    return {
        "class": type(out).__name__,
        "ids": out.sequences.tolist(),
        "scores": array(out.sequences_scores),
        "beams": out.beam_indices.tolist(),
        "transitions": array(transitions),
        "steps": [len(out.scores), list(out.scores[0].shape)],
    }


def case_beam_search(lib):
    models = {family: causal_lm(lib, family) for family in ("llama", "qwen3")}
    return {
        family: {name: beams(lib, model, **changes) for name, changes in BEAMS.items()}
        for family, model in models.items()
    }


def case_beam_search_states(lib):
    """Hidden states and attentions have a row a beam; so do scores that a prefix function has cut."""
    model = causal_lm(lib, "llama")
    out = model.generate(
        tensor(lib, IDS), num_beams=2, max_new_tokens=3, return_dict_in_generate=True, output_hidden_states=True,
        output_attentions=True, output_logits=True,
    )  # fmt: skip
    allowed = model.generate(
        tensor(lib, IDS),
        num_beams=3,
        max_new_tokens=6,
        prefix_allowed_tokens_fn=lambda batch, ids: range(10 + 10 * batch, 40),
    )
    return {
        "hidden": [[list(t.shape) for t in step] for step in out.hidden_states],
        "attentions": [list(step[0].shape) for step in out.attentions],
        "logits": array(out.logits[1])[:, ::9],
        "last": array(out.hidden_states[2][-1])[:, 0, ::5],
        "allowed": allowed.tolist(),
    }


def case_inputs(lib):
    """Right-padded prompts, given positions, holes in the mask, embeddings."""
    model = causal_lm(lib, "llama")
    model.generation_config.eos_token_id = None
    right, hole = np.ones_like(IDS), np.ones_like(IDS)
    right[0, 15:] = 0
    hole[0, 3:5] = 0
    positions = np.arange(IDS.shape[1])[None] * 2
    ids = tensor(lib, IDS)
    embeds = model.get_input_embeddings()(ids)

    def new(ids=ids, **changes):
        changes = {
            name: tensor(lib, value) if isinstance(value, np.ndarray) else value for name, value in changes.items()
        }
        return model.generate(ids, max_new_tokens=8, do_sample=False, **changes)[:, -8:].tolist()

    return {
        "right": new(tensor(lib, np.where(right == 1, IDS, 0)), attention_mask=right),
        "right_uncached": new(tensor(lib, np.where(right == 1, IDS, 0)), attention_mask=right, use_cache=False),
        "hole": new(attention_mask=hole),
        "positions": new(position_ids=positions.repeat(2, 0)),
        "positions_of_all": new(position_ids=positions),
        "positions_uncached": new(position_ids=positions, use_cache=False),
        "keep": [new(logits_to_keep=count) for count in (0, 1, 3)],
        "embeds": new(None, inputs_embeds=embeds),
        "embeds_uncached": new(None, inputs_embeds=embeds, use_cache=False),
    }


def case_behind_a_cache(lib):
    """Only the new tokens, with a mask over the cached ones as well."""
    model = causal_lm(lib, "llama")
    cache = lib.DynamicCache()
    model(tensor(lib, IDS[:, :12]), past_key_values=cache)
    return model.generate(
        tensor(lib, IDS[:, 12:]), attention_mask=tensor(lib, np.ones_like(IDS)), past_key_values=cache, max_new_tokens=6
    ).tolist()


def case_watermarks(lib):
    """Both schemes, greedy; and what the detector says of marked and plain texts."""
    model = causal_lm(lib, "llama")
    ids = tensor(lib, IDS)
    out = {}
    for name, settings in {
        "left": {"bias": 3.0}, "wide": {"bias": 2.0, "greenlist_ratio": 0.5, "hashing_key": 12345},
        "self": {"bias": 4.0, "seeding_scheme": "selfhash", "context_width": 2},
    }.items():  # fmt: skip
        config = lib.WatermarkingConfig(**settings)
        marked = model.generate(ids, max_new_tokens=16, watermarking_config=config, eos_token_id=None)
        beams = model.generate(ids, max_new_tokens=6, watermarking_config=config, num_beams=2, renormalize_logits=True)
        found = {"ids": marked.tolist(), "beams": beams.tolist()}
        for repeated in (False, True):
            detector = lib.WatermarkDetector(model.config, "cpu", config, ignore_repeated_ngrams=repeated)
            seen = detector(marked[:, 20:], return_dict=True)
            found[f"repeated={repeated}"] = {field: getattr(seen, field) for field in (
                "num_tokens_scored", "num_green_tokens", "green_fraction", "z_score", "p_value", "prediction", "confidence",
            )}  # fmt: skip
            found["plain"] = [bool(b) for b in detector(ids, z_threshold=1.0)]
        out[name] = found
    return out
