"""Special tokens: the seven named ones, model-specific named ones, and the extra ones without a name."""

from __future__ import annotations

from typing import Any

from ._engine import AddedToken

NAMED = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]


def split_id_suffix(name: str) -> tuple[str, bool]:
    """("pad_token", True) for "pad_token_id", ("pad_token", False) for "pad_token"."""
    for suffix in ("_ids", "_id"):
        if name.endswith(suffix):
            return name[: -len(suffix)], True
    return name, False


def as_special(token: str | AddedToken) -> AddedToken:
    """The AddedToken that a plain string means when it is used as a special token."""
    if isinstance(token, str):
        return AddedToken(token, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return token


class SpecialTokensMixin:
    """Gives `tokenizer.pad_token`, `tokenizer.pad_token_id`, their setters, and the lists of all special tokens.

    Needs from the class it is mixed into: `convert_tokens_to_ids`, `convert_ids_to_tokens`, `_add_tokens`, `verbose`.
    """

    SPECIAL_TOKENS_ATTRIBUTES = list(NAMED)

    def _init_special_tokens(self, kwargs: dict[str, Any]) -> None:
        """Take the special-token arguments out of `kwargs`; the tokens need not be in the vocabulary yet."""
        self.__dict__["_special_tokens_map"] = dict.fromkeys(self.SPECIAL_TOKENS_ATTRIBUTES)
        self.__dict__["_extra_special_tokens"] = []
        specific = kwargs.pop("model_specific_special_tokens", None) or {}
        if not isinstance(specific, dict):
            raise TypeError("model_specific_special_tokens must be a dictionary of token name to token value")
        specific = dict(specific)
        extra = kwargs.pop("extra_special_tokens", None)
        additional = kwargs.pop("additional_special_tokens", None)
        extra = additional if extra is None else extra
        if isinstance(extra, dict):
            specific.update(extra)
        elif isinstance(extra, (list, tuple)):
            if not all(isinstance(token, (str, AddedToken)) for token in extra):
                raise TypeError(f"extra_special_tokens has to hold str or AddedToken but got: {list(extra)}")
            self._extra_special_tokens.extend(extra)
        elif extra is not None:
            raise TypeError("extra_special_tokens must be a list/tuple of tokens or a dict of named tokens")
        for name in list(kwargs):
            if name in self.SPECIAL_TOKENS_ATTRIBUTES:
                value = kwargs.pop(name)
                if value is None:
                    continue
                if not isinstance(value, (str, AddedToken)):
                    raise TypeError(f"Special token {name} has to be either str or AddedToken but got: {type(value)}")
                self._special_tokens_map[name] = value
            elif name.endswith("_token") and isinstance(kwargs[name], (str, AddedToken)):
                specific.setdefault(name, kwargs.pop(name))
        if specific:
            self._set_model_specific_special_tokens(specific)

    def _set_model_specific_special_tokens(self, special_tokens: dict[str, str | AddedToken]) -> None:
        """Add named tokens beyond the seven, such as `image_token`; they are saved in tokenizer_config.json."""
        for name, value in special_tokens.items():
            if not isinstance(value, (str, AddedToken)):
                raise TypeError(f"Special token {name} has to be either str or AddedToken but got: {type(value)}")
            self._special_tokens_map[name] = value
        names = [name for name in special_tokens if name not in self.SPECIAL_TOKENS_ATTRIBUTES]
        self.__dict__["SPECIAL_TOKENS_ATTRIBUTES"] = self.SPECIAL_TOKENS_ATTRIBUTES + names

    def __setattr__(self, name: str, value: Any) -> None:
        base, is_id = split_id_suffix(name)
        if base == "additional_special_tokens":
            base = "extra_special_tokens"
        if base in self.SPECIAL_TOKENS_ATTRIBUTES:
            if is_id and value is not None:
                value = self.convert_ids_to_tokens(value)
            if value is not None and not isinstance(value, (str, AddedToken)):
                raise ValueError(f"Cannot set a non-string value as the {base}")
            self._special_tokens_map[base] = value
        elif base == "extra_special_tokens":
            if value is not None and not isinstance(value, (list, tuple)):
                raise ValueError(f"extra_special_tokens must be a list or tuple, got {type(value)}")
            tokens = [self.convert_ids_to_tokens(token) if is_id else token for token in value or []]
            self.__dict__["_extra_special_tokens"] = tokens
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        base, is_id = split_id_suffix(name)
        if base == "additional_special_tokens":
            base = "extra_special_tokens"
        special = self.__dict__.get("_special_tokens_map", {})
        if base in special or base in NAMED:
            token = special.get(base)
            if token is None:
                if self.__dict__.get("verbose", False):
                    self._logger().error("Using %s, but it is not set yet.", name)
                return None
            return self.convert_tokens_to_ids(str(token)) if is_id else str(token)
        if base == "extra_special_tokens":
            tokens = [str(token) for token in self.__dict__.get("_extra_special_tokens", [])]
            return self.convert_tokens_to_ids(tokens) if is_id else tokens
        raise AttributeError(f"{type(self).__name__} has no attribute {name}")

    def add_special_tokens(
        self, special_tokens_dict: dict[str, Any], replace_extra_special_tokens: bool = True, **deprecated: bool
    ) -> int:
        """Set special tokens by name and add those that the vocabulary lacks; returns how many were added.

        Args:
            special_tokens_dict: name (`pad_token`, ..., `extra_special_tokens`) to token (a list for the extra ones).
            replace_extra_special_tokens: replace the list of extra tokens instead of extending it. The replaced ones
                stay in the vocabulary, they only stop being special.

        Resize the model's embeddings afterwards: `model.resize_token_embeddings(len(tokenizer))`.
        """
        if "replace_additional_special_tokens" in deprecated:
            replace_extra_special_tokens = deprecated.pop("replace_additional_special_tokens")
        if deprecated:
            raise TypeError(f"add_special_tokens() got an unexpected keyword argument {next(iter(deprecated))!r}")
        if not special_tokens_dict:
            return 0
        tokens = dict(special_tokens_dict)
        if "additional_special_tokens" in tokens and not tokens.get("extra_special_tokens"):
            tokens["extra_special_tokens"] = tokens.pop("additional_special_tokens")
        to_add = []
        allowed = set(self.SPECIAL_TOKENS_ATTRIBUTES) | {"extra_special_tokens"}
        for name, value in tokens.items():
            if name not in allowed:
                raise ValueError(f"Key {name} is not a valid special token. Valid keys are: {allowed}")
            if name == "extra_special_tokens":
                to_add += self._replace_extra_tokens(value, replace_extra_special_tokens)
            elif isinstance(value, (str, AddedToken)):
                value = as_special(value)
                setattr(self, name, value)
                to_add.append(value)
            else:
                raise ValueError(f"Token {value} for key {name} should be a str or an AddedToken instance")
        return self.add_tokens(to_add, special_tokens=True)

    def _replace_extra_tokens(self, value: Any, replace: bool) -> list[AddedToken]:
        if not isinstance(value, (list, tuple)) or not all(isinstance(t, (str, AddedToken)) for t in value):
            raise ValueError(f"Tokens {value} for key extra_special_tokens should all be str or AddedToken instances")
        known = set(self.extra_special_tokens)
        new = [as_special(token) for token in value if replace or str(token) not in known]
        if replace and new:
            self._extra_special_tokens[:] = new
        else:
            self._extra_special_tokens.extend(new)
        return new

    def add_tokens(self, new_tokens: Any, special_tokens: bool = False) -> int:
        """Add tokens to the vocabulary, after its last id; returns how many were new.

        Args:
            new_tokens: a token or a list of them, each a str or an `AddedToken` (which says how it matches).
            special_tokens: mark them as special: never split, never normalized, left out by `skip_special_tokens`.
        """
        if not new_tokens:
            return 0
        if not isinstance(new_tokens, (list, tuple)):
            new_tokens = [new_tokens]
        return self._add_tokens(list(new_tokens), special_tokens=special_tokens)

    def sanitize_special_tokens(self) -> int:
        """Add the special tokens that the vocabulary lacks; returns how many were new (older name)."""
        return self.add_tokens(self.all_special_tokens_extended, special_tokens=True)

    @property
    def special_tokens_map(self) -> dict[str, str]:
        """Named special tokens that are set, name to string."""
        return {name: str(token) for name, token in self.special_tokens_map_extended.items()}

    @property
    def special_tokens_map_extended(self) -> dict[str, str | AddedToken]:
        """Named special tokens that are set, as they were given (str or AddedToken)."""
        tokens = {name: self._special_tokens_map.get(name) for name in self.SPECIAL_TOKENS_ATTRIBUTES}
        return {name: token for name, token in tokens.items() if token is not None}

    @property
    def all_special_tokens_extended(self) -> list[str | AddedToken]:
        """Named, then extra special tokens, each text once, as they were given."""
        unique: dict[str, str | AddedToken] = {}
        for token in [*self.special_tokens_map_extended.values(), *self._extra_special_tokens]:
            unique.setdefault(str(token), token)
        return list(unique.values())

    @property
    def all_special_tokens(self) -> list[str]:
        """Named, then extra special tokens, each once."""
        return [str(token) for token in self.all_special_tokens_extended]

    @property
    def all_special_ids(self) -> list[int]:
        """Ids of `all_special_tokens`."""
        return self.convert_tokens_to_ids(self.all_special_tokens)
