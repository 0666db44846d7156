// Matrices that are one tensor in the tree and several in the file. A family's table names them all: "first|second".
#pragma once
#include <string>
#include <vector>

#include "checkpoint/gguf_write.h"
#include "quantizers/weight.h"
#include "tensor/tensor.h"

namespace ef {

std::vector<std::string> split_gguf_names(const std::string& names);
// Whether the tensor of the tree that is called `names` in the table is more than one in the file, or turned.
bool gguf_has_parts(const std::string& names);

// What the file has under `names` of a tensor of the tree; `kv_heads` as in gguf_row_order.
//   experts   [experts, in, out]: the file has [experts, out, in], and gate apart from up, which take turns in `out`
//   attn_k_b|attn_v_b   of each head `kv_heads` rows that make keys of latents (transposed in the file), then values
//   attn_qkv|attn_gate   of each of `kv_heads` groups q, k, v and z; the file has all q, all k, all v, and apart all z
std::vector<GgufSource> part_sources(const GgufSource& whole, const std::vector<std::string>& names, int64_t heads,
                                     int64_t kv_heads);
// Row i of the parts behind one another is row order[i] of the tree's tensor; empty where rows don't stay what they
// are.
std::vector<int64_t> part_rows(const std::vector<std::string>& names, int64_t rows, int64_t heads, int64_t kv_heads);
// The tensor of the tree, and its shape.
Tensor joined_parts(const std::vector<std::string>& names, const std::vector<Tensor>& parts, int64_t kv_heads);
Shape joined_shape(const std::vector<std::string>& names, const std::vector<Shape>& parts);
// The reverse of part_rows.
std::vector<int64_t> joined_rows(const std::vector<std::string>& names, const std::vector<Shape>& parts,
                                 int64_t kv_heads);

}  // namespace ef
