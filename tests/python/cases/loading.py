"""from_pretrained with arguments that change what is read."""

from __future__ import annotations

import importlib
import os
import tempfile

from cases.models import IDS, array, causal_lm, no_grad, tensor

MAPPINGS = (
    {r"^transformer\.": "model.", r"\.attn\.": ".self_attn.", "feed_forward": "mlp"},
    {r"^transformer\.(.*)\.attn\.": r"model.\1.self_attn.", "feed_forward": "mlp", "^transformer": "model"},
    {"transformer": "model", "attn": "self_attn", "feed_forward": "mlp"},
    {"transfor": "model"},
)


def _files(lib):
    return importlib.import_module(
        "safetensors.torch" if lib.__name__ == "transformers" else f"{lib.__name__}.safetensors.torch"
    )


def case_key_mapping(lib):
    """A checkpoint under other names: what is found, what is missing, the names it is saved under."""
    model, files, out = causal_lm(lib, "llama"), _files(lib), []
    with tempfile.TemporaryDirectory() as folder, no_grad(lib):
        model.save_pretrained(folder)
        path = os.path.join(folder, "model.safetensors")
        state = {
            name.replace("model.", "transformer.", 1).replace("self_attn", "attn").replace("mlp.", "feed_forward."): v
            for name, v in files.load_file(path).items()
        }
        files.save_file({name: value.clone() for name, value in state.items()}, path, metadata={"format": "pt"})
        for mapping in MAPPINGS:
            loaded, info = lib.AutoModelForCausalLM.from_pretrained(
                folder, key_mapping=mapping, output_loading_info=True, attn_implementation="eager"
            )
            complete = not info["missing_keys"]
            found = {
                "missing": sorted(info["missing_keys"]),
                "unexpected": sorted(info["unexpected_keys"]),
                "logits": array(loaded(tensor(lib, IDS)).logits)[:, ::7] if complete else None,
            }
            for original in (True, False):
                if "\\1" in str(mapping) and original:
                    continue  # transformers does not find back to the first names there
                with tempfile.TemporaryDirectory() as again:
                    loaded.save_pretrained(again, save_original_format=original)
                    names = sorted(files.load_file(os.path.join(again, "model.safetensors")))
                    found[f"saved/{original}"] = names
            out.append(found)
    return out


def case_state_dict(lib):
    """Weights from memory: for the whole model, for its base model, with a wrong shape."""
    model, out = causal_lm(lib, "llama"), {}
    state = model.state_dict()
    with no_grad(lib):
        whole = lib.LlamaForCausalLM.from_pretrained(None, config=model.config, state_dict=dict(state))
        out["whole"] = array(whole(tensor(lib, IDS)).logits)[:, ::7]
        base = lib.LlamaModel.from_pretrained(None, config=model.config, state_dict=dict(state))
        out["base"] = array(base(tensor(lib, IDS)).last_hidden_state)[:, ::7]
        wrong = {**state, "lm_head.weight": state["lm_head.weight"][:5].clone()}
        _, info = lib.LlamaForCausalLM.from_pretrained(
            None, config=model.config, state_dict=wrong, ignore_mismatched_sizes=True, output_loading_info=True
        )
        out["mismatched"] = [[key, list(found), list(needed)] for key, found, needed in info["mismatched_keys"]]
    return out
