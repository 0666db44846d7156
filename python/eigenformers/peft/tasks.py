"""The PeftModel classes of the tasks."""

from __future__ import annotations

from typing import Any

from .matching import SEQ_CLS_HEAD_NAMES
from .model import PeftModel
from .registry import TaskType


class PeftModelForCausalLM(PeftModel):
    """A language model with adapters.

    >>> import eigenformers as ef
    >>> from eigenformers.peft import LoraConfig, get_peft_model
    >>> tiny = ef.LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
    ...     num_attention_heads=2, num_key_value_heads=2)
    >>> model = get_peft_model(ef.LlamaForCausalLM(tiny), LoraConfig(r=2, task_type="CAUSAL_LM"))
    >>> model.print_trainable_parameters()
    trainable params: 128 || all params: 2,992 || trainable%: 4.2781
    """

    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: Any = None,
        output_hidden_states: Any = None,
        return_dict: Any = None,
        task_ids: Any = None,
        **kwargs: Any,
    ) -> Any:
        """The model's forward pass with these arguments."""
        given = {
            "input_ids": input_ids, "attention_mask": attention_mask, "inputs_embeds": inputs_embeds, "labels": labels,
            "output_attentions": output_attentions, "output_hidden_states": output_hidden_states,
            "return_dict": return_dict,
        }  # fmt: skip
        return super().forward(**{k: v for k, v in given.items() if v is not None}, **kwargs)

    def prepare_inputs_for_generation(self, *args: Any, **kwargs: Any) -> Any:
        """The model's own."""
        return self.get_base_model().prepare_inputs_for_generation(*args, **kwargs)


class PeftModelForSeq2SeqLM(PeftModelForCausalLM):
    """A sequence-to-sequence model with adapters."""


class PeftModelForFeatureExtraction(PeftModelForCausalLM):
    """A model without a head, with adapters."""


class PeftModelForQuestionAnswering(PeftModelForCausalLM):
    """A question-answering model with adapters; its head is trained whole."""

    _head_names = ["qa_outputs"]

    def __init__(self, model: Any, peft_config: Any, adapter_name: str = "default", **kwargs: Any):
        _train_head(peft_config, self._head_names)
        super().__init__(model, peft_config, adapter_name, **kwargs)

    def add_adapter(self, adapter_name: str, peft_config: Any, **kwargs: Any) -> None:
        """Make another adapter; the head is trained whole."""
        _train_head(peft_config, self._head_names)
        super().add_adapter(adapter_name, peft_config, **kwargs)


class PeftModelForSequenceClassification(PeftModelForQuestionAnswering):
    """A sequence classifier with adapters; its head is trained whole."""

    _head_names = ["classifier", "score"]


class PeftModelForTokenClassification(PeftModelForSequenceClassification):
    """A token classifier with adapters; its head is trained whole."""


def _train_head(config: Any, names: list[str]) -> None:
    """Add the usual names of a task's head to `modules_to_save`."""
    if hasattr(config, "modules_to_save"):
        given = list(config.modules_to_save or [])
        config.modules_to_save = given + [name for name in names if name not in given]


MODEL_TYPE_TO_PEFT_MODEL_MAPPING: dict[Any, Any] = {
    TaskType.SEQ_CLS: PeftModelForSequenceClassification,
    TaskType.SEQ_2_SEQ_LM: PeftModelForSeq2SeqLM,
    TaskType.CAUSAL_LM: PeftModelForCausalLM,
    TaskType.TOKEN_CLS: PeftModelForTokenClassification,
    TaskType.QUESTION_ANS: PeftModelForQuestionAnswering,
    TaskType.FEATURE_EXTRACTION: PeftModelForFeatureExtraction,
}

__all__ = [
    "MODEL_TYPE_TO_PEFT_MODEL_MAPPING", "PeftModelForCausalLM", "PeftModelForFeatureExtraction",
    "PeftModelForQuestionAnswering", "PeftModelForSeq2SeqLM", "PeftModelForSequenceClassification",
    "PeftModelForTokenClassification", "SEQ_CLS_HEAD_NAMES",
]  # fmt: skip
