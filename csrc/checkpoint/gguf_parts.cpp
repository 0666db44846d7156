#include "checkpoint/gguf_parts.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/index.h"
#include "ops/ops.h"
#include "ops/shape_ops.h"

namespace ef {
namespace {

enum class Kind { Experts, Latents, Delta };

Kind kind_of(const std::vector<std::string>& names) {
  if (names[0].find(".attn_k_b.") != std::string::npos) return Kind::Latents;
  if (names[0].find(".attn_qkv.") != std::string::npos) return Kind::Delta;
  return Kind::Experts;
}

std::vector<GgufSource> expert_sources(const GgufSource& whole, const std::vector<std::string>& names) {
  const Shape& shape = whole.shape;
  const bool matrices = shape.size() == 3;
  const auto parts = int64_t(names.size());
  check<CheckpointError>((matrices || shape.size() == 2) && shape.back() % parts == 0, "GGUF: '", whole.origin,
                         "' has shape ", shape, ", needed that of ", parts, " matrices for each expert");
  const int64_t in = matrices ? shape[1] : 1, all = shape.back(), out = all / parts;
  std::vector<GgufSource> found;
  for (int64_t part = 0; part < parts; part++) {
    GgufSource one = whole;
    one.name = names[size_t(part)];
    one.shape = matrices ? Shape{shape[0], out, in} : Shape{shape[0], out};
    if (matrices)
      one.rows = [rows = whole.rows, in, all, out, parts, part](int64_t begin, int64_t end, float* to) {
        std::vector<float> expert(size_t(in * all));
        int64_t here = -1;
        for (int64_t r = begin; r < end; r++) {
          if (r / out != here) rows((here = r / out) * in, (r / out + 1) * in, expert.data());
          for (int64_t i = 0; i < in; i++) *to++ = expert[size_t(i * all + r % out * parts + part)];
        }
      };
    else
      one.rows = [rows = whole.rows, all, out, parts, part](int64_t begin, int64_t end, float* to) {
        std::vector<float> expert(static_cast<size_t>(all));
        for (int64_t r = begin; r < end; r++) {
          rows(r, r + 1, expert.data());
          for (int64_t i = 0; i < out; i++) *to++ = expert[size_t(i * parts + part)];
        }
      };
    found.push_back(std::move(one));
  }
  return found;
}

std::vector<GgufSource> latent_sources(const GgufSource& whole, const std::vector<std::string>& names, int64_t heads,
                                       int64_t keys) {
  const Shape& shape = whole.shape;
  check<CheckpointError>(shape.size() == 2 && heads > 0 && keys > 0 && shape[0] % heads == 0 && shape[0] / heads > keys,
                         "GGUF: '", whole.origin, "' has shape ", shape, ", needed more than ", keys,
                         " rows for each of ", heads, " heads");
  const int64_t rank = shape[1], both = shape[0] / heads, values = both - keys;
  GgufSource k = whole, v = whole;
  k.name = names[0], v.name = names[1];
  k.shape = {heads, rank, keys}, v.shape = {heads, values, rank};
  k.rows = [rows = whole.rows, rank, both, keys](int64_t begin, int64_t end, float* to) {
    std::vector<float> head(size_t(keys * rank));
    int64_t here = -1;
    for (int64_t r = begin; r < end; r++) {
      if (r / rank != here) rows((here = r / rank) * both, r / rank * both + keys, head.data());
      for (int64_t i = 0; i < keys; i++) *to++ = head[size_t(i * rank + r % rank)];
    }
  };
  v.rows = [rows = whole.rows, rank, both, keys, values](int64_t begin, int64_t end, float* to) {
    for (int64_t r = begin; r < end; r++, to += rank) {
      const int64_t from = r / values * both + keys + r % values;
      rows(from, from + 1, to);
    }
  };
  return {k, v};
}

// For each row of q, k, v and then z the row in the tree.
std::vector<int64_t> delta_order(const std::string& name, int64_t rows, int64_t gate, int64_t groups) {
  check<CheckpointError>(
      groups > 0 && gate > 0 && gate % groups == 0 && rows > 2 * gate && (rows - 2 * gate) % (2 * groups) == 0,
      "GGUF: '", name, "' has ", rows, " rows, needed q, k, v and z of ", groups, " groups");
  const int64_t widths[4] = {(rows - 2 * gate) / (2 * groups), (rows - 2 * gate) / (2 * groups), gate / groups,
                             gate / groups};
  std::vector<int64_t> order;
  order.reserve(size_t(rows));
  for (int64_t part = 0, before = 0; part < 4; before += widths[part++])
    for (int64_t g = 0; g < groups; g++) {
      order.resize(order.size() + size_t(widths[part]));
      std::iota(order.end() - widths[part], order.end(), g * (rows / groups) + before);
    }
  return order;
}

std::vector<GgufSource> delta_sources(const GgufSource& whole, const std::vector<std::string>& names, int64_t heads,
                                      int64_t groups) {
  const Shape& shape = whole.shape;
  check<CheckpointError>(shape.size() == 2 && heads > 0 && groups > 0 && shape[0] % (2 * (heads + groups)) == 0,
                         "GGUF: '", whole.origin, "' has shape ", shape, ", needed as many rows for ", heads,
                         " heads of values as for ", groups, " of keys");
  const int64_t gate = shape[0] / (heads + groups) / 2 * heads;
  const std::vector<int64_t> order = part_rows(names, shape[0], heads, groups);
  std::vector<GgufSource> found;
  for (int64_t part = 0, first = 0; part < 2; part++) {
    GgufSource one = whole;
    const int64_t count = part ? gate : shape[0] - gate;
    one.name = names[size_t(part)];
    one.shape = {count, shape[1]};
    one.rows = [rows = whole.rows, k = shape[1],
                mine = std::vector<int64_t>(order.begin() + first, order.begin() + first + count)](
                   int64_t begin, int64_t end, float* to) {
      for (int64_t r = begin, next; r < end; to += (next - r) * k, r = next) {  // neighbours at once
        for (next = r + 1; next < end && mine[size_t(next)] == mine[size_t(next - 1)] + 1;) next++;
        rows(mine[size_t(r)], mine[size_t(r)] + next - r, to);
      }
    };
    found.push_back(std::move(one));
    first += count;
  }
  return found;
}

}  // namespace

std::vector<std::string> split_gguf_names(const std::string& names) {
  const size_t bar = names.find('|');
  if (bar == std::string::npos) return {names};
  return {names.substr(0, bar), names.substr(bar + 1)};
}

bool gguf_has_parts(const std::string& names) {
  return names.find('|') != std::string::npos || names.find("_exps.") != std::string::npos;
}

std::vector<GgufSource> part_sources(const GgufSource& whole, const std::vector<std::string>& names, int64_t heads,
                                     int64_t kv_heads) {
  switch (kind_of(names)) {
    case Kind::Latents:
      return latent_sources(whole, names, heads, kv_heads);
    case Kind::Delta:
      return delta_sources(whole, names, heads, kv_heads);
    case Kind::Experts:
      break;
  }
  return expert_sources(whole, names);
}

Tensor joined_parts(const std::vector<std::string>& names, const std::vector<Tensor>& parts, int64_t kv_heads) {
  const Kind kind = kind_of(names);
  if (kind == Kind::Latents) return cat({parts[0].transpose(1, 2), parts[1]}, 1).flatten(0, 1).contiguous();
  if (kind == Kind::Delta) {
    const std::vector<int64_t> order = joined_rows(names, {parts[0].shape(), parts[1].shape()}, kv_heads);
    Tensor rows = Tensor::empty({int64_t(order.size())}, DType::Int64);
    std::memcpy(rows.mutable_data<int64_t>(), order.data(), order.size() * sizeof(int64_t));
    return index_select(cat(parts, 0), 0, rows).contiguous();
  }
  std::vector<Tensor> turned;
  for (const Tensor& part : parts) turned.push_back(part.dim() == 3 ? part.transpose(1, 2) : part);
  if (turned.size() == 1) return turned[0].contiguous();
  return stack(turned, turned[0].dim()).flatten(-2, -1).contiguous();
}

Shape joined_shape(const std::vector<std::string>& names, const std::vector<Shape>& parts) {
  const Shape &a = parts[0], &b = parts.back();
  const Kind kind = kind_of(names);
  const bool fits = kind == Kind::Latents ? a.size() == 3 && b.size() == 3 && a[0] == b[0] && a[1] == b[2]
                    : kind == Kind::Delta ? a.size() == 2 && b.size() == 2 && a[1] == b[1]
                                          : a == b && (a.size() == 3 || a.size() == 2);
  check<CheckpointError>(fits, "GGUF: '", names[0], "' has shape ", a, " and '", names.back(), "' ", b,
                         ", which don't make one tensor");
  if (kind == Kind::Latents) return {a[0] * (a[2] + b[1]), a[1]};
  if (kind == Kind::Delta) return {a[0] + b[0], a[1]};
  const auto count = int64_t(parts.size());
  return a.size() == 3 ? Shape{a[0], a[2], a[1] * count} : Shape{a[0], a.back() * count};
}

std::vector<int64_t> part_rows(const std::vector<std::string>& names, int64_t rows, int64_t heads, int64_t kv_heads) {
  if (names.size() < 2 || kind_of(names) != Kind::Delta) return {};
  const int64_t gate =
      rows / std::max<int64_t>(heads + kv_heads, 1) / 2 * heads;  // heads of values are as wide as keys'
  return delta_order(names[0], rows, gate, kv_heads);
}

std::vector<int64_t> joined_rows(const std::vector<std::string>& names, const std::vector<Shape>& parts,
                                 int64_t kv_heads) {
  if (kind_of(names) != Kind::Delta) return {};
  const int64_t gate = parts[1][0], rows = parts[0][0] + gate;
  const std::vector<int64_t> order = delta_order(names[0], rows, gate, kv_heads);
  std::vector<int64_t> back(order.size());
  for (size_t i = 0; i < order.size(); i++) back[size_t(order[i])] = int64_t(i);
  return back;
}

}  // namespace ef
