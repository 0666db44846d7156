"""Named choices of the tokenizer API. Each is also a string: `PaddingStrategy.LONGEST == "longest"`."""

from __future__ import annotations

from enum import Enum


class ExplicitEnum(str, Enum):
    """String enum whose error for an unknown value lists the known ones.

    >>> PaddingStrategy("long")
    Traceback (most recent call last):
    ValueError: long is not a valid PaddingStrategy, please select one of ['longest', 'max_length', 'do_not_pad']
    """

    @classmethod
    def _missing_(cls, value):
        known = [member.value for member in cls]
        raise ValueError(f"{value} is not a valid {cls.__name__}, please select one of {known}")


class PaddingStrategy(ExplicitEnum):
    """Values of the `padding` argument; `True` means LONGEST, `False` means DO_NOT_PAD."""

    LONGEST = "longest"
    MAX_LENGTH = "max_length"
    DO_NOT_PAD = "do_not_pad"


class TruncationStrategy(ExplicitEnum):
    """Values of the `truncation` argument; `True` means LONGEST_FIRST, `False` means DO_NOT_TRUNCATE."""

    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"
    LONGEST_FIRST = "longest_first"
    DO_NOT_TRUNCATE = "do_not_truncate"


class TensorType(ExplicitEnum):
    """Values of the `return_tensors` argument: "pt" gives `eigenformers.Tensor`, "np" gives numpy arrays.

    The other names are known so that the error can say which library was asked for.
    """

    PYTORCH = "pt"
    NUMPY = "np"
    MLX = "mlx"
    TENSORFLOW = "tf"
    JAX = "jax"
