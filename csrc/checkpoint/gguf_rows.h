// Where llama.cpp keeps the rows of a tensor in another order than the checkpoint.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "models/family.h"

namespace ef {

// Row i in the file is row order[i] of the tree's tensor `name`; empty: the order is the same. CheckpointError when
// `rows` can't be those of so many heads.
std::vector<int64_t> gguf_row_order(const GgufTable& table, const std::string& name, int64_t rows, int64_t heads,
                                    int64_t kv_heads);
// Whether the file has the tensor [out, in] where the tree has it [in, out].
bool gguf_is_transposed(const GgufTable& table, const std::string& file_name, size_t dims);
// The shape in the file of a tensor of the tree, and back: convolutions have no dimension of one between, what Mamba-2
// has once for a head is a column, and its norms are a row for each group (whose number stands for that of kv_heads).
Shape gguf_shape(const GgufTable& table, const std::string& file_name, const Shape& shape, int64_t kv_heads);
Shape gguf_tree_shape(const GgufTable& table, const std::string& file_name, const Shape& shape);
// Whether the file has 1 + x for the x of the tree's tensor `name`.
bool gguf_is_whole_gain(const GgufTable& table, const std::string& name);
// Whether the file has -exp(x) for the x of the tree.
bool gguf_is_decay(const std::string& file_name);

}  // namespace ef
