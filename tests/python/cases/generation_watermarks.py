"""SynthID watermarks: scores, texts, and what detection computes; healing of the last token."""

from __future__ import annotations

import numpy as np
from cases.models import IDS, array, causal_lm, tensor

KEYS = [654, 400, 836, 123, 340, 443, 597, 160, 57]


def _processor(lib, **changes):
    settings = {
        "ngram_len": 3, "keys": KEYS, "sampling_table_size": 4096, "sampling_table_seed": 3,
        "context_history_size": 8, "device": "cpu", **changes,
    }  # fmt: skip
    return lib.SynthIDTextWatermarkLogitsProcessor(**settings)


def _plain(value):
    return np.asarray(value).astype(np.int64).tolist()


def case_synthid_scores(lib):
    rng = np.random.RandomState(0)
    ids = rng.randint(0, 20, (3, 9))
    ids[0, 4:] = ids[0, 2]  # contexts that come again
    scores = rng.standard_normal((3, 20)).astype(np.float32) * 2
    scores[1, :4] = -np.inf
    out = {}
    for name, changes in {
        "plain": {}, "skip": {"skip_first_ngram_calls": True}, "debug": {"debug_mode": True}, "long": {"ngram_len": 5},
    }.items():  # fmt: skip
        processor = _processor(lib, **changes)
        found = [array(processor(tensor(lib, ids[:, :n]), tensor(lib, scores))) for n in range(3, 9)]
        # Probabilities: where almost nothing is left, differences of nearly equal numbers decide the logarithm.
        out[name] = [np.exp(step) for step in found]
    return out


def case_synthid_detection(lib):
    ids = np.concatenate([IDS, IDS[:, ::-1]], 1)
    processor = _processor(lib)
    texts = tensor(lib, ids)
    ngrams = tensor(lib, np.arange(12).reshape(1, 4, 3))
    return {
        "keys": _plain(processor.compute_ngram_keys(ngrams)),
        "g": _plain(processor.compute_g_values(texts)),
        "fresh": _plain(processor.compute_context_repetition_mask(texts)),
        "eos": _plain(processor.compute_eos_token_mask(texts, eos_token_id=9)),
        "expected": processor.expected_mean_g_value(vocab_size=64),
    }


def case_synthid_generation(lib):
    model = causal_lm(lib, "llama")
    config = lib.SynthIDTextWatermarkingConfig(ngram_len=4, keys=KEYS, context_history_size=64)
    out = model.generate(
        tensor(lib, IDS), max_new_tokens=16, watermarking_config=config, eos_token_id=None, do_sample=False,
        return_dict_in_generate=True, output_scores=True,
    )  # fmt: skip
    return {"ids": out.sequences.tolist(), "scores": [array(step)[:, ::7] for step in out.scores[::5]]}


def case_errors(lib):
    texts = []
    for run in (
        lambda: _processor(lib)(tensor(lib, IDS[0]), tensor(lib, np.zeros((1, 20), np.float32))),
        lambda: _processor(lib).compute_ngram_keys(tensor(lib, IDS)),
        lambda: lib.SynthIDTextWatermarkingConfig(4, KEYS, sampling_table_size=2**25).validate(),
        lambda: causal_lm(lib, "llama").generate(tensor(lib, IDS), max_new_tokens=2, token_healing=True),
    ):
        try:
            run()
            texts.append(None)
        except ValueError as error:
            texts.append(str(error).replace("torch.Size([20])", "(20,)").replace("torch.Size([2, 20])", "(2, 20)"))
    return texts


def case_synthid_detector(lib):
    model = lib.BayesianDetectorModel(lib.BayesianDetectorConfig(watermarking_depth=len(KEYS), base_rate=0.3))
    rng = np.random.RandomState(0)
    shapes = {name: tuple(value.shape) for name, value in sorted(model.state_dict().items())}
    weights = {name: np.float32(rng.standard_normal(shape) * 0.3) for name, shape in shapes.items()}
    weights["prior"] = np.array([0.3], np.float32)
    model.load_state_dict({name: tensor(lib, value) for name, value in weights.items()})
    processor = _processor(lib)
    ids = tensor(lib, np.concatenate([IDS, IDS[:, ::-1]], 1))
    ends = type("Tokenizer", (), {"eos_token_id": int(IDS[0, -1])})
    detector = lib.SynthIDTextWatermarkDetector(model, processor, ends)
    g_values = processor.compute_g_values(ids)
    mask = tensor(lib, np.ones(tuple(g_values.shape)[:2], np.int64))
    labels = tensor(lib, np.array([1.0, 0.0], np.float32))
    out = model(g_values, mask, labels=labels, return_dict=True, loss_batch_weight=0.5)
    out.loss.backward()
    return {
        "shapes": {name: list(shape) for name, shape in shapes.items()},
        "found": array(detector(ids)[0]), "one": array(detector(ids[:1])[0]), "loss": float(out.loss),
        "all": array(out.posterior_probabilities), "prior_grad": array(model.prior.grad),
        "delta_grad": array(model.likelihood_model_watermarked.delta.grad)[0, 0, ::3],
    }  # fmt: skip
