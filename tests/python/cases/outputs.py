"""ModelOutput: attribute, string and integer access, and what it refuses."""

from __future__ import annotations

import copy
import pickle

import numpy as np

NAMES = (
    "BaseModelOutput", "BaseModelOutputWithNoAttention", "BaseModelOutputWithPooling", "BaseModelOutputWithPast",
    "BaseModelOutputWithCrossAttentions", "BaseModelOutputWithPoolingAndCrossAttentions",
    "BaseModelOutputWithPastAndCrossAttentions", "MoeModelOutputWithPast", "MoeCausalLMOutputWithPast",
    "Seq2SeqModelOutput", "CausalLMOutput", "CausalLMOutputWithPast", "CausalLMOutputWithCrossAttentions",
    "SequenceClassifierOutputWithPast", "MaskedLMOutput", "Seq2SeqLMOutput", "NextSentencePredictorOutput",
    "SequenceClassifierOutput", "Seq2SeqSequenceClassifierOutput", "MultipleChoiceModelOutput",
    "TokenClassifierOutput", "QuestionAnsweringModelOutput", "Seq2SeqQuestionAnsweringModelOutput",
)  # fmt: skip


def _module(lib):
    import importlib

    return importlib.import_module(
        "transformers.modeling_outputs" if lib.__name__ == "transformers" else "eigenformers.outputs"
    )


def _error(function):
    try:
        function()
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return None


def case_fields(lib):
    import dataclasses

    return {name: [f.name for f in dataclasses.fields(getattr(_module(lib), name))] for name in NAMES}


def case_access(lib):
    cls = _module(lib).CausalLMOutputWithPast
    output = cls(logits=np.arange(3), hidden_states=(1, 2))
    seen = {
        "keys": list(output),
        "tuple": [type(part).__name__ for part in output.to_tuple()],
        "index": [output[0].tolist(), output[1], output[-1], list(output[1:])],
        "loss": output.loss,
        "missing": _error(lambda: output["loss"]),
        "beyond": _error(lambda: output[2]),
        "len": len(output),
        "is_dict": isinstance(output, dict),
        "contains": ["logits" in output, "loss" in output],
    }
    output.loss = 5
    output["attentions"] = (3,)
    seen["set"] = [list(output), output.attentions, output["loss"]]
    output.loss = None
    seen["unset"] = [output.loss, list(output)]
    output.other = 1
    seen["attribute"] = [output.other, list(output)]
    return seen


def case_first_field(lib):
    cls = _module(lib).CausalLMOutputWithPast
    return {
        "pairs": dict(cls([("loss", 1), ("logits", 2)])),
        "dict": dict(cls({"loss": 1, "logits": None})),
        "list": dict(cls([1, 2])),
        "number": dict(cls(3)),
        "nothing": dict(cls()),
        "mixed": _error(lambda: cls([("loss", 1), 2])),
    }


def case_refused(lib):
    output = _module(lib).CausalLMOutput(loss=1, logits=2)
    return {
        "del": _error(lambda: output.__delitem__("loss")),
        "pop": _error(lambda: output.pop("loss")),
        "update": _error(lambda: output.update({"loss": 2})),
        "setdefault": _error(lambda: output.setdefault("loss", 2)),
        "base": dict(lib.utils.ModelOutput({"a": 1})),
    }


def case_copies(lib):
    output = _module(lib).CausalLMOutput(loss=1, hidden_states=(1, 2))
    again = pickle.loads(pickle.dumps(output))
    return {
        "pickle": [dict(again), again.loss, again.logits, type(again).__name__],
        "copy": dict(copy.copy(output)),
        "deepcopy": dict(copy.deepcopy(output)),
        "equal": output == again,
        "repr": repr(output),
    }


def case_subclasses(lib):
    from dataclasses import dataclass

    class Bare(lib.utils.ModelOutput):
        pass

    @dataclass
    class Two(lib.utils.ModelOutput):
        first: int
        second: int

    return {"bare": _error(lambda: Bare()).split("transformers.")[-1].split(">.")[-1], "two": _error(lambda: Two(1, 2))}
