"""Every mix of llama.cpp beside `llama_model_quantize`: the size of the file, and whether all tensors have the same bytes.

    python bench/gguf_mixes.py --model smollm2.gguf --peer llama-venv/bin/python --calibration wiki.valid

The F16 file of the model is quantized by both, without an importance matrix (where the mix can do without) and with one
that `compute_imatrix` measured on --calibration; both get the same numbers. Of each tensor type and bytes are compared;
what a file says of its importance matrix is not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

_PEER = """
import ctypes, json, struct, sys
import llama_cpp
source, target, file_type, threads, weights = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
params = llama_cpp.llama_model_quantize_default_params()
params.ftype, params.nthread = file_type, threads
if weights:
    with open(weights) as file:
        given = json.load(file)
    entries = (llama_cpp.llama_model_imatrix_data * (len(given) + 1))()
    kept = []
    for entry, (name, values) in zip(entries, given.items()):
        kept.append((ctypes.c_float * len(values))(*values))
        entry.name, entry.data, entry.size = name.encode(), kept[-1], len(values)
    params.imatrix = entries
print(json.dumps(llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params))))
"""


def tensors(path):
    """name -> (type, digest of its bytes)."""
    from eigenformers import _core

    file = _core.GgufFile(path)
    found = {}
    for name, _, kind, _ in file.tensors:
        data = file[name].tensor().contiguous().view(_core.uint8).numpy()
        found[name] = kind, hashlib.sha256(data.tobytes()).hexdigest()
    return found


def compare(options, source, folder, name, file_type, weights, matrix):
    """One line of the table; the megabytes of our file's tensors."""
    from eigenformers import gguf

    ours, peer = os.path.join(folder, "ours.gguf"), os.path.join(folder, "peer.gguf")
    for path in (ours, peer):
        if os.path.exists(path):
            os.remove(path)
    command = [options.peer, "-c", _PEER, source, peer, str(file_type), str(options.threads), weights]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    refused = out.returncode != 0 or json.loads(out.stdout.splitlines()[-1]) != 0
    try:
        gguf.quantize_file(source, ours, name, imatrix=matrix)
    except NotImplementedError:
        return "both refuse" if refused else "ours refuses"
    if refused:
        return f"{os.path.getsize(ours) / 1e6:.1f} MB, the peer refuses"
    a, b = tensors(ours), tensors(peer)
    unlike = [key for key in a if a[key] != b.get(key)]
    same = "same bytes" if not unlike and len(a) == len(b) else f"{len(unlike)} of {len(a)} differ: {unlike[0]}"
    return f"{os.path.getsize(ours) / 1e6:.1f} MB, {same}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--peer", required=True, help="python with llama-cpp-python")
    parser.add_argument("--calibration", required=True, help="file of text for the importance matrix")
    parser.add_argument("--mixes", nargs="+", help="all by default")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ["EIGENFORMERS_NUM_THREADS"] = str(options.threads)
    import eigenformers as ef
    from eigenformers import _core, gguf

    with tempfile.TemporaryDirectory() as folder:
        model = ef.AutoModelForCausalLM.from_pretrained(options.model, dtype="float32")
        tokenizer = ef.AutoTokenizer.from_pretrained(options.model)
        source = gguf.save_to_gguf(model, os.path.join(folder, "f16.gguf"), tokenizer, "f16", check=False)
        with open(options.calibration, encoding="utf-8") as file:
            matrix = gguf.compute_imatrix(model, tokenizer, file.read(200_000), max_chunks=20)
        weights = os.path.join(folder, "weights.json")
        with open(weights, "w", encoding="utf-8") as file:
            json.dump(matrix.weights(), file)
        del model
        for name, (file_type, _) in _core.gguf_mixes().items():
            if options.mixes and name.lower() not in [mix.lower() for mix in options.mixes]:
                continue
            plain = compare(options, source, folder, name, file_type, "", None)
            weighted = compare(options, source, folder, name, file_type, weights, matrix)
            print(f"| {name.lower()} | {plain} | {weighted} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
