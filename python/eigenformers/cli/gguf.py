"""`eigenformers export`, `quantize` and `inspect`: GGUF files on the command line."""

from __future__ import annotations

import argparse
from typing import Any


def add_parsers(commands: Any) -> None:
    export = commands.add_parser("export", help="write a model as a GGUF file for llama.cpp and Ollama")
    export.add_argument("model", help="folder, Hub name or GGUF file")
    export.add_argument("output", help="folder for the files and the Modelfile")
    export.add_argument(
        "--method", "-m", action="append", metavar="NAME", help="q4_k_m, q8_0, f16, …; may be repeated (default: q8_0)"
    )
    _shared(export)
    export.set_defaults(run=_export)

    quantize = commands.add_parser("quantize", help="write a GGUF file in another type")
    quantize.add_argument("source", help="GGUF file of F32, F16 or BF16 tensors")
    quantize.add_argument("target", help="the file to write")
    quantize.add_argument("method", help="q4_k_m, q8_0, iq4_xs, …")
    _shared(quantize)
    quantize.add_argument("--allow-requantize", action="store_true", help="take tensors that are quantized already")
    quantize.set_defaults(run=_quantize)

    inspect = commands.add_parser("inspect", help="print what a GGUF file holds")
    inspect.add_argument("file")
    inspect.add_argument("--tensors", action="store_true", help="list every tensor")
    inspect.set_defaults(run=_inspect)


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--imatrix", metavar="FILE", help="importance matrix, GGUF or .dat")
    parser.add_argument("--tensor-type", action="append", default=[], metavar="REGEX=TYPE", help="may be repeated")
    parser.add_argument("--output-tensor-type", metavar="TYPE")
    parser.add_argument("--token-embedding-type", metavar="TYPE")
    parser.add_argument("--pure", action="store_true", help="one type for all matrices")


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    types = {}
    for given in arguments.tensor_type:
        pattern, equals, name = given.rpartition("=")
        if not equals or not pattern or not name:
            raise ValueError(f"--tensor-type: found {given!r}, needed REGEX=TYPE")
        types[pattern] = name
    return {
        "tensor_types": types or None,
        "output_tensor_type": arguments.output_tensor_type,
        "token_embedding_type": arguments.token_embedding_type,
        "pure": arguments.pure,
    }


def _export(arguments: argparse.Namespace) -> int:
    from .. import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(arguments.model)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    result = model.save_pretrained_gguf(
        arguments.output, tokenizer, arguments.method or ["q8_0"], imatrix_file=arguments.imatrix, **_options(arguments)
    )
    for path in [*result["gguf_files"], result["modelfile_location"]]:
        if path:
            print(path)
    return 0


def _quantize(arguments: argparse.Namespace) -> int:
    from ..gguf import quantize_file

    options = _options(arguments)
    print(
        quantize_file(
            arguments.source,
            arguments.target,
            arguments.method,
            imatrix=arguments.imatrix,
            allow_requantize=arguments.allow_requantize,
            **options,
        )
    )
    return 0


def _inspect(arguments: argparse.Namespace) -> int:
    from .._core import GgufFile

    file = GgufFile(arguments.file)
    print(f"{file.path}: GGUF version {file.version}, {len(file.tensors)} tensors")
    for key in file.keys():
        length = file.array_length(key)
        value = f"[{length} entries]" if length is not None else repr(file.get(key))
        print(f"  {key} = {value if len(value) <= 100 else value[:97] + '...'}")
    sizes: dict[str, list[int]] = {}
    for name, shape, kind, size in file.tensors:
        count = sizes.setdefault(kind, [0, 0])
        count[0], count[1] = count[0] + 1, count[1] + size
        if arguments.tensors:
            print(f"  {name}  {kind}  {list(shape)}  {size}")
    for kind, (count, size) in sorted(sizes.items(), key=lambda item: -item[1][1]):
        print(f"  {count} tensors {kind}, {size / 1e6:.1f} MB")
    return 0
