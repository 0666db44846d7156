// Experts whose matrices the tree has in one tensor, [experts, in, out], where gate and up take turns in the last
// dimension: the file has [experts, out, in], and gate apart from up. A family's table names both, "gate|up".
#pragma once
#include <string>
#include <vector>

#include "checkpoint/gguf_write.h"
#include "tensor/tensor.h"

namespace ef {

std::vector<std::string> split_gguf_names(const std::string& names);
// What the file has under `names` of a tensor of the tree with two dimensions (biases) or three.
std::vector<GgufSource> expert_sources(const GgufSource& whole, const std::vector<std::string>& names);
// The tensor of the tree.
Tensor joined_experts(const std::vector<Tensor>& parts);
Shape joined_experts_shape(const Shape& part, size_t parts);

}  // namespace ef
