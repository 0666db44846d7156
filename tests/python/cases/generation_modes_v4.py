"""Ways of decoding that later releases moved away, recorded with the last one that has them all."""

from __future__ import annotations

import numpy as np
from cases.families import draw
from cases.models import IDS, array, causal_lm, tensor

VERSION = "4.55.4"  # of the real library

_MASK = np.ones_like(IDS)
_MASK[0, :4] = 0
GROUPS = {
    "two": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, "num_return_sequences": 4},
    "three": {"num_beams": 6, "num_beam_groups": 3, "diversity_penalty": 0.3, "num_return_sequences": 6},
    "single": {"num_beams": 3, "num_beam_groups": 3, "diversity_penalty": 2.5, "num_return_sequences": 3},
    "best": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5},
    "masked": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5, "attention_mask": _MASK},
    "ends": {
        "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.7, "eos_token_id": [2, 5, 39, 44, 55],
        "num_return_sequences": 4,
    },
    "early": {
        "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.7, "eos_token_id": list(range(20, 50)),
        "num_return_sequences": 4, "early_stopping": True, "length_penalty": 0.3,
    },
    "never": {
        "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.7, "eos_token_id": list(range(20, 50)),
        "num_return_sequences": 4, "early_stopping": "never", "length_penalty": 1.5,
    },
    "processed": {
        "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.4, "repetition_penalty": 1.5,
        "no_repeat_ngram_size": 2, "min_new_tokens": 6, "sequence_bias": [[[39], -5.0], [[44, 55], 3.0]],
    },
    "uncached": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.4, "use_cache": False},
}  # fmt: skip
CONSTRAINTS = {
    "word": {"num_beams": 3, "force_words_ids": [[11]]},
    "phrase": {"num_beams": 4, "force_words_ids": [[11, 12, 13]], "num_return_sequences": 2},
    "two": {"num_beams": 6, "force_words_ids": [[11, 12], [50]], "num_return_sequences": 6},
    "either": {"num_beams": 4, "force_words_ids": [[[11, 12], [50, 51], [50, 52], [7]]], "num_return_sequences": 3},
    "both": {"num_beams": 5, "force_words_ids": [[[11, 12], [11, 13, 14]], [30, 31]]},
    "overlapping": {"num_beams": 4, "force_words_ids": [[11, 12], [11, 13]]},
    "ends": {
        "num_beams": 4, "force_words_ids": [[11, 12]], "eos_token_id": [2, 5, 39, 44], "num_return_sequences": 4,
    },
    "early": {
        "num_beams": 4, "force_words_ids": [[11]], "eos_token_id": list(range(20, 50)), "num_return_sequences": 4,
        "early_stopping": True,
    },
    "never": {
        "num_beams": 4, "force_words_ids": [[11]], "eos_token_id": list(range(20, 50)), "num_return_sequences": 4,
        "early_stopping": "never", "length_penalty": 2.0,
    },
    "too_long": {"num_beams": 3, "force_words_ids": [list(range(10, 30))]},
    "masked": {"num_beams": 3, "force_words_ids": [[11, 60]], "attention_mask": _MASK},
}  # fmt: skip


# Where something incomplete is returned the real library fails to write down its beams, which it does with the scores.
_IDS_ONLY = ("either", "early", "never")


def run(lib, model, inputs=IDS, **changes):
    changes = {name: tensor(lib, value) if name == "attention_mask" else value for name, value in changes.items()}
    settings = {"max_new_tokens": 12, "pad_token_id": 7, "return_dict_in_generate": True, "output_scores": True}
    return model.generate(tensor(lib, inputs), **{**settings, **changes})


def case_group_beam_search(lib):
    out = {}
    for family in ("llama", "qwen3"):
        model = causal_lm(lib, family)
        for name, changes in GROUPS.items():
            found = run(lib, model, **changes)
            out[f"{family}/{name}"] = {
                "class": type(found).__name__,
                "ids": found.sequences.tolist(),
                "scores": array(found.sequences_scores),
                "step": array(found.scores[1])[:, ::9],
            }
    return out


def case_constrained_beam_search(lib):
    out = {}
    for family in ("llama", "qwen3"):
        model = causal_lm(lib, family)
        for name, changes in CONSTRAINTS.items():
            if name in _IDS_ONLY:
                out[f"{family}/{name}"] = run(lib, model, output_scores=False, **changes).sequences.tolist()
                continue
            found = run(lib, model, **changes)
            out[f"{family}/{name}"] = {
                "class": type(found).__name__,
                "ids": found.sequences.tolist(),
                "scores": array(found.sequences_scores),
                "step": array(found.scores[2])[0, ::9],
            }
    return out


def case_constraint_objects(lib):
    model = causal_lm(lib, "llama")
    constraints = [lib.PhrasalConstraint([11, 12]), lib.DisjunctiveConstraint([[50, 51], [30]])]
    found = run(lib, model, num_beams=4, constraints=constraints, num_return_sequences=2)
    state = lib.ConstraintListState([one.copy() for one in constraints])
    steps = []
    for token in (5, 11, 50, 11, 12, 3, 50, 51):
        steps.append([state.advance(), *state.add(token), state.get_bank(), state.completed])
    return {"ids": found.sequences.tolist(), "scores": array(found.sequences_scores), "steps": steps}


def _seq2seq(lib):
    sizes = {
        "vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4,
        "decoder_start_token_id": 0, "eos_token_id": 3, "pad_token_id": 0,
    }  # fmt: skip
    model = lib.AutoModelForSeq2SeqLM.from_config(lib.AutoConfig.for_model("t5", **sizes))
    state = {name: tensor(lib, draw(name, tuple(value.shape)) * 2) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    return model.eval()


def case_encoder_decoders(lib):
    model = _seq2seq(lib)
    settings = {"max_new_tokens": 10, "num_beams": 4, "num_return_sequences": 3, "pad_token_id": 0}
    groups = run(lib, model, num_beam_groups=2, diversity_penalty=0.6, encoder_no_repeat_ngram_size=2, **settings)
    words = run(lib, model, force_words_ids=[[11, 12], [[40, 41], [42]]], **settings)
    return {
        "groups": [type(groups).__name__, groups.sequences.tolist(), array(groups.sequences_scores)],
        "words": [type(words).__name__, words.sequences.tolist(), array(words.sequences_scores)],
    }


_BAD = {
    "groups_do_not_divide": {"num_beams": 4, "num_beam_groups": 3, "diversity_penalty": 1.0},
    "no_penalty": {"num_beams": 4, "num_beam_groups": 2},
    "sampling": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, "do_sample": True},
    "penalty_without_groups": {"num_beams": 4, "diversity_penalty": 1.0},
    "penalty_is_an_int": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1},
    "words_and_groups": {"num_beams": 4, "num_beam_groups": 2, "force_words_ids": [[5]]},
    "words_and_sampling": {"num_beams": 4, "do_sample": True, "force_words_ids": [[5]]},
    "words_of_one_beam": {"force_words_ids": [[5]]},
    "no_words": {"num_beams": 4, "force_words_ids": []},
    "words_not_nested": {"num_beams": 4, "force_words_ids": [[[5], 6]]},
    "negative_words": {"num_beams": 4, "force_words_ids": [[-5]]},
    "subsets": {"num_beams": 4, "force_words_ids": [[[5, 6], [5]]]},
    "too_many_returned": {
        "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, "num_return_sequences": 5,
    },
}  # fmt: skip


def case_error_texts(lib):
    model = causal_lm(lib, "llama")
    texts = {}
    for name, changes in _BAD.items():
        try:
            run(lib, model, **changes)
            texts[name] = None
        except ValueError as error:
            texts[name] = str(error)
    for name, make in {
        "phrase_empty": lambda: lib.PhrasalConstraint([]),
        "phrase_negative": lambda: lib.PhrasalConstraint([3, -1]),
        "choice_empty": lambda: lib.DisjunctiveConstraint([]),
        "choice_flat": lambda: lib.DisjunctiveConstraint([3]),
        "choice_negative": lambda: lib.DisjunctiveConstraint([[3, -1]]),
        "penalty": lambda: lib.HammingDiversityLogitsProcessor(0.0, 4, 2),
        "beams": lambda: lib.HammingDiversityLogitsProcessor(1.0, 1, 2),
        "groups": lambda: lib.HammingDiversityLogitsProcessor(1.0, 4, 1),
        "more_groups": lambda: lib.HammingDiversityLogitsProcessor(1.0, 4, 5),
    }.items():
        try:
            make()
            texts[name] = None
        except ValueError as error:
            texts[name] = str(error)
    return texts


def case_hamming_diversity(lib):
    rng = np.random.RandomState(0)
    scores = tensor(lib, rng.standard_normal((4, 9)).astype(np.float32))
    tokens = tensor(lib, np.array([1, 1, 4, 0, 0, 0, 7, 7, 8, 3, 0, 0]))
    processor = lib.HammingDiversityLogitsProcessor(0.5, 6, 3)
    return [array(processor(None, scores, current_tokens=tokens, beam_group_idx=group)) for group in range(3)]


def _all_of(found):
    return {
        "class": type(found).__name__,
        "ids": found.sequences.tolist(),
        "scores": array(found.scores[-1])[:, ::9],
        "logits": array(found.logits[-1])[:, ::9],
        "last": array(found.hidden_states[-1][-1])[:, -1, ::5],
        "attended": [list(step[0].shape) for step in found.attentions],
    }


_EVERYTHING = {"output_logits": True, "output_hidden_states": True, "output_attentions": True}
CONTRASTIVE = {
    "plain": {"penalty_alpha": 0.6, "top_k": 4},
    "light": {"penalty_alpha": 0.2, "top_k": 8},
    "masked": {"penalty_alpha": 0.6, "top_k": 4, "attention_mask": _MASK},
    "ends": {"penalty_alpha": 0.5, "top_k": 5, "eos_token_id": [2, 5, 39, 44, 55]},
    "processed": {"penalty_alpha": 0.6, "top_k": 4, "repetition_penalty": 1.5, "bad_words_ids": [[45]]},
    "only": {"penalty_alpha": 1.0, "top_k": 6},
}


def case_contrastive_search(lib):
    out = {}
    for family in ("llama", "qwen3"):
        model = causal_lm(lib, family)
        for name, changes in CONTRASTIVE.items():
            out[f"{family}/{name}"] = _all_of(run(lib, model, **changes, **_EVERYTHING))
        low = run(lib, model, penalty_alpha=0.6, top_k=4, low_memory=True, output_scores=False, inputs=IDS[:1])
        out[f"{family}/low_memory"] = low.sequences.tolist()
    found = run(lib, _seq2seq(lib), penalty_alpha=0.4, top_k=4, pad_token_id=0)
    out["t5"] = [type(found).__name__, found.sequences.tolist(), array(found.scores[2])[:, ::9]]
    return out


DOLA = {
    "low": {"dola_layers": "low"},
    "high": {"dola_layers": "high"},
    "list": {"dola_layers": [0, 1, 2, 9]},
    "one": {"dola_layers": [1], "repetition_penalty": 1.2},
    "masked": {"dola_layers": "low", "attention_mask": _MASK},
    "ends": {"dola_layers": "low", "eos_token_id": [2, 5, 39, 44, 55]},
}


def case_dola(lib):
    out = {}
    for family, layers, tied in (("llama", 6, False), ("qwen3", 4, True), ("llama", 2, True), ("qwen3", 5, True)):
        model = causal_lm(lib, family, num_hidden_layers=layers, tie_word_embeddings=tied)
        for name, changes in DOLA.items():
            out[f"{family}/{layers}/{name}"] = _all_of(run(lib, model, **changes, **_EVERYTHING))
    return out


def case_modes_refuse(lib):
    model, other = causal_lm(lib, "llama"), _seq2seq(lib)
    texts = []
    for who, changes in (
        (model, {"dola_layers": "middle"}),
        (other, {"dola_layers": "low", "pad_token_id": 0}),
        (model, {"penalty_alpha": 0.5, "top_k": 4, "use_cache": False}),
    ):
        try:
            run(lib, who, **changes)
            texts.append(None)
        except ValueError as error:
            texts.append(str(error))
    return texts
