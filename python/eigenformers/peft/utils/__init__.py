"""Names that code imports from `peft.utils`."""

from __future__ import annotations

from ..config import CONFIG_NAME
from ..matching import (
    EMBEDDING_LAYER_NAMES,
    SEQ_CLS_HEAD_NAMES,
    TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING,
)
from ..modules_to_save import ModulesToSaveWrapper
from ..registry import PeftType, TaskType, register_peft_method
from ..state import (
    SAFETENSORS_WEIGHTS_NAME,
    WEIGHTS_NAME,
    get_peft_model_state_dict,
    load_peft_weights,
    set_peft_model_state_dict,
)

__all__ = [
    "CONFIG_NAME", "EMBEDDING_LAYER_NAMES", "ModulesToSaveWrapper", "PeftType", "SAFETENSORS_WEIGHTS_NAME",
    "SEQ_CLS_HEAD_NAMES", "TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING", "TaskType", "WEIGHTS_NAME",
    "get_peft_model_state_dict", "load_peft_weights", "register_peft_method", "set_peft_model_state_dict",
]  # fmt: skip
