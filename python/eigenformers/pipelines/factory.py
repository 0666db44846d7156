"""`pipeline()`: finds the task's class, loads the model and what goes with it, and puts them together."""

from __future__ import annotations

import json
import os
from typing import Any

from ..errors import UnsupportedError
from ..hub import HUB_ARGUMENTS, hub_api, is_offline_mode
from ..utils import logging
from . import PIPELINE_REGISTRY, check_task
from .base import Pipeline, check_device
from .custom import check_custom
from .registry import resolve_class

logger = logging.get_logger(__name__)

# What a checkpoint's class name ends with → the task it is for, where the Hub cannot be asked.
_TASK_OF_HEAD = {
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForMaskedLM": "fill-mask",
    "ForQuestionAnswering": "question-answering",
    "ForConditionalGeneration": "text2text-generation",
    "MTModel": "translation",  # Marian's
    "ForImageClassification": "image-classification",
    "ForCTC": "automatic-speech-recognition",
}


def pipeline(
    task: str | None = None,
    model: Any = None,
    config: Any = None,
    tokenizer: Any = None,
    feature_extractor: Any = None,
    image_processor: Any = None,
    video_processor: Any = None,
    processor: Any = None,
    revision: str | None = None,
    use_fast: bool = True,
    token: str | bool | None = None,
    device: Any = None,
    device_map: Any = None,
    dtype: Any = "auto",
    trust_remote_code: bool | None = None,
    model_kwargs: dict[str, Any] | None = None,
    pipeline_class: type | None = None,
    **kwargs: Any,
) -> Pipeline:
    """Makes a pipeline.

    Args:
        task: as "text-generation"; see `get_supported_tasks()`. Without it the model decides.
        model: a folder, a `.gguf` file, a Hub id, or a model object. Without it the task's default is taken.
        config: a configuration or where to load it from, if it is not the model's own.
        tokenizer: an object, a name, or `(name, keyword arguments)`; by default loaded from where the model is.
        feature_extractor, image_processor, video_processor, processor: the same for other inputs.
        revision, token: of the Hub repository.
        use_fast: kept for old scripts; there is one implementation.
        device, device_map: the CPU ("cpu", -1, "auto").
        dtype: of the weights; "auto" keeps what the file holds.
        trust_remote_code: code from a repository is never run; raises where it would be needed.
        model_kwargs: further arguments for the model's `from_pretrained`, as `gguf_file`.
        pipeline_class: a class of your own in place of the task's.
        kwargs: defaults for every call of the pipeline, as `max_new_tokens=50` or `batch_size=4`.

    >>> from eigenformers import pipeline
    >>> generator = pipeline("text-generation", model="model.gguf")  # doctest: +SKIP
    """
    model_kwargs = dict(model_kwargs or {})
    _swallow_old_arguments(kwargs)
    if task is None and model is None:
        raise RuntimeError(
            "Impossible to instantiate a pipeline without either a task or a model being specified. Please provide a "
            "task class or a model"
        )
    for name, part in (("tokenizer", tokenizer), ("feature_extractor", feature_extractor)):
        if model is None and part is not None:
            raise RuntimeError(
                f"Impossible to instantiate a pipeline with {name} specified but not the model as the provided {name} "
                "may not be compatible with the default model. Please provide a PreTrainedModel class or a "
                f"path/identifier to a pretrained model when providing {name}."
            )
    if task is not None and not isinstance(task, str):
        raise TypeError(f"pipeline: found a task of type {type(task).__name__}, needed its name, e.g. 'fill-mask'")
    check_device(device)
    _take_dtype(dtype, model_kwargs, kwargs)
    _take_device_map(device_map, model_kwargs)
    hub_kwargs = {"revision": revision, "token": token, "local_files_only": kwargs.pop("local_files_only", None)}
    hub_kwargs = {name: value for name, value in hub_kwargs.items() if value is not None}
    if trust_remote_code:
        hub_kwargs["trust_remote_code"] = trust_remote_code

    if isinstance(model, os.PathLike):
        model = os.fspath(model)
    if task is None:
        task = _infer_task(model, token, model_kwargs)
    if pipeline_class is None:
        check_custom(task, _json_config(model), PIPELINE_REGISTRY.get_supported_tasks())
    if pipeline_class is not None and task not in PIPELINE_REGISTRY.get_supported_tasks():
        entry, languages = {"pt": ()}, None
    else:
        _, entry, languages = check_task(task)
    if model is None:
        model, default_revision = _default_model(task, entry, languages)
        if default_revision is not None:
            hub_kwargs.setdefault("revision", default_revision)
    if isinstance(model, str):
        model = _split_gguf(model, model_kwargs)

    package = __name__.rpartition(".")[0]
    pipeline_class = pipeline_class or resolve_class(entry["impl"], package)
    where = model if isinstance(model, str) else None
    if where is not None:
        config = _load_config(config, where, hub_kwargs, model_kwargs)
        model = _load_model(where, config, entry["pt"], hub_kwargs, model_kwargs)
    sources = (where, config if isinstance(config, str) else None)
    shared = {name: value for name, value in model_kwargs.items() if name in (*HUB_ARGUMENTS, "gguf_file")}
    parts = {
        "tokenizer": (tokenizer, "AutoTokenizer", {"use_fast": use_fast, **shared}),
        "feature_extractor": (feature_extractor, "AutoFeatureExtractor", shared),
        "image_processor": (image_processor, "AutoImageProcessor", shared),
        "video_processor": (video_processor, "AutoVideoProcessor", shared),
        "processor": (processor, "AutoProcessor", shared),
    }
    for name, (part, auto_class, arguments) in parts.items():
        wanted = getattr(pipeline_class, f"_load_{name}")
        loaded = _load_part(name, part, wanted, auto_class, sources, {**hub_kwargs, **arguments})
        if loaded is not None:
            kwargs[name] = loaded
    if device is not None:
        kwargs["device"] = device
    return pipeline_class(model=model, task=task, **kwargs)


def get_task(model: str, token: str | None = None, **deprecated_kwargs: Any) -> str:
    """The `pipeline_tag` of a Hub repository. RuntimeError when offline, or when it has none."""
    if is_offline_mode():
        raise RuntimeError("You cannot infer task automatically within `pipeline` when using offline mode")
    try:
        info = hub_api(token).model_info(model, token=token)
    except Exception as error:
        raise RuntimeError(f"Instantiating a pipeline without a task set raised an error: {error}") from error
    if not info.pipeline_tag:
        raise RuntimeError(
            f"The model {model} does not seem to have a correct `pipeline_tag` set to infer the task automatically"
        )
    library = getattr(info, "library_name", None) or "transformers"
    if library not in ("transformers", "timm", "eigenformers", "gguf"):
        raise RuntimeError(f"This model is meant to be used with {library} not with transformers")
    return info.pipeline_tag


def _swallow_old_arguments(kwargs: dict[str, Any]) -> None:
    """Arguments of earlier releases that mean nothing any more."""
    framework = kwargs.pop("framework", None)
    if framework not in (None, "pt"):
        raise UnsupportedError(f"pipeline(framework={framework!r}): there is no other framework to choose here")
    if framework is not None:
        logger.warning_once("`framework` has no meaning any more and is ignored.")
    for name in ("code_revision", "_commit_hash"):
        kwargs.pop(name, None)


def _take_dtype(dtype: Any, model_kwargs: dict[str, Any], kwargs: dict[str, Any]) -> None:
    """Puts the one dtype that was given, under whichever name, into `model_kwargs`."""
    old = kwargs.pop("torch_dtype", None)
    if old is not None or "torch_dtype" in model_kwargs:
        logger.warning_once("`torch_dtype` is deprecated! Use `dtype` instead!")
    if old is not None and dtype == "auto":
        dtype = old
    nested = model_kwargs.pop("torch_dtype", None)
    if nested is not None:
        model_kwargs.setdefault("dtype", nested)
    if dtype is None or (isinstance(dtype, str) and dtype == "auto"):
        return
    if "dtype" in model_kwargs:
        raise ValueError(
            'You cannot use both `pipeline(... dtype=..., model_kwargs={"dtype":...})` as those arguments might '
            "conflict, use only one.)"
        )
    model_kwargs["dtype"] = dtype


def _take_device_map(device_map: Any, model_kwargs: dict[str, Any]) -> None:
    if device_map is None:
        return
    if "device_map" in model_kwargs:
        raise ValueError(
            'You cannot use both `pipeline(... device_map=..., model_kwargs={"device_map":...})` as those arguments '
            "might conflict, use only one.)"
        )
    model_kwargs["device_map"] = device_map


def _split_gguf(model: str, model_kwargs: dict[str, Any]) -> str:
    """The folder of a `.gguf` file; its name goes into `model_kwargs`."""
    if not model.lower().endswith(".gguf"):
        return model
    if not os.path.isfile(model):
        raise OSError(f"{model}: found no such file, needed a GGUF file; check the path")
    folder, name = os.path.split(os.path.abspath(model))
    model_kwargs.setdefault("gguf_file", name)
    return folder


def _default_model(task: str, entry: dict[str, Any], languages: Any) -> tuple[str, str | None]:
    default = entry.get("default", {})
    default = default.get("model") or default.get(languages, {}).get("model")
    if isinstance(default, dict):  # {"pt": …}, as registered for earlier releases
        default = default.get("pt")
    if default is None:
        raise ValueError(f"pipeline({task!r}): this task has no default model; pass model=")
    if default == "embedded":
        from ..default_model import NAME, default_model_path

        path = default_model_path()
        logger.info(f"No model was supplied, defaulted to {NAME}, {path}")
        return path, None
    name, revision = default if isinstance(default, (tuple, list)) else (default, None)
    logger.warning(
        f"No model was supplied, defaulted to {name} and revision {revision}.\nUsing a pipeline without specifying a "
        "model name and revision in production is not recommended."
    )
    return name, revision


def _json_config(model: Any) -> dict[str, Any]:
    """The config.json of a folder, as it is; empty for anything else, or a file that is none."""
    if not isinstance(model, str) or not os.path.isdir(model):
        return {}
    try:
        with open(os.path.join(model, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _infer_task(model: Any, token: Any, model_kwargs: dict[str, Any]) -> str:
    """The task of a model that came without one: by its class, its config.json, or its page on the Hub."""
    if not isinstance(model, str):
        names = [type(model).__name__]
    elif model.lower().endswith(".gguf") or "gguf_file" in model_kwargs:
        return "text-generation"
    elif os.path.isdir(model):
        config = _json_config(model)
        names = config.get("architectures") or []
        custom = config.get("custom_pipelines")
        if isinstance(custom, dict) and len(custom) > 1:
            raise RuntimeError(
                "We can't infer the task automatically for this model as there are multiple tasks available. Pick one in "
                f"{', '.join(custom)}"
            )
        if isinstance(custom, dict) and custom:
            return next(iter(custom))
    else:
        return get_task(model, token)
    for name in names:
        for head, task in _TASK_OF_HEAD.items():
            if str(name).endswith(head):
                return task
    if isinstance(model, str):
        raise RuntimeError(f"Inferring the task automatically: {model} names no architecture that tells it; pass task=")
    raise RuntimeError(
        "Inferring the task automatically requires to check the hub with a model_id defined as a `str`. "
        f"{model} is not a valid model_id."
    )


def _load_config(config: Any, where: str, hub_kwargs: dict[str, Any], model_kwargs: dict[str, Any]) -> Any:
    import eigenformers

    if config is not None and not isinstance(config, str):
        return config
    arguments = {name: value for name, value in model_kwargs.items() if name in (*HUB_ARGUMENTS, "gguf_file")}
    return eigenformers.AutoConfig.from_pretrained(config or where, **{**hub_kwargs, **arguments})


def _load_model(
    where: str, config: Any, auto_classes: tuple, hub_kwargs: dict[str, Any], model_kwargs: dict[str, Any]
) -> Any:
    """The first of the task's auto classes that takes the checkpoint; else the class that the checkpoint names."""
    import eigenformers

    classes = [resolve_class(auto_class, __package__) for auto_class in auto_classes]
    if not classes:
        names = getattr(config, "architectures", None) or []
        classes = [getattr(eigenformers, name) for name in names if hasattr(eigenformers, name)]
    if not classes:
        raise ValueError(f"Pipeline cannot infer suitable model classes from {where}")
    arguments = {**hub_kwargs, **model_kwargs}
    errors: list[Exception] = []
    for model_class in classes:
        try:
            return model_class.from_pretrained(where, config=config, **arguments)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            errors.append(error)
    if len(errors) == 1:  # nothing to choose from: the error itself says most
        raise errors[0]
    reasons = "\n".join(f"{cls.__name__}: {error}" for cls, error in zip(classes, errors))
    raise ValueError(
        f"Could not load model {where} with any of the following classes: {tuple(classes)}. See the original errors:"
        f"\n\n{reasons}\n"
    ) from errors[0]


def _load_part(
    name: str, part: Any, wanted: bool | None, auto_class: str, sources: tuple, arguments: dict[str, Any]
) -> Any:
    """The tokenizer or a processor: as given, or loaded. `wanted` True must, None may fail, False isn't loaded."""
    if wanted is False or (part is not None and not isinstance(part, (str, tuple))):
        return part
    import eigenformers

    try:
        if isinstance(part, tuple):
            part, own = part
            hub_only = {key: value for key, value in arguments.items() if key not in ("gguf_file", "use_fast")}
            arguments = {**hub_only, **own}
        elif isinstance(part, str):
            arguments = {key: value for key, value in arguments.items() if key != "gguf_file"}
        source = part or next((source for source in sources if source), None)
        if source is None:
            article = "tokenizer" if name == "tokenizer" else name.replace("_", " ")
            raise ValueError(
                f"Impossible to guess which {article} to use. Please provide a {article} object or a path/identifier "
                f"to a pretrained {article}."
            )
        if source.lower().endswith(".gguf"):
            arguments = dict(arguments)
            source = _split_gguf(source, arguments)
        return getattr(eigenformers, auto_class).from_pretrained(source, **arguments)
    except Exception:
        if wanted:
            raise
        return None
