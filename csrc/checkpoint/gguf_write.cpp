#include "checkpoint/gguf_write.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "autograd/autograd.h"
#include "checkpoint/gguf_parts.h"
#include "checkpoint/gguf_rows.h"
#include "core/thread_pool.h"
#include "io/gguf_writer.h"
#include "kernels/encode.h"
#include "kernels/reference/dequantize.h"

namespace ef {
namespace {

constexpr int64_t kChunk = 1 << 22;  // weights that are dense at a time

int64_t row_length(const Shape& shape) { return shape.empty() ? 1 : shape.back(); }

// Whether `stem` is `pattern` with numbers for "{}" (a layer) and "{e}" (an expert).
bool matches(const std::string& stem, const std::string& pattern, std::string& layer, std::string& expert) {
  size_t at = 0;
  for (size_t i = 0; i < pattern.size(); i++) {
    if (pattern[i] != '{') {
      if (at == stem.size() || stem[at++] != pattern[i]) return false;
      continue;
    }
    const bool is_layer = pattern[i + 1] == '}';
    size_t end = at;
    while (end < stem.size() && stem[end] >= '0' && stem[end] <= '9') end++;
    if (end == at) return false;
    (is_layer ? layer : expert) = stem.substr(at, end - at);
    at = end, i += is_layer ? 1 : 2;
  }
  return at == stem.size();
}

// "model.layers.3.self_attn.q_proj.weight" → "blk.3.attn_q.weight"; "" without a name in the table.
std::string file_name(const std::string& name, const GgufTable& table, std::string& expert) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return "";
  const std::string stem = name.substr(0, dot);
  for (const auto* names : {&table.names, &table.variant})
    for (const auto& [file, tree] : *names) {
      std::string layer;
      expert.clear();
      const bool whole = matches(name, tree, layer, expert);  // a parameter that is no "weight" or "bias"
      if (!whole && !matches(stem, tree, layer, expert)) continue;
      std::string out = file;
      for (size_t at; (at = out.find("{}")) != std::string::npos;) out.replace(at, 2, layer);
      return whole ? out : out + name.substr(dot);
    }
  return "";
}

// Rows [begin, end) of a slot as f32.
void slot_rows(const ParameterSlot& slot, int64_t k, int64_t begin, int64_t end, float* out) {
  NoGradGuard no_grad;
  Tensor part;
  if (const auto* matrix = dynamic_cast<const WeightSlot*>(&slot))
    part = matrix->get()->dense(begin, end);
  else
    part = slot.tensor().detach().reshape({-1, k}).narrow(0, begin, end - begin);
  const Tensor dense = part.to(DType::Float32).contiguous();
  std::memcpy(out, dense.data<float>(), size_t(end - begin) * size_t(k) * sizeof(float));
}

// Rows in another order.
GgufRows ordered_rows(GgufRows rows, int64_t k, std::vector<int64_t> order) {
  return [=, order = std::move(order)](int64_t begin, int64_t end, float* out) {
    const auto [low, high] = std::minmax_element(order.begin() + begin, order.begin() + end);
    std::vector<float> window(size_t((*high + 1 - *low) * k));
    rows(*low, *high + 1, window.data());
    for (int64_t r = begin; r < end; r++)
      std::memcpy(out + (r - begin) * k, window.data() + (order[size_t(r)] - *low) * k, size_t(k) * sizeof(float));
  };
}

// One number a row: what has one dimension is read as a whole.
GgufRows one_each(GgufRows rows, int64_t n) {
  return [=](int64_t begin, int64_t end, float* out) {
    std::vector<float> whole(size_t(n), 0.f);
    rows(0, 1, whole.data());
    std::copy(whole.begin() + begin, whole.begin() + end, out);
  };
}

// What is one row of `k` numbers as rows of fewer.
GgufRows rows_of_width(GgufRows rows, int64_t width, int64_t k) {
  return [=](int64_t begin, int64_t end, float* out) {
    std::vector<float> whole(static_cast<size_t>(k));
    rows(0, 1, whole.data());
    std::copy(whole.begin() + begin * width, whole.begin() + end * width, out);
  };
}

// [n, k] as [k, n].
GgufRows transposed_rows(GgufRows rows, int64_t n, int64_t k) {
  return [=](int64_t begin, int64_t end, float* out) {
    std::vector<float> whole(size_t(n * k));
    rows(0, n, whole.data());
    for (int64_t r = begin; r < end; r++)
      for (int64_t i = 0; i < n; i++) out[(r - begin) * n + i] = whole[size_t(i * k + r)];
  };
}

// The matrices of all experts of a layer stand behind one another in one tensor [experts, n, k].
void stack(GgufSource& all, const GgufSource& one, const std::string& expert) {
  const bool first = all.shape.size() == 2;
  const int64_t n = one.shape[0], k = one.shape[1], count = first ? 1 : all.shape[0];
  check<ConfigError>(expert == std::to_string(count) && (first ? all.shape == one.shape : all.shape[1] == n), "GGUF: '",
                     one.origin, "' has shape ", one.shape, ", needed expert ", count, " like those before");
  all.shape = {count + 1, n, k};
  all.rows = [before = all.rows, last = one.rows, n, k, count](int64_t begin, int64_t end, float* out) {
    const int64_t border = std::clamp(count * n, begin, end);
    if (begin < border) before(begin, border, out);
    if (border < end) last(border - count * n, end - count * n, out + (border - begin) * k);
  };
}

void put_metadata(GgufWriter& writer, const GgufMetadata& metadata) {
  for (const auto& [key, value] : metadata)
    std::visit(
        [&, name = key](const auto& v) {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, const GgufValue*>)
            writer.set(name, *v);
          else
            writer.set(name, v);
        },
        value);
}

void check_finite(const GgufSource& source, GgmlType type, const float* x, int64_t n) {
  const float limit = type == GgmlType::F16 ? 65504.f : 3.4028235e38f;
  for (int64_t i = 0; i < n; i++) {
    if (std::fabs(x[i]) <= limit) continue;  // the text is made only when it is needed
    fail<CheckpointError>(
        "tensor '", source.name, "'", source.origin.empty() ? "" : " (" + source.origin + ")", " holds ", x[i], "; ",
        std::isfinite(x[i]) ? "F16 reaches to 65504: use BF16 or F32" : "a NaN or infinite weight cannot be exported");
  }
}

const std::vector<float>* importance_of(const GgufSource& source, const GgufWriteOptions& options) {
  if (!options.importance) return nullptr;
  const auto found = options.importance->find(source.name);
  if (found == options.importance->end()) return nullptr;
  const size_t k = size_t(row_length(source.shape));
  const size_t experts = source.shape.size() == 3 ? size_t(source.shape[0]) : 1;
  if (found->second.size() == k * experts) return &found->second;
  check<CheckpointError>(source.name == "token_embd.weight", "importance matrix: ", found->second.size(),
                         " columns for '", source.name, "', the tensor has ", k, "; made for another model?");
  return nullptr;
}

std::vector<uint8_t> encode(const GgufSource& source, GgmlType type, const GgufWriteOptions& options) {
  const int64_t k = row_length(source.shape), n = k ? numel(source.shape) / k : 0;
  const size_t row_bytes = ggml_row_bytes(type, k);
  std::vector<uint8_t> out(row_bytes * size_t(n));
  const std::vector<float>* importance = importance_of(source, options);
  const int64_t rows_each = source.shape.size() == 3 ? std::max<int64_t>(source.shape[1], 1) : std::max<int64_t>(n, 1);
  const int64_t step = std::max<int64_t>(1, kChunk / std::max<int64_t>(k, 1));
  std::vector<float> x(size_t(std::min(step, n) * k));
  for (int64_t begin = 0; begin < n; begin += step) {
    const int64_t end = std::min(n, begin + step);
    source.rows(begin, end, x.data());
    parallel_for(end - begin, std::max<int64_t>(1, 16384 / k), [&](int64_t from, int64_t to) {
      float* rows = x.data() + from * k;
      if (options.through == DType::Float16)
        for (int64_t i = 0; i < (to - from) * k; i++) rows[i] = from_f16(to_f16(rows[i]));
      else if (options.through == DType::BFloat16)
        for (int64_t i = 0; i < (to - from) * k; i++) rows[i] = from_bf16(to_bf16(rows[i]));
      check_finite(source, type, rows, (to - from) * k);
      for (int64_t r = begin + from; r < begin + to;) {  // each expert has an importance of its own
        const int64_t expert = r / rows_each, until = std::min(begin + to, (expert + 1) * rows_each);
        encode_rows(type, until - r, k, x.data() + (r - begin) * k,
                    importance ? importance->data() + expert * k : nullptr, out.data() + size_t(r) * row_bytes);
        r = until;
      }
    });
  }
  return out;
}

}  // namespace

std::vector<GgufSource> gguf_sources(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                                     const GgufTable& table, int64_t heads, int64_t kv_heads,
                                     const std::map<std::string, GgufRows>& given) {
  std::vector<GgufSource> sources;
  std::unordered_set<const void*> seen;
  std::unordered_map<std::string, size_t> stacks;  // name in the file → place in sources
  for (const auto& [name, slot] : slots) {
    if (!slot->is_persistent() || !slot->defined() || !seen.insert(slot->identity()).second) continue;
    std::string expert;
    GgufSource source{file_name(name, table, expert), name, slot->shape(), GgmlType::F32, {}};
    check<UnsupportedError>(!source.name.empty(), "GGUF: no tensor name for '", name, "'; ",
                            name.find("lora_") != std::string::npos
                                ? "merge the adapter first"
                                : "llama.cpp has no place for it, or the model is no causal language model");
    const int64_t k = row_length(source.shape);
    if (const auto found = given.find(name); found != given.end())
      source.rows = found->second;
    else
      source.rows = [slot = slot, k](int64_t b, int64_t e, float* out) { slot_rows(*slot, k, b, e, out); };
    if (gguf_is_whole_gain(table, name))
      source.rows = [rows = source.rows, k](int64_t b, int64_t e, float* out) {
        rows(b, e, out);
        for (int64_t i = 0; i < (e - b) * k; i++) out[i] += 1;
      };
    const int64_t n = source.shape.empty() ? 1 : source.shape[0];
    if (gguf_has_parts(source.name) && expert.empty()) {
      for (GgufSource& part : part_sources(source, split_gguf_names(source.name), heads, kv_heads))
        sources.push_back(std::move(part));
      continue;
    }
    if (auto order = gguf_row_order(table, name, n, heads, kv_heads); !order.empty()) {
      const bool bias = source.shape.size() == 1;
      const GgufRows rows = ordered_rows(bias ? one_each(source.rows, n) : source.rows, bias ? 1 : k, std::move(order));
      source.rows = bias ? [rows, n](int64_t, int64_t, float* out) { rows(0, n, out); } : rows;
    }
    if (gguf_is_transposed(table, source.name, source.shape.size())) {
      source.rows = transposed_rows(source.rows, n, k);
      source.shape = {k, n};
    }
    if (Shape shape = gguf_shape(table, source.name, source.shape, kv_heads); shape != source.shape) {
      if (row_length(shape) != k) source.rows = rows_of_width(source.rows, row_length(shape), k);
      source.shape = std::move(shape);
    }
    if (gguf_is_decay(source.name))
      source.rows = [rows = source.rows, width = row_length(source.shape)](int64_t b, int64_t e, float* out) {
        rows(b, e, out);
        for (int64_t i = 0; i < (e - b) * width; i++) out[i] = -std::exp(out[i]);
      };
    if (source.name.ends_with("_shexp.weight") && n == 1) source.shape = {k};  // a matrix of one row
    if (!expert.empty()) {
      const auto [found, first] = stacks.emplace(source.name, sources.size());
      if (!first) {
        stack(sources[found->second], source, expert);
        continue;
      }
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<GgufSource> gguf_sources(std::shared_ptr<const GgufFile> file) {
  std::vector<GgufSource> sources;
  for (const GgufTensor& t : file->tensors()) {
    const int64_t k = row_length(t.shape);
    GgufSource source{t.name, t.name, t.shape, t.type, {}, t.data};
    source.rows = [file, &t, k](int64_t begin, int64_t end, float* out) {
      check<UnsupportedError>(can_dequantize(t.type), file->path(), ": tensor '", t.name, "' is ",
                              ggml_type_name(t.type), ", which cannot be requantized");
      const size_t bytes = ggml_row_bytes(t.type, k);
      const auto* data = reinterpret_cast<const uint8_t*>(t.data);
      parallel_for(end - begin, 16, [&](int64_t b, int64_t e) {
        for (int64_t r = b; r < e; r++) dequantize_row(t.type, data + size_t(begin + r) * bytes, out + r * k, k);
      });
    };
    sources.push_back(std::move(source));
  }
  const auto layer = [](const std::string& name) {
    return name.starts_with("blk.") ? std::strtoll(name.c_str() + 4, nullptr, 10) : -1;
  };
  std::sort(sources.begin(), sources.end(), [&](const GgufSource& a, const GgufSource& b) {
    const auto la = layer(a.name), lb = layer(b.name);
    return la != lb ? la < lb : a.name < b.name;
  });
  return sources;
}

GgufSource gguf_source(const std::string& name, const Tensor& value) {
  const Tensor dense = value.detach().to(DType::Float32).contiguous();
  const int64_t k = row_length(dense.shape());
  return {name, "", dense.shape(), GgmlType::F32, [dense, k](int64_t begin, int64_t end, float* out) {
            std::memcpy(out, dense.data<float>() + begin * k, size_t((end - begin) * k) * sizeof(float));
          }};
}

void write_gguf(const std::string& path, const GgufMetadata& metadata, const std::vector<GgufSource>& sources,
                const std::vector<GgmlType>& types, const GgufWriteOptions& options) {
  check<ConfigError>(sources.size() == types.size(), "write_gguf: ", types.size(), " types for ", sources.size(),
                     " tensors");
  GgufWriter writer(path);
  put_metadata(writer, metadata);
  for (size_t i = 0; i < sources.size(); i++) {
    check<UnsupportedError>(types[i] == sources[i].stored || can_encode(types[i]), "GGUF: no encoder for ",
                            ggml_type_name(types[i]), " (tensor '", sources[i].name, "')");
    writer.add_tensor(sources[i].name, types[i], sources[i].shape);
  }
  for (size_t i = 0; i < sources.size(); i++) {
    const GgufSource& s = sources[i];
    if (s.blocks && s.stored == types[i]) {
      const int64_t k = row_length(s.shape);
      writer.write(s.name, {s.blocks, ggml_row_bytes(types[i], k) * size_t(numel(s.shape) / k)});
    } else {
      const std::vector<uint8_t> bytes = encode(s, types[i], options);
      writer.write(s.name, std::as_bytes(std::span(bytes)));
    }
    if (options.progress) options.progress(i + 1, sources.size());
  }
  writer.commit();
}

}  // namespace ef
