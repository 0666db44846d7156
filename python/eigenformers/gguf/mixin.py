"""`save_pretrained_gguf` and `push_to_hub_gguf` of models."""

from __future__ import annotations

import os
from typing import Any

from ..errors import UnsupportedError
from ..utils import logging

logger = logging.get_logger(__name__)


_UPLOAD = ("commit_message", "commit_description", "create_pr", "revision")
# Of Unsloth: about how it works, not about what it writes; files and memory need none of them here.
_FREE = ("temporary_location", "maximum_memory_usage", "save_function", "save_peft_format", "use_temp_dir", "datasets")
_PLAIN = {"is_main_process": True, "safe_serialization": True, "state_dict": None, "variant": None, "tags": None}


def _take_unsloths(where: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Removes Unsloth's arguments from `kwargs`; returns those for an upload. NotImplementedError for what has no place."""
    for name in _FREE:
        kwargs.pop(name, None)
    for name, plain in _PLAIN.items():
        value = kwargs.pop(name, plain)
        if value is not None and value != plain:
            raise UnsupportedError(f"{where}({name}={value!r:.80}) is not supported")
    upload = {name: kwargs.pop(name, None) for name in _UPLOAD}
    return {name: value for name, value in upload.items() if value is not None}


class GgufExportMixin:
    """Part of PreTrainedModel: Unsloth's way to GGUF files."""

    def save_pretrained_gguf(
        self,
        save_directory: str | os.PathLike,
        tokenizer: Any = None,
        quantization_method: str | list[str] | None = "fast_quantized",
        first_conversion: str | None = None,
        push_to_hub: bool = False,
        token: str | bool | None = None,
        private: bool | None = None,
        imatrix_file: Any = None,
        save_method: str | None = None,
        repo_id: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Write a GGUF file for each method, and an Ollama `Modelfile` where a template is known.

        Args:
            save_directory: folder; the files are called `<its name>.<METHOD>.gguf`.
            tokenizer: goes into the files; needed to run them.
            quantization_method: a key of `eigenformers.gguf.ALLOWED_QUANTS` (or several): `"q4_k_m"`, `"q8_0"`, …
            first_conversion: round the weights to `"f16"` or `"bf16"` first.
            imatrix_file: an importance matrix (`IMatrix` or a file), needed by the `iq1_*`, `iq2_*` and `iq3_xxs` ones.
            save_method: `"lora"` writes only the adapter, for `llama-cli --lora`.
            repo_id: where to upload, with `push_to_hub`; by default the folder's name.
            kwargs: what `eigenformers.gguf.save_to_gguf` takes; `commit_message`, `commit_description`, `create_pr` and
                `revision` of an upload; `temporary_location` and `maximum_memory_usage` change nothing.

        Returns:
            `{"save_directory", "gguf_files", "modelfile_location", "want_full_precision", "is_vlm"}`.
        """
        from .export import save_to_gguf
        from .methods import methods_named

        if save_method not in (None, "lora"):
            raise UnsupportedError(f"save_pretrained_gguf(save_method={save_method!r}), known is 'lora'")
        if imatrix_file is True:
            raise UnsupportedError(
                "imatrix_file=True (a ready-made matrix from the Hub): compute one with "
                "eigenformers.gguf.compute_imatrix(model, tokenizer, text) and pass it"
            )
        upload = _take_unsloths("save_pretrained_gguf", kwargs)
        kwargs.pop("max_shard_size", None)  # of the dense files that Unsloth writes first
        folder = os.fspath(save_directory)
        if os.path.isfile(folder):
            raise OSError(f"Provided path ({folder}) should be a directory, not a file")
        methods = methods_named(quantization_method, self.dtype)  # all names are checked before anything is written
        stem = os.path.basename(os.path.normpath(os.path.abspath(folder)))
        os.makedirs(folder, exist_ok=True)
        if save_method == "lora":
            from .lora import save_lora_to_gguf

            path = save_lora_to_gguf(self, os.path.join(folder, f"{stem}.lora.gguf"))
            return {"save_directory": folder, "gguf_files": [path], "modelfile_location": None,
                    "want_full_precision": False, "is_vlm": False}  # fmt: skip
        files = []
        for method in methods:
            path = os.path.join(folder, f"{stem}.{method.name}.gguf")
            save_to_gguf(
                self, path, tokenizer, method.name.lower(), first_conversion=first_conversion, imatrix=imatrix_file, **kwargs
            )
            files.append(path)
        modelfile = self._write_modelfile(folder, tokenizer, files[0])
        if push_to_hub:
            self._upload_gguf(folder, files + ([modelfile] if modelfile else []), repo_id or stem, token, private, upload)
        return {
            "save_directory": folder,
            "gguf_files": files,
            "modelfile_location": modelfile,
            "want_full_precision": [method.mix for method in methods] in (["F32"], ["F16"], ["BF16"]),
            "is_vlm": False,
        }

    def push_to_hub_gguf(
        self, repo_id: str, tokenizer: Any = None, quantization_method: str | list[str] | None = "fast_quantized", **kwargs: Any
    ) -> dict[str, Any]:
        """`save_pretrained_gguf` into a temporary folder, then an upload to `repo_id`."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            inside = os.path.join(folder, repo_id.rpartition("/")[2])
            kwargs.update(push_to_hub=True, repo_id=repo_id)
            return self.save_pretrained_gguf(inside, tokenizer, quantization_method, **kwargs)

    def _write_modelfile(self, folder: str, tokenizer: Any, gguf: str) -> str | None:
        from .ollama import create_ollama_modelfile

        if tokenizer is None:
            return None
        text = create_ollama_modelfile(tokenizer, str(self.name_or_path or ""), os.path.basename(gguf))
        if text is None:
            logger.info("No Ollama template is known for %s; no Modelfile is written", self.name_or_path or folder)
            return None
        path = os.path.join(folder, "Modelfile")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    @staticmethod
    def _upload_gguf(
        folder: str, files: list[str], repo_id: str, token: Any, private: bool | None, upload: dict[str, Any]
    ) -> None:
        from ..hub import hub_api

        api = hub_api(token)
        target = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        if len(files) == 1:
            api.upload_file(
                path_or_fileobj=files[0], path_in_repo=os.path.basename(files[0]), repo_id=target, **upload
            )
            return
        from huggingface_hub import CommitOperationAdd

        # One commit, so that create_pr makes one pull request.
        upload.setdefault("commit_message", f"Upload {len(files)} files")
        added = [CommitOperationAdd(os.path.basename(path), path) for path in files]
        api.create_commit(target, added, **upload)

    def save_pretrained_merged(
        self,
        save_directory: str | os.PathLike,
        tokenizer: Any = None,
        save_method: str = "merged_16bit",
        push_to_hub: bool = False,
        token: str | bool | None = None,
        max_shard_size: int | str = "5GB",
        **kwargs: Any,
    ) -> None:
        """Write the model with its adapters merged, so that any library loads it.

        Args:
            save_method: `"merged_16bit"`: dense weights, bfloat16 unless the model is float16; `"merged_4bit_forced"`: merged
                in float32 and quantized again, in bitsandbytes' layout with the base model's settings (nf4 with double
                quantization if it has none); `"lora"`: the adapter alone.
            max_shard_size: largest weight file.

        Raises:
            RuntimeError: `merged_4bit`, which loses accuracy twice; the message says what to do.
            NotImplementedError: other methods.
        """
        from .merged import save_merged

        upload = _take_unsloths("save_pretrained_merged", kwargs)
        repo_id, private = kwargs.pop("repo_id", None), kwargs.pop("private", None)
        if kwargs:
            raise TypeError(f"save_pretrained_merged() got an unexpected keyword argument {next(iter(kwargs))!r}")
        save_merged(self, os.fspath(save_directory), tokenizer, save_method, max_shard_size)
        if push_to_hub:
            self._upload_folder(os.fspath(save_directory), repo_id, token, private, upload)

    def push_to_hub_merged(
        self, repo_id: str, tokenizer: Any = None, save_method: str = "merged_16bit", **kwargs: Any
    ) -> None:
        """`save_pretrained_merged` into a temporary folder, then an upload to `repo_id`."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            inside = os.path.join(folder, repo_id.rpartition("/")[2])
            self.save_pretrained_merged(inside, tokenizer, save_method, push_to_hub=True, repo_id=repo_id, **kwargs)

    @staticmethod
    def _upload_folder(folder: str, repo_id: str | None, token: Any, private: bool | None, upload: dict[str, Any]) -> None:
        from ..hub import hub_api

        api = hub_api(token)
        target = api.create_repo(repo_id or os.path.basename(folder), private=private, exist_ok=True).repo_id
        api.upload_folder(folder_path=folder, repo_id=target, **upload)
