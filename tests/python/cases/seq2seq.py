"""Seeded tiny encoder-decoders: logits, states, attentions, losses, gradients, padding, caches, heads, generation."""

from __future__ import annotations

import numpy as np
from cases.families import array, loaded, no_grad, tensor

SOURCE = np.array([[3, 1, 4, 1, 5, 9, 12, 6, 5, 13, 2], [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 2]])
TARGET = np.array([[7, 8, 9, 10, 2], [11, 12, 13, -100, -100]])
BART = {
    "vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 48, "decoder_ffn_dim": 40, "max_position_embeddings": 32,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2, "forced_eos_token_id": 2,
}  # fmt: skip
T5 = {
    "vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4,
    "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12, "pad_token_id": 0, "eos_token_id": 2,
    "decoder_start_token_id": 0,
}  # fmt: skip
# name -> (model_type, configuration)
MODELS = {
    "bart": ("bart", BART),
    "bart/scaled": ("bart", {**BART, "scale_embedding": True, "activation_function": "relu"}),
    "mbart": ("mbart", {**BART, "decoder_start_token_id": None, "scale_embedding": True}),
    "marian": ("marian", {**BART, "scale_embedding": True, "activation_function": "swish"}),
    "marian/two_vocabularies": (
        "marian",
        {**BART, "decoder_vocab_size": 48, "share_encoder_decoder_embeddings": False, "tie_word_embeddings": False},
    ),
    "pegasus": ("pegasus", {**BART, "scale_embedding": True}),
    "m2m_100": ("m2m_100", BART),
    "t5": ("t5", T5),
    "t5/gated": ("t5", {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "mt5": ("mt5", T5),
    "umt5": ("umt5", T5),
}
POSITIONS = {"start_positions": np.array([2, 40]), "end_positions": np.array([4, 7])}


def model_of(lib, name, auto_class="AutoModelForSeq2SeqLM", **changes):
    model_type, config = MODELS[name]
    config = lib.AutoConfig.for_model(model_type, **{**config, "dropout": 0.0, **changes})
    return loaded(lib, getattr(lib, auto_class), config)


def squares(model):
    """The sum of all squared gradients: tied weights count once."""
    return sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None)


def seq2seq_lm(lib, name):
    """What a model returns, with labels, padding on either side, given encoder outputs, and a cache."""
    model = model_of(lib, name)
    source, target = tensor(lib, SOURCE), tensor(lib, TARGET)
    o = model(input_ids=source, labels=target, output_hidden_states=True, output_attentions=True)
    o.loss.backward()
    out = {
        "class": type(model).__name__, "keys": list(o.keys()), "loss": float(o.loss.detach()),
        "logits": array(o.logits)[:, ::2, ::7], "gradient": squares(model),
        "encoder": np.concatenate([array(h)[0, ::5, ::9] for h in o.encoder_hidden_states], -1),
        "decoder": np.concatenate([array(h)[1, ::2, ::9] for h in o.decoder_hidden_states], -1),
        "attentions": [array(a[-1])[0, :, ::3, :4] for a in (o.encoder_attentions, o.decoder_attentions, o.cross_attentions)],
        "last": array(o.encoder_last_hidden_state)[1, ::5, ::9],
    }  # fmt: skip
    decoder = np.array([[2, 7, 8, 9, 10], [2, 11, 12, 13, 14]])
    mask = np.ones_like(SOURCE)
    mask[0, 7:] = 0
    with no_grad(lib):
        for side, keep in (("right", mask), ("left", mask[:, ::-1].copy())):
            keep = tensor(lib, keep)
            full = model(input_ids=source, attention_mask=keep, decoder_input_ids=tensor(lib, decoder))
            first = model(
                input_ids=source, attention_mask=keep, decoder_input_ids=tensor(lib, decoder[:, :3]), use_cache=True
            )
            second = model(
                encoder_outputs=(full.encoder_last_hidden_state,), attention_mask=keep, use_cache=True,
                decoder_input_ids=tensor(lib, decoder[:, 3:]), past_key_values=first.past_key_values,
            )  # fmt: skip
            out[side] = array(full.logits)[:, ::2, ::9]
            out[f"{side}_continued"] = array(second.logits)[:, :, ::9]
        past = second.past_key_values
        out["cache"] = [
            type(past).__name__, len(past), int(past.get_seq_length()), int(past.cross_attention_cache.get_seq_length()),
            sorted(past.is_updated.items()),
        ]  # fmt: skip
        hidden = np.array([[1, 1, 0, 1, 1], [1, 1, 1, 1, 0]])
        embeds = model.get_input_embeddings()(source)
        out["decoder_mask"] = array(
            model(
                inputs_embeds=embeds, decoder_input_ids=tensor(lib, decoder),
                decoder_attention_mask=tensor(lib, hidden),
            ).logits
        )[:, ::2, ::9]  # fmt: skip
    return out


def case_seq2seq_lm(lib):
    """Every encoder-decoder with a language-model head."""
    return {name: seq2seq_lm(lib, name) for name in MODELS}


def case_heads(lib):
    """The base models, the encoders alone, the classifiers."""
    out = {}
    source = tensor(lib, SOURCE)
    for name in ("bart", "mbart", "marian", "pegasus", "m2m_100", "t5", "mt5", "umt5"):
        base = model_of(lib, name, "AutoModel")
        inputs = {"input_ids": source}
        if "bart" not in name:
            inputs["decoder_input_ids"] = source
        with no_grad(lib):
            o = base(**inputs)
            encoded = base.get_encoder()(source, output_hidden_states=True)
        out[name] = {
            "keys": list(o.keys()), "states": array(o.last_hidden_state)[:, ::4, ::9], "class": type(base).__name__,
            "encoder": array(encoded.hidden_states[1])[0, ::4, ::9],
        }  # fmt: skip
        for head, labels in (
            ("TextEncoding", {}),
            ("SequenceClassification", {"labels": np.array([1, 2])}),
            ("TokenClassification", {"labels": SOURCE % 3}),
            ("QuestionAnswering", POSITIONS),
            ("CausalLM", {"labels": np.where(SOURCE % 3 == 0, -100, SOURCE)}),
        ):
            auto_class = getattr(lib, f"AutoModelFor{head}")
            if type(base.config) not in auto_class._model_mapping:
                continue
            model = model_of(lib, name, f"AutoModelFor{head}", num_labels=2 if head == "QuestionAnswering" else 3)
            o = model(source, **{key: tensor(lib, value) for key, value in labels.items()})
            first = next(key for key in ("logits", "start_logits", "last_hidden_state") if key in o)
            found = {"class": type(model).__name__, "keys": list(o.keys()), "values": array(o[first]).reshape(-1)[::37]}
            if labels:
                o.loss.backward()
                found.update(loss=float(o.loss.detach()), gradient=squares(model))
            out[name][head] = found
    return out


def case_generate(lib):
    """Greedy search with and without a cache, padding, forced tokens, prompts, several sequences, all outputs."""
    out = {}
    mask = np.ones_like(SOURCE)
    mask[0, 6:] = 0
    inputs = {"input_ids": tensor(lib, SOURCE), "attention_mask": tensor(lib, mask)}
    more = {
        "no_cache": {"use_cache": False},
        "prompt": {"decoder_input_ids": tensor(lib, np.array([[7, 8], [9, 10]]))},
        "forced": {"forced_bos_token_id": 5, "forced_eos_token_id": 3},
        "processors": {"no_repeat_ngram_size": 2, "encoder_no_repeat_ngram_size": 2, "bad_words_ids": [[4]]},
        "penalty": {"encoder_repetition_penalty": 1.5, "repetition_penalty": 1.3, "min_new_tokens": 5},
        "several": {"num_return_sequences": 2, "do_sample": True, "top_k": 1},
        "best_beams": {"num_beams": 4, "num_return_sequences": 3, "length_penalty": 2.0, "early_stopping": True},
        "beams_and_processors": {"num_beams": 3, "no_repeat_ngram_size": 2, "encoder_no_repeat_ngram_size": 2},
        "beams_without_cache": {"num_beams": 3, "use_cache": False},
    }
    for name in ("bart", "mbart", "marian", "pegasus", "m2m_100", "t5", "umt5"):
        changes = {} if name != "mbart" else {"decoder_start_token_id": 2}
        model = model_of(lib, name, **changes)
        out[name] = {"plain": array(model.generate(**inputs, max_new_tokens=8))}
        out[name]["beams"] = array(model.generate(**inputs, max_new_tokens=8, num_beams=4))
        if name in ("bart", "t5"):
            for key, options in more.items():
                out[name][key] = array(model.generate(**inputs, **{"max_new_tokens": 8, **options}))
            o = model.generate(
                **inputs, max_new_tokens=3, return_dict_in_generate=True, output_scores=True, output_logits=True,
                output_attentions=True, output_hidden_states=True,
            )  # fmt: skip
            out[name]["outputs"] = {
                "class": type(o).__name__, "keys": list(o.keys()), "steps": len(o.scores),
                "scores": array(o.scores[1])[:, ::9], "cross": array(o.cross_attentions[1][0])[0, :, 0, :5],
                "decoder": array(o.decoder_hidden_states[2][-1])[0, 0, ::5], "layers": len(o.encoder_hidden_states),
            }  # fmt: skip
            o = model.generate(
                **inputs, max_new_tokens=5, num_beams=3, return_dict_in_generate=True, output_scores=True,
                output_attentions=True,
            )  # fmt: skip
            out[name]["beam_outputs"] = {
                "class": type(o).__name__, "keys": list(o.keys()), "sequences": array(o.sequences),
                "scores": array(o.sequences_scores), "indices": array(o.beam_indices),
                "cross": [list(step[0].shape) for step in o.cross_attentions],
            }  # fmt: skip
            encoded = model.get_encoder()(**inputs)
            given = {"encoder_outputs": encoded, "attention_mask": inputs["attention_mask"]}
            out[name]["encoded"] = array(model.generate(**given, max_new_tokens=4))
    return out


def case_guesses(lib):
    """Prompt look-up, an assistant that is an encoder-decoder too, guidance: one source with a repeated target."""
    out = {}
    inputs = {"input_ids": tensor(lib, SOURCE[:1]), "attention_mask": tensor(lib, np.ones_like(SOURCE[:1]))}
    prompt = tensor(lib, np.array([[7, 8, 9, 7, 8]]))
    for name in ("bart", "t5"):
        model, options = model_of(lib, name), {"max_new_tokens": 12, "do_sample": False, "eos_token_id": None}
        assistant = model_of(lib, name, **{"decoder_layers" if name == "bart" else "num_decoder_layers": 1})
        for key, more in {"lookup": {"prompt_lookup_num_tokens": 3}, "assistant": {"assistant_model": assistant}}.items():
            out[name, key] = {
                "plain": array(model.generate(**inputs, **options, **more)),
                "prompt": array(model.generate(**inputs, **options, **more, decoder_input_ids=prompt)),
            }
    out["guidance"] = array(model_of(lib, "bart").generate(**inputs, max_new_tokens=6, guidance_scale=1.5, num_beams=2))
    return {"/".join(key) if isinstance(key, tuple) else key: value for key, value in out.items()}


def case_errors(lib):
    """What the models refuse, in the words that people look for."""
    bart, t5 = model_of(lib, "bart"), model_of(lib, "t5", "AutoModelForSequenceClassification")
    source = tensor(lib, SOURCE)
    uneven = SOURCE.copy()
    uneven[0, 3] = 2
    calls = {
        "uneven": lambda: t5(tensor(lib, uneven)),
        "none": lambda: t5(tensor(lib, SOURCE[:, :5])),
        "start": lambda: model_of(lib, "t5", decoder_start_token_id=None, bos_token_id=None).generate(source),
    }
    out = {}
    for name, call in calls.items():
        try:
            out[name] = repr(call())
        except Exception as error:
            out[name] = str(error)
    return {**out, "labels": float(bart(source, labels=tensor(lib, TARGET)).loss.detach())}


def case_configurations(lib):
    """What a configuration writes by default, and what is read from old files."""
    out = {}
    for model_type in sorted({kind for kind, _ in MODELS.values()}):
        written = lib.AutoConfig.for_model(model_type).to_dict()
        out[model_type] = {key: value for key, value in written.items() if key != "transformers_version"}
    flan = lib.AutoConfig.for_model("t5", tie_word_embeddings=False, feed_forward_proj="gated-gelu")
    again = type(flan).from_dict(flan.to_dict())
    out["flan"] = [flan.scale_decoder_outputs, again.scale_decoder_outputs, again.dense_act_fn, again.hidden_size]
    return out
