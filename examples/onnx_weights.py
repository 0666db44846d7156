"""The weights of an exported ONNX graph as a checkpoint folder that `from_pretrained` and pipelines read.

    python examples/onnx_weights.py model.onnx tokenizer.json OUT --type bert --head SequenceClassification --heads 2
    python examples/onnx_weights.py model.onnx tokenizer.json OUT --type bert --head TokenClassification --heads 12 \\
        --labels O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-MISC I-MISC

Exporters keep the names of biases, norms and embeddings; the matrices of linear layers are anonymous and stored [in, out]: they
take the name of the node that multiplies by them. Integers are turned back by their scale and zero point. Needs the
package `onnx`; nothing of the graph is executed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

import eigenformers as ef
import numpy as np


def constants(graph: Any) -> dict[str, np.ndarray]:
    """All constants of a graph by name, integers with a scale turned back into numbers."""
    import onnx

    values = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            values[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    for name in [name for name in values if name.endswith("_quantized")]:
        stem = name.removesuffix("_quantized")
        zero = values[f"{stem}_zero_point"].astype(np.float32)
        values[stem] = (values[name].astype(np.float32) - zero) * values[f"{stem}_scale"]
    return values


def weights(path: Path) -> dict[str, np.ndarray]:
    """Tensors under the names that the model's modules have."""
    import onnx

    graph = onnx.load(str(path)).graph
    values = constants(graph)
    found = {name: value for name, value in values.items() if re.fullmatch(r"[a-z]\w*(\.\w+)+", name)}
    found = {name: value for name, value in found.items() if name.rpartition(".")[2] in ("weight", "bias")}
    for node in graph.node:
        if node.op_type not in ("MatMul", "MatMulInteger"):
            continue
        matrix = values.get(node.input[1].removesuffix("_quantized"))
        layer = re.sub(r"/MatMul(_quant)?$", "", node.name).strip("/").replace("/", ".")
        if matrix is not None and matrix.ndim == 2 and f"{layer}.weight" not in found:
            found[f"{layer}.weight"] = matrix.T
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in found.items()}


def configuration(args: argparse.Namespace, state: dict[str, np.ndarray]) -> Any:
    """Sizes as the tensors show them; the number of heads is not among them."""
    words = next(value for name, value in state.items() if name.endswith("word_embeddings.weight"))
    layers = {int(name.split(".layer.")[1].split(".")[0]) for name in state if ".layer." in name}
    up = next(value for name, value in state.items() if name.endswith("intermediate.dense.bias"))
    sizes = {"vocab_size": len(words), "hidden_size": words.shape[1], "num_hidden_layers": len(layers),
             "intermediate_size": len(up), "num_attention_heads": args.heads}  # fmt: skip
    for table, key in (("position_embeddings", "max_position_embeddings"), ("token_type_embeddings", "type_vocab_size")):
        for name in [name for name in state if name.endswith(f"{table}.weight")]:
            sizes[key] = len(state[name])
    if args.labels:
        sizes["id2label"] = dict(enumerate(args.labels))
        sizes["label2id"] = {label: i for i, label in enumerate(args.labels)}
    elif "classifier.bias" in state:
        sizes["num_labels"] = len(state["classifier.bias"])
    return ef.AutoConfig.for_model(args.type, **sizes, **json.loads(args.config))


def main() -> None:
    """Convert, and say what was missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("onnx", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--type", required=True, help="model_type")
    parser.add_argument("--head", required=True, help="SequenceClassification, TokenClassification, …")
    parser.add_argument("--heads", type=int, required=True, help="attention heads")
    parser.add_argument("--labels", nargs="+")
    parser.add_argument("--config", default="{}", help="more of config.json, as JSON")
    args = parser.parse_args()
    state = weights(args.onnx)
    auto_class = getattr(ef, f"AutoModelFor{args.head}")
    model, info = auto_class.from_pretrained(
        None, config=configuration(args, state), state_dict={name: ef.from_numpy(value) for name, value in state.items()},
        output_loading_info=True,
    )  # fmt: skip
    print({name: sorted(keys) for name, keys in info.items() if keys})
    model.save_pretrained(args.out)
    shutil.copy(args.tokenizer, args.out / "tokenizer.json")
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]",
                "sep_token": "[SEP]", "mask_token": "[MASK]", "model_max_length": 512}  # fmt: skip
    (args.out / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


if __name__ == "__main__":
    main()
