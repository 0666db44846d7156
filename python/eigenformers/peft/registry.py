"""The methods that are known: their names, configurations, tuners, and the prefix of their parameters."""

from __future__ import annotations

import enum
from typing import Any


class _StrEnum(str, enum.Enum):
    def __str__(self) -> str:
        return self.value

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)


class TaskType(_StrEnum):
    """What a model is for; it decides which PeftModel class wraps it."""

    SEQ_CLS = "SEQ_CLS"
    SEQ_2_SEQ_LM = "SEQ_2_SEQ_LM"
    CAUSAL_LM = "CAUSAL_LM"
    TOKEN_CLS = "TOKEN_CLS"
    QUESTION_ANS = "QUESTION_ANS"
    FEATURE_EXTRACTION = "FEATURE_EXTRACTION"


PeftType = _StrEnum(
    "PeftType",
    {
        name: name
        for name in (
            "PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "LORA", "ADALORA", "ADAMSS",
            "BOFT", "ADAPTION_PROMPT", "IA3", "BEFT", "LILY", "LOHA", "LOKR", "OFT", "POLY", "LN_TUNING", "VERA",
            "FROD", "PVERA", "FOURIERFT", "GLORA", "XLORA", "HRA", "VBLORA", "UNILORA", "CPT", "MISS", "RANDLORA",
            "ROAD", "TRAINABLE_TOKENS", "HIRA", "SHIRA", "C3A", "WAVEFT", "OSF", "DELORA", "GRALORA", "CARTRIDGE",
            "TINYLORA", "PSOFT", "PEANUT", "SHADOW", "SUPERTUNING", "DEFT",
        )
    },
    module=__name__,
)  # fmt: skip

PEFT_TYPE_TO_CONFIG_MAPPING: dict[Any, Any] = {}
PEFT_TYPE_TO_TUNER_MAPPING: dict[Any, Any] = {}
PEFT_TYPE_TO_PREFIX_MAPPING: dict[Any, str] = {}
PEFT_TYPE_TO_MIXED_MODEL_MAPPING: dict[Any, Any] = {}


def peft_type_of(name: str) -> Any:
    """The member of that name, made when there is none: a method of one's own needs no change here."""
    name = name.upper()
    if name not in PeftType.__members__:
        member = str.__new__(PeftType, name)
        member._name_, member._value_ = name, name
        PeftType._member_names_.append(name)
        PeftType._member_map_[name] = PeftType._value2member_map_[name] = member
        type.__setattr__(PeftType, name, member)
    return PeftType[name]


def register_peft_method(
    *, name: str, config_cls: Any, model_cls: Any, prefix: str | None = None, is_mixed_compatible: bool = False
) -> None:
    """Make a method known under `name`: its configuration class, its tuner, and what its parameters start with.

    Args:
        name: lower case; `PeftType.<NAME>` is made when it isn't there.
        config_cls: a `PeftConfig`.
        model_cls: a `BaseTuner`.
        prefix: default `name + "_"`.

    Raises:
        ValueError: a name that is not lower case or ends in `_`, a tuner with another prefix.
        KeyError: the method or its prefix is taken.
    """
    if name.endswith("_"):
        raise ValueError(f"Please pass the name of the PEFT method without '_' suffix, got {name}.")
    if not name.islower():
        raise ValueError(f"The name of the PEFT method should be in lower case letters, got {name}.")
    prefix = name + "_" if prefix is None else prefix
    if name.upper() in {str(known) for known in PEFT_TYPE_TO_TUNER_MAPPING}:
        raise KeyError(f"There is already PEFT method called '{name}', please choose a unique name.")
    if prefix in PEFT_TYPE_TO_PREFIX_MAPPING.values():
        raise KeyError(f"There is already a prefix called '{prefix}', please choose a unique prefix.")
    own = getattr(model_cls, "prefix", None)
    if own is not None and own != prefix:
        raise ValueError(f"Inconsistent prefixes found: '{prefix}' and '{own}' (they should be the same).")
    peft_type = peft_type_of(name)
    PEFT_TYPE_TO_PREFIX_MAPPING[peft_type] = prefix
    PEFT_TYPE_TO_CONFIG_MAPPING[peft_type] = config_cls
    PEFT_TYPE_TO_TUNER_MAPPING[peft_type] = model_cls
    if is_mixed_compatible:
        PEFT_TYPE_TO_MIXED_MODEL_MAPPING[peft_type] = model_cls
