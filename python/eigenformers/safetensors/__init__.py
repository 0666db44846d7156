"""Reading and writing safetensors files: the functions of the `safetensors` package, over the C++ reader.

`safe_open` reads single tensors lazily; `eigenformers.safetensors.torch` loads and saves whole files as
`eigenformers.Tensor`, `eigenformers.safetensors.numpy` as NumPy arrays. The functions of the former are here as well.

>>> import numpy, os, tempfile
>>> from eigenformers.safetensors import safe_open
>>> from eigenformers.safetensors.numpy import save_file
>>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
>>> save_file({"weight": numpy.arange(6.0).reshape(2, 3)}, path)
>>> with safe_open(path, framework="np") as f:
...     print(f.keys(), f.get_tensor("weight").sum(), f.get_slice("weight")[1, :2])
['weight'] 15.0 [3. 4.]
"""

from __future__ import annotations

from ..errors import CheckpointError as SafetensorError
from ._open import safe_open
from .torch import load, load_file, save, save_file

__all__ = ["SafetensorError", "load", "load_file", "safe_open", "save", "save_file"]
