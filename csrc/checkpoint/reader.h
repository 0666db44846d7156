// One view of every checkpoint format: named tensors, found lazily, mapped where the format allows it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quantizers/quantizer.h"
#include "tensor/tensor.h"

namespace ef {

class CheckpointReader {
 public:
  virtual ~CheckpointReader() = default;
  struct Info {
    Shape shape;
    DType dtype;          // of tensor()
    std::string storage;  // "bfloat16", "Q4_K", …: how the file holds it
  };
  virtual std::vector<std::string> names() const = 0;
  // Entries that are no dense tensors: name, and what the file holds there ("int", "sparse tensor").
  virtual std::vector<std::pair<std::string, std::string>> others() const { return {}; }
  virtual bool has(const std::string& name) const = 0;
  virtual Info info(const std::string& name) const = 0;      // KeyError
  virtual Tensor tensor(const std::string& name) const = 0;  // dense; views the file where it can
  // The same as `to`, for a matrix that the file holds in blocks.
  virtual Tensor matrix(const std::string& name, DType to) const;
  // The matrix in packed form, when the file holds it so and kernels compute on it; else null.
  virtual std::shared_ptr<Weight> packed(const std::string& name) const { return nullptr; }
  // Whether packed() is what the caller asked for, whatever the dtype of the rest.
  virtual bool packs(const std::string& name) const { return false; }
};

// safetensors files, one or all shards.
std::unique_ptr<CheckpointReader> open_safetensors(const std::vector<std::string>& paths, bool disable_mmap = false);
// torch archives (.bin, .pt), one or all shards. Read as data; nothing in them is run.
std::unique_ptr<CheckpointReader> open_torch(const std::vector<std::string>& paths, bool disable_mmap = false);
// A GGUF file under the names of the family that its architecture belongs to.
// model_type: of several families with the file's architecture the one whose names tensors get; empty: the first.
std::unique_ptr<CheckpointReader> open_gguf(const std::string& path, bool disable_mmap = false,
                                            const std::string& model_type = "");
// Tensors that are in memory already.
std::unique_ptr<CheckpointReader> tensors_in_memory(std::vector<std::pair<std::string, Tensor>> tensors);
// Another checkpoint under other names: (its name, the name here) of each tensor.
std::unique_ptr<CheckpointReader> renamed(std::shared_ptr<CheckpointReader> inner,
                                          const std::vector<std::pair<std::string, std::string>>& names);

// One matrix of a quantized checkpoint, or one to quantize while it is loaded.
struct PackedEntry {
  std::string name, format;  // "model.layers.0.mlp.up_proj.weight", a name of quantizers()
  Shape shape;               // [n, k]
  QuantSpec spec;
  std::vector<std::pair<std::string, std::string>> parts;  // part, tensor of the checkpoint; empty: `name` is dense
  bool transposed = false;                                 // the dense matrix is [k, n]
};
std::unique_ptr<CheckpointReader> quantized(std::shared_ptr<CheckpointReader> inner, std::vector<PackedEntry> entries);

}  // namespace ef
