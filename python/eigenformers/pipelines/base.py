"""What all pipelines share: preprocess, forward, postprocess, over single inputs, lists, generators and datasets."""

from __future__ import annotations

import copy
import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._lazy import lazy_exports
from ..errors import UnsupportedError
from ..generation.configuration import GenerationConfig
from ..hub import PushToHubMixin
from ..utils import logging
from .chat import Chat, is_chat, is_valid_message
from .collate import no_collate_fn, pad_collate_fn
from .custom import save_custom
from .pt_utils import (
    BatchLoader,
    KeyDataset,
    LengthSortedIterator,
    PipelineChunkIterator,
    PipelineDataset,
    PipelineIterator,
    PipelinePackIterator,
)
from .registry import PipelineRegistry

_FORMATS = ("CsvPipelineDataFormat", "JsonPipelineDataFormat", "PipedPipelineDataFormat", "PipelineDataFormat")
__all__ = [  # noqa: PLE0604
    "ArgumentHandler",
    "ChunkPipeline",
    "KeyDataset",
    "Pipeline",
    "PipelineException",
    "PipelineRegistry",
    "no_collate_fn",
    "pad_collate_fn",
    *_FORMATS,
]

logger = logging.get_logger(__name__)
__getattr__, __dir__ = lazy_exports(__name__, dict.fromkeys(_FORMATS, "..data_formats"))

_SAMPLING_PARAMETERS = {
    "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff",
}  # fmt: skip


class PipelineException(Exception):
    """Raised by a pipeline's `__call__`, with the task and the model it happened in."""

    def __init__(self, task: str, model: str, reason: str):
        super().__init__(reason)
        self.task = task
        self.model = model


class ArgumentHandler(ABC):
    """Turns the arguments of a pipeline's `__call__` into its inputs."""

    @abstractmethod
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError()


def check_device(device: Any) -> None:
    """UnsupportedError for a device other than the CPU. Numbers pass: without a GPU they mean the CPU anyway."""
    name = getattr(device, "type", device)
    if device is None or isinstance(device, int) or str(name).split(":")[0] == "cpu":
        return
    raise UnsupportedError(
        f"device={str(device)!r}: found no such device, eigenformers computes on the CPU; "
        'leave `device` out or pass device="cpu"'
    )


class Pipeline(PushToHubMixin):
    """Base class of all pipelines.

    A subclass implements `_sanitize_parameters(**kwargs) -> (preprocess, forward, postprocess parameters)`,
    `preprocess(input) -> inputs of the model`, `_forward(inputs) -> outputs` and `postprocess(outputs) -> result`.
    Parameters given to the constructor are defaults for every call.

    Args:
        model, tokenizer, feature_extractor, image_processor, video_processor, processor: the parts.
        task: the name under which it was made.
        device: the CPU.
        batch_size, num_workers: how many inputs go through the model at once, and how many threads prepare them.
    """

    # Whether `pipeline()` loads the part: True must, None may, False doesn't.
    _load_processor: bool | None = None
    _load_image_processor: bool | None = None
    _load_video_processor: bool | None = None
    _load_feature_extractor: bool | None = None
    _load_tokenizer: bool | None = None

    _pipeline_calls_generate = False
    # Used where neither the model's configuration, nor the pipeline's, nor the call says anything.
    _default_generation_config: GenerationConfig | None = None
    # Names of generation parameters that mean something else to this pipeline.
    _non_generation_params: tuple[str, ...] = ()
    # Whether a batch may hold inputs of several lengths, padded; else only those of one length, which need no padding.
    _pads_batches = False

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        feature_extractor: Any = None,
        image_processor: Any = None,
        video_processor: Any = None,
        processor: Any = None,
        task: str = "",
        device: Any = None,
        binary_output: bool = False,
        **kwargs: Any,
    ):
        for unused in ("args_parser", "torch_dtype", "dtype"):
            kwargs.pop(unused, None)
        check_device(device)
        if binary_output:
            raise UnsupportedError("binary_output=True: found a request to return pickles; results are plain objects")
        self.task = task
        self.model = model
        self.tokenizer = tokenizer
        self.feature_extractor = feature_extractor
        self.image_processor = image_processor
        self.video_processor = video_processor
        self.processor = processor
        self.device = getattr(model, "device", "cpu")
        self.binary_output = binary_output
        self.prefix: str | None = None
        self.assistant_model = self.assistant_tokenizer = None
        self._generate_kwargs: dict[str, Any] = {}
        self._generation_defaults: dict[str, Any] = {}
        if self._pipeline_calls_generate and model.can_generate():
            self._prepare_generation(kwargs)

        self.call_count = 0
        self._batch_size = kwargs.pop("batch_size", None)
        self._num_workers = kwargs.pop("num_workers", None)
        self._preprocess_params, self._forward_params, self._postprocess_params = self._sanitize_parameters(**kwargs)

        if processor is not None and tokenizer is None and feature_extractor is None and image_processor is None:
            self.tokenizer = getattr(processor, "tokenizer", None)
            self.feature_extractor = getattr(processor, "feature_extractor", None)
            self.image_processor = getattr(processor, "image_processor", None)

    def _prepare_generation(self, kwargs: dict[str, Any]) -> None:
        """Takes the generation parameters out of `kwargs`, as defaults for every call."""
        self.assistant_model = _loaded_assistant(kwargs.pop("assistant_model", None))
        self.assistant_tokenizer = _loaded_tokenizer(
            kwargs.pop("assistant_tokenizer", None), self.assistant_model, self.tokenizer
        )
        self.prefix = getattr(self.model.config, "prefix", None)
        names = {name for name in vars(GenerationConfig()) if not name.startswith("_")}
        names = names - set(self._non_generation_params) | {"generation_config"}
        self._generate_kwargs = {name: kwargs.pop(name) for name in names & kwargs.keys()}
        if self._default_generation_config is not None:
            self._generation_defaults = self._default_generation_config.to_diff_dict()
            self._generation_defaults.pop("transformers_version", None)
        if self.tokenizer is not None and self.tokenizer.pad_token_id is not None:
            self._generation_defaults["pad_token_id"] = self.tokenizer.pad_token_id

    def __repr__(self) -> str:
        information = {
            "model": type(self.model).__name__,
            "dtype": str(self.dtype).split(".")[-1],
            "device": str(getattr(self.device, "type", self.device)),
            "input_modalities": getattr(self.model, "input_modalities", ("text",)),
        }
        if self.model.can_generate():
            information["output_modalities"] = getattr(self.model, "output_modalities", ("text",))
        return f"{type(self).__name__}: {information}"

    # What a subclass implements

    @abstractmethod
    def _sanitize_parameters(self, **pipeline_parameters: Any) -> tuple[dict, dict, dict]:
        """Sorts keyword arguments into those of preprocess, forward and postprocess."""
        raise NotImplementedError("_sanitize_parameters not implemented")

    @abstractmethod
    def preprocess(self, input_: Any, **preprocess_parameters: Any) -> Any:
        """One raw input → the dict that `_forward` takes."""
        raise NotImplementedError("preprocess not implemented")

    @abstractmethod
    def _forward(self, input_tensors: Any, **forward_parameters: Any) -> Any:
        """Runs the model. Call `forward` instead, which keeps the settings of inference."""
        raise NotImplementedError("_forward not implemented")

    @abstractmethod
    def postprocess(self, model_outputs: Any, **postprocess_parameters: Any) -> Any:
        """The model's outputs for one input → the result."""
        raise NotImplementedError("postprocess not implemented")

    # Calling

    def __call__(
        self, inputs: Any, *args: Any, num_workers: int | None = None, batch_size: int | None = None, **kwargs: Any
    ) -> Any:
        """One result for one input, a list for a list, and a lazy iterator for a generator or dataset."""
        if args:
            logger.warning(f"Ignoring args : {args}")
        inputs = _with_chats(inputs)
        num_workers = num_workers if num_workers is not None else (self._num_workers or 0)
        batch_size = batch_size if batch_size is not None else (self._batch_size or 1)
        for name, value in (("batch_size", batch_size), ("num_workers", num_workers)):
            if not isinstance(value, int):
                raise TypeError(f"{name}: found {value!r}, needed a whole number")
        preprocess, forward, postprocess = self._sanitize_parameters(**kwargs)
        parameters = (
            {**self._preprocess_params, **preprocess},
            {**self._forward_params, **forward},
            {**self._postprocess_params, **postprocess},
        )
        self.call_count += 1
        if isinstance(inputs, (list, tuple)):
            return list(self.get_iterator(inputs, num_workers, batch_size, *parameters))
        if isinstance(inputs, Iterator) or _is_dataset(inputs):
            return self.get_iterator(inputs, num_workers, batch_size, *parameters)
        return self.run_single(inputs, *parameters)

    def predict(self, X: Any) -> Any:
        """The same as calling the pipeline, under scikit-learn's name."""
        return self(X)

    def transform(self, X: Any) -> Any:
        """The same as calling the pipeline, under scikit-learn's name."""
        return self(X)

    def run_single(self, inputs: Any, preprocess_params: dict, forward_params: dict, postprocess_params: dict) -> Any:
        """The three steps for one input."""
        model_inputs = self.preprocess(inputs, **preprocess_params)
        model_outputs = self.forward(model_inputs, **forward_params)
        return self.postprocess(model_outputs, **postprocess_params)

    def forward(self, model_inputs: Any, **forward_params: Any) -> Any:
        """`_forward` without gradients."""
        with self.device_placement(), self.get_inference_context()():
            return self._forward(self._ensure_tensor_on_device(model_inputs, self.device), **forward_params)

    def run_model(self, model_inputs: Any) -> Any:
        """The model's outputs for a dict of inputs, without a cache of keys and values that nobody would read."""
        if "use_cache" in inspect.signature(self.model.forward).parameters:
            model_inputs = {**model_inputs, "use_cache": False}
        return self.model(**model_inputs)

    def get_inference_context(self) -> Any:
        """The context manager in which the model runs."""
        import eigenformers

        return eigenformers.no_grad

    def get_iterator(
        self,
        inputs: Any,
        num_workers: int,
        batch_size: int,
        preprocess_params: dict,
        forward_params: dict,
        postprocess_params: dict,
    ) -> PipelineIterator:
        """The three steps as lazy iterators over many inputs."""
        items = BatchLoader(self._preprocessed(inputs, preprocess_params), 1, no_collate_fn, num_workers)
        if batch_size != 1:
            features = self.feature_extractor if self.feature_extractor is not None else self.image_processor
            return LengthSortedIterator(
                items, batch_size, pad_collate_fn(self.tokenizer, features), self.forward, forward_params,
                self.postprocess, postprocess_params, chunks=self._in_chunks, pads=self._pads_batches,
            )  # fmt: skip
        answers = PipelinePackIterator if self._in_chunks else PipelineIterator
        return PipelineIterator(answers(items, self.forward, forward_params), self.postprocess, postprocess_params)

    _in_chunks = False  # whether `preprocess` yields an input's pieces

    def _preprocessed(self, inputs: Any, preprocess_params: dict) -> Any:
        if hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"):
            return PipelineDataset(inputs, self.preprocess, preprocess_params)
        return PipelineIterator(inputs, self.preprocess, preprocess_params)

    # Generation parameters

    def _prepare_generate_kwargs(self, generate_kwargs: dict, **overrides: Any) -> dict:
        """The arguments of `generate`: the call's, then the pipeline's, then the defaults nobody overruled."""
        if "generation_config" not in generate_kwargs:
            generate_kwargs = {**self._generate_kwargs, **generate_kwargs}
        given = self._get_set_generation_params(generate_kwargs)
        defaults = {
            name: value
            for name, value in self._generation_defaults.items()
            if name not in given and not (name == "max_new_tokens" and "max_length" in given)
        }
        if not {**given, **defaults}.get("do_sample"):
            defaults = {name: value for name, value in defaults.items() if name not in _SAMPLING_PARAMETERS}
        defaults.update(overrides)
        if self.assistant_model is not None:
            defaults["assistant_model"] = self.assistant_model
            if self.assistant_tokenizer is not None:
                defaults.update(tokenizer=self.tokenizer, assistant_tokenizer=self.assistant_tokenizer)
        config = generate_kwargs.get("generation_config")
        if config is None:
            return {**generate_kwargs, **defaults}
        config = copy.deepcopy(config)
        others = config.update(**defaults)
        return {**generate_kwargs, **others, "generation_config": config}

    def _get_set_generation_params(self, generate_kwargs: dict) -> dict[str, Any]:
        """Every generation parameter that the model, a configuration or the call sets."""
        params = self.model.generation_config.to_diff_dict()
        config = generate_kwargs.get("generation_config")
        if config is not None:
            params.update(config.to_diff_dict())
        return {**params, **generate_kwargs}

    # The rest

    @property
    def dtype(self) -> Any:
        """The dtype of the model's weights."""
        return getattr(self.model, "dtype", None)

    @property
    def torch_dtype(self) -> Any:
        """The old name of `dtype`."""
        logger.warning_once("`torch_dtype` attribute is deprecated. Use `dtype` instead!")
        return self.dtype

    @contextmanager
    def device_placement(self) -> Iterator[None]:
        """A context in which tensors are made on the pipeline's device: always the CPU."""
        yield

    def ensure_tensor_on_device(self, **inputs: Any) -> dict[str, Any]:
        """The inputs as they are: everything is on the CPU."""
        return self._ensure_tensor_on_device(inputs, self.device)

    def _ensure_tensor_on_device(self, inputs: Any, device: Any) -> Any:
        return inputs

    @staticmethod
    def models_of(*auto_classes: str) -> list[str]:
        """The names of all models that these auto classes load, registered ones included: for `check_model_type`."""
        import eigenformers

        from ..models.registry import FAMILIES

        names = [family[auto] for family in FAMILIES.values() for auto in auto_classes if auto in family]
        for auto_class in auto_classes:
            mapping = getattr(getattr(eigenformers, auto_class), "_model_mapping", None)
            names += [cls.__name__ for cls in getattr(mapping, "_extra", {}).values()]
        return [*names, *(f"PeftModel{auto_class[len('AutoModel') :]}" for auto_class in auto_classes)]

    def check_model_type(self, supported_models: list[str] | dict) -> None:
        """Logs an error if the model's class is none of `supported_models` (names, or a mapping to names)."""
        names: list[str] = []
        for value in supported_models if isinstance(supported_models, list) else supported_models.values():
            names.extend(value if isinstance(value, (list, tuple)) else [value])
        names = [name if isinstance(name, str) else name.__name__ for name in names]
        known = {base.__name__ for base in type(self.model).__mro__}
        if known.isdisjoint(names):
            logger.error(
                f"The model '{type(self.model).__name__}' is not supported for {self.task}. "
                f"Supported models are {names}."
            )

    def save_pretrained(self, save_directory: str | os.PathLike, **kwargs: Any) -> None:
        """Saves the model and its tokenizer or processors into a directory, and the module of a pipeline of one's own."""
        if os.path.isfile(save_directory):
            logger.error(f"Provided path ({save_directory}) should be a directory, not a file")
            return
        os.makedirs(save_directory, exist_ok=True)
        save_custom(self, save_directory)
        self.model.save_pretrained(save_directory, **kwargs)
        for part in (self.tokenizer, self.feature_extractor, self.image_processor):
            if part is not None:
                part.save_pretrained(save_directory, **kwargs)


class ChunkPipeline(Pipeline):
    """A pipeline whose `preprocess` yields several model inputs for one input, each with a key `is_last`.

    `postprocess` gets the list of their outputs.
    """

    def run_single(self, inputs: Any, preprocess_params: dict, forward_params: dict, postprocess_params: dict) -> Any:
        pieces = [self.forward(piece, **forward_params) for piece in self.preprocess(inputs, **preprocess_params)]
        return self.postprocess(pieces, **postprocess_params)

    _in_chunks = True

    def _preprocessed(self, inputs: Any, preprocess_params: dict) -> Any:
        return PipelineChunkIterator(_iterable(inputs), self.preprocess, preprocess_params)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        single = not isinstance(inputs, (list, tuple, Iterator)) and not _is_dataset(inputs)
        # One input goes the way of many, so that its pieces are batched.
        return super().__call__([inputs], *args, **kwargs)[0] if single else super().__call__(inputs, *args, **kwargs)


def _loaded_assistant(assistant: Any) -> Any:
    """The assistant model, loaded where a name is given."""
    if not isinstance(assistant, (str, os.PathLike)):
        return assistant
    import eigenformers

    return eigenformers.AutoModelForCausalLM.from_pretrained(assistant)


def _loaded_tokenizer(tokenizer: Any, assistant: Any, own: Any) -> Any:
    """The assistant's tokenizer, where its vocabulary is another one than `own`."""
    if assistant is None:
        return None
    source = tokenizer if tokenizer is not None else getattr(assistant.config, "name_or_path", None)
    if isinstance(source, (str, os.PathLike)) and source:
        import eigenformers

        try:
            tokenizer = eigenformers.AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError):
            if tokenizer is not None:
                raise
            return None
    same = tokenizer is None or own is None or tokenizer.get_vocab() == own.get_vocab()
    return None if same else tokenizer


def _is_dataset(inputs: Any) -> bool:
    """Anything with a length and items, or that can be iterated, and is neither text, mapping, array nor chat."""
    if isinstance(inputs, (str, bytes, Mapping, Chat)) or hasattr(inputs, "__array__"):
        return False
    return hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__")


def _iterable(inputs: Any) -> Any:
    """A way to iterate datasets that only have `__len__` and `__getitem__`."""
    if hasattr(inputs, "__iter__"):
        return inputs
    return (inputs[i] for i in range(len(inputs)))


def _with_chats(inputs: Any) -> Any:
    """Finds conversations in the inputs and marks each as one `Chat`."""
    if isinstance(inputs, Iterator) and not isinstance(inputs, (list, tuple)):
        nothing = object()
        first = next(inputs, nothing)
        if first is nothing:
            return []
        if is_valid_message(first):
            return Chat([first, *inputs])
        if is_chat(first):
            return (Chat(chat) for chat in _chained(first, inputs))
        return _chained(first, inputs)
    if isinstance(inputs, (list, tuple, KeyDataset)) and len(inputs) > 0:
        if is_valid_message(inputs[0]):
            return Chat(inputs)
        if isinstance(inputs[0], (list, tuple)) and all(is_chat(inputs[i]) for i in range(len(inputs))):
            return [Chat(inputs[i]) for i in range(len(inputs))]
    return inputs


def _chained(first: Any, rest: Iterator) -> Iterator:
    yield first
    yield from rest
