"""Adapters: the classes and functions of `peft`, and its files.

A model gets adapters with `get_peft_model`; `save_pretrained` writes only them, and `PeftModel.from_pretrained` puts
them back. Layers whose weights are packed (GGUF) take adapters as well.
"""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedError
from . import helpers, tuners, utils
from .auto import (
    AutoPeftModel,
    AutoPeftModelForCausalLM,
    AutoPeftModelForFeatureExtraction,
    AutoPeftModelForQuestionAnswering,
    AutoPeftModelForSeq2SeqLM,
    AutoPeftModelForSequenceClassification,
    AutoPeftModelForTokenClassification,
)
from .config import PeftConfig, get_peft_config
from .errors import NoMatchingPeftModuleError, PeftError, PeftWarning
from .functions import get_peft_model, inject_adapter_in_model
from .model import PeftModel
from .modules_to_save import ModulesToSaveWrapper
from .preparing import cast_mixed_precision_params, prepare_model_for_kbit_training
from .registry import (
    PEFT_TYPE_TO_CONFIG_MAPPING,
    PEFT_TYPE_TO_MIXED_MODEL_MAPPING,
    PEFT_TYPE_TO_PREFIX_MAPPING,
    PEFT_TYPE_TO_TUNER_MAPPING,
    PeftType,
    TaskType,
    register_peft_method,
)
from .state import get_peft_model_state_dict, load_peft_weights, set_peft_model_state_dict
from .status import TunerLayerStatus, TunerModelStatus, get_layer_status, get_model_status
from .tasks import (
    MODEL_TYPE_TO_PEFT_MODEL_MAPPING,
    PeftModelForCausalLM,
    PeftModelForFeatureExtraction,
    PeftModelForQuestionAnswering,
    PeftModelForSeq2SeqLM,
    PeftModelForSequenceClassification,
    PeftModelForTokenClassification,
)
from .tuners import BaseTuner, BaseTunerLayer, LoraConfig, LoraModel
from .tuners.lora import LoraLayer, LoraRuntimeConfig

__all__ = [
    "AutoPeftModel", "AutoPeftModelForCausalLM", "AutoPeftModelForFeatureExtraction",
    "AutoPeftModelForQuestionAnswering", "AutoPeftModelForSeq2SeqLM", "AutoPeftModelForSequenceClassification",
    "AutoPeftModelForTokenClassification", "BaseTuner", "BaseTunerLayer", "LoraConfig", "LoraLayer", "LoraModel",
    "LoraRuntimeConfig", "MODEL_TYPE_TO_PEFT_MODEL_MAPPING", "ModulesToSaveWrapper", "NoMatchingPeftModuleError",
    "PEFT_TYPE_TO_CONFIG_MAPPING", "PEFT_TYPE_TO_MIXED_MODEL_MAPPING", "PEFT_TYPE_TO_PREFIX_MAPPING",
    "PEFT_TYPE_TO_TUNER_MAPPING", "PeftConfig", "PeftError", "PeftModel", "PeftModelForCausalLM",
    "PeftModelForFeatureExtraction", "PeftModelForQuestionAnswering", "PeftModelForSeq2SeqLM",
    "PeftModelForSequenceClassification", "PeftModelForTokenClassification", "PeftType", "PeftWarning", "TaskType",
    "TunerLayerStatus", "TunerModelStatus", "cast_mixed_precision_params", "get_layer_status", "get_model_status",
    "get_peft_config", "get_peft_model", "get_peft_model_state_dict", "helpers", "inject_adapter_in_model",
    "load_peft_weights", "prepare_model_for_kbit_training", "register_peft_method", "set_peft_model_state_dict",
    "tuners", "utils",
]  # fmt: skip

# What else `peft` has: methods, and functions around LoRA.
_METHODS = (
    "AdaLora", "Adamss", "AdaptionPrompt", "BOFT", "Beft", "C3A", "CPT", "Deft", "Delora", "FourierFT", "Frod", "Glora",
    "Gralora", "HRA", "Hira", "IA3", "LNTuning", "Lily", "LoHa", "LoKr", "Miss", "OFT", "OSF", "Peanut", "Poly", "Psoft",
    "Pvera", "RandLora", "Road", "Shadow", "Shira", "Supertuning", "TinyLora", "TrainableTokens", "UniLora", "VBLoRA",
    "Vera", "WaveFT", "XLora", "PrefixTuning", "PromptTuning", "PromptLearning", "MultitaskPromptTuning",
    "PromptEncoder", "Cartridge", "Arrow", "BdLora", "Eva", "Kasa", "LoftQ", "LoraGA",
    "Velora", "Monteclora",
)  # fmt: skip
_FUNCTIONS = (
    "PeftMixedModel", "convert_to_lora", "create_arrow_model", "get_base_model_state_dict", "get_eva_state_dict",
    "initialize_lora_eva_weights", "preprocess_loraga", "replace_lora_weights_loftq", "save_as_lora",
    "set_base_model_state_dict",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS or name in {f"{m}{end}" for m in _METHODS for end in ("Config", "Model", "Init", "")}:
        raise UnsupportedError(f"peft.{name} is not supported yet")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
