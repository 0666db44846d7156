#include "checkpoint/gguf_rows.h"

#include <numeric>

#include "core/error.h"

namespace ef {
namespace {

void check_heads(bool fits, const std::string& name, int64_t rows, const char* needed, int64_t heads) {
  check<CheckpointError>(fits, "GGUF: '", name, "' has ", rows, " rows, needed ", needed, " for each of ", heads,
                         " heads");
}

// The two halves of a rotary pair stand side by side: rows of a head are dealt out like cards.
std::vector<int64_t> paired(const std::string& name, int64_t rows, int64_t heads) {
  check_heads(heads > 0 && rows % (2 * heads) == 0, name, rows, "an even number", heads);
  std::vector<int64_t> order(static_cast<size_t>(rows));
  const int64_t dim = rows / heads;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = r % dim;
    order[size_t(r)] = r - at + at % 2 * (dim / 2) + at / 2;
  }
  return order;
}

// The checkpoint has the queries of a group, its key and its value, group by group; the file all queries, then all
// keys, then all values.
std::vector<int64_t> ungrouped(const std::string& name, int64_t rows, int64_t heads, int64_t groups) {
  check_heads(groups > 0 && heads > 0 && heads % groups == 0 && rows % (heads + 2 * groups) == 0, name, rows,
              "as many rows", heads + 2 * groups);
  const int64_t dim = rows / (heads + 2 * groups), queries = heads / groups;
  std::vector<int64_t> order;
  order.reserve(size_t(rows));
  const auto add = [&](int64_t group, int64_t slot) {
    order.resize(order.size() + size_t(dim));
    std::iota(order.end() - dim, order.end(), (group * (queries + 2) + slot) * dim);
  };
  for (int64_t g = 0; g < groups; g++)
    for (int64_t q = 0; q < queries; q++) add(g, q);
  for (int64_t slot : {queries, queries + 1})
    for (int64_t g = 0; g < groups; g++) add(g, slot);
  return order;
}

}  // namespace

std::vector<int64_t> gguf_row_order(const GgufTable& table, const std::string& name, int64_t rows, int64_t heads,
                                    int64_t kv_heads) {
  const auto is = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (table.permuted_qk && is(".q_proj.")) return paired(name, rows, heads);
  if (table.permuted_qk && is(".k_proj.")) return paired(name, rows, kv_heads);
  if (table.grouped_qkv && is(".query_key_value.")) return ungrouped(name, rows, heads, kv_heads);
  return {};
}

namespace {

bool is_convolution(const std::string& name) {
  return name.ends_with(".ssm_conv1d.weight") || name.ends_with(".shortconv.conv.weight");
}
bool is_mamba2(const GgufTable& table) { return table.architectures == std::vector<std::string>{"mamba2"}; }
bool is_column(const std::string& name) { return name.ends_with(".ssm_a") || name.ends_with(".ssm_d"); }

}  // namespace

Shape gguf_shape(const GgufTable& table, const std::string& file_name, const Shape& shape, int64_t kv_heads) {
  if (is_convolution(file_name) && shape.size() == 3) return {shape[0], shape[2]};
  if (!is_mamba2(table) || shape.size() != 1) return shape;
  if (is_column(file_name)) return {shape[0], 1};
  if (!file_name.ends_with(".ssm_norm.weight")) return shape;
  check_heads(kv_heads > 0 && shape[0] % kv_heads == 0, file_name, shape[0], "as many numbers", kv_heads);
  return {kv_heads, shape[0] / kv_heads};
}

Shape gguf_tree_shape(const GgufTable& table, const std::string& file_name, const Shape& shape) {
  if (is_convolution(file_name) && shape.size() == 2) return {shape[0], 1, shape[1]};
  const bool flat = is_mamba2(table) && (is_column(file_name) || file_name.ends_with(".ssm_norm.weight"));
  return flat ? Shape{numel(shape)} : shape;
}

bool gguf_is_whole_gain(const GgufTable& table, const std::string& name) {
  return table.whole_gains && name.ends_with("norm.weight") && !name.ends_with("linear_attn.norm.weight");
}

bool gguf_is_decay(const std::string& file_name) { return file_name.ends_with(".ssm_a"); }

bool gguf_is_transposed(const GgufTable& table, const std::string& file_name, size_t dims) {
  return table.transposed && dims == 2 && file_name.starts_with("blk.");
}

}  // namespace ef
