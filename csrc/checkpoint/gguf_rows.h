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

}  // namespace ef
