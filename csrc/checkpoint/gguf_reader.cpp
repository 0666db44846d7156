#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "checkpoint/gguf_experts.h"
#include "checkpoint/gguf_rows.h"
#include "checkpoint/reader.h"
#include "checkpoint/wrap.h"
#include "core/thread_pool.h"
#include "io/gguf.h"
#include "kernels/quant.h"
#include "kernels/reference/dequantize.h"
#include "models/family.h"
#include "ops/ops.h"
#include "quantizers/ggml/ggml_weight.h"

namespace ef {
namespace {

class GgufReader : public CheckpointReader {
 public:
  GgufReader(const std::string& path, bool disable_mmap) : file_(path, disable_mmap) {
    const auto architecture = file_.require<std::string>("general.architecture");
    const bool experts = file_.get_or<int64_t>(architecture + ".expert_count", 0) > 0;
    const Family* family = nullptr;
    for (const std::string& name : families().names()) {
      const GgufTable& table = families().at(name).gguf;
      if (std::find(table.architectures.begin(), table.architectures.end(), architecture) == table.architectures.end())
        continue;
      // Two families may share an architecture: one has experts.
      const bool stacks = std::any_of(table.names.begin(), table.names.end(),
                                      [](const auto& pair) { return pair.second.find("{e}") != std::string::npos; });
      if (!family || stacks == experts) family = families().find(name);
    }
    if (!family) {
      std::string known;
      for (const std::string& name : families().names()) known += (known.empty() ? "" : ", ") + name;
      fail<UnsupportedError>(path, ": GGUF model with architecture ", architecture, " is not supported yet; known are ",
                             known);
    }
    table_ = &family->gguf;
    if (table_->permuted_qk || table_->grouped_qkv) {
      heads_ = file_.require<int64_t>(architecture + ".attention.head_count");
      kv_heads_ = file_.get_or<int64_t>(architecture + ".attention.head_count_kv", heads_);
    }
    for (const GgufTensor& t : file_.tensors()) {
      const std::string name = tree_name(t.name, family->gguf);
      if (name.empty()) continue;
      if (name.find("{e}") != std::string::npos)
        add_experts(name, t);
      else if (t.name.find("_exps.") != std::string::npos)
        add_joined(name, t);
      else
        add(name, t);
    }
    for (const auto& [name, parts] : joined_) {
      const auto fits = [&first = parts[0]](const GgufTensor& t) { return t.shape == first.shape && t.data; };
      check<CheckpointError>(std::all_of(parts.begin(), parts.end(), fits), file_.path(), ": what makes '", name,
                             "' is not there in parts of one shape");
    }
  }
  std::vector<std::string> names() const override { return names_; }
  bool has(const std::string& name) const override { return index_.count(name) || joined_.count(name); }

  Info info(const std::string& name) const override {
    if (const auto found = joined_.find(name); found != joined_.end()) {
      const GgufTensor& t = found->second[0];
      return {joined_experts_shape(t.shape, found->second.size()), t.packed() ? DType::BFloat16 : t.dtype,
              ggml_type_info(t.type).name};
    }
    const GgufTensor& t = at(name);
    return {is_transposed(t) ? Shape{t.shape[1], t.shape[0]} : t.shape, t.packed() ? DType::BFloat16 : t.dtype,
            ggml_type_info(t.type).name};
  }

  Tensor tensor(const std::string& name) const override {
    if (const auto found = joined_.find(name); found != joined_.end()) {
      std::vector<Tensor> parts;
      for (const GgufTensor& t : found->second) parts.push_back(as_stored(name, t));
      return joined_experts(parts);
    }
    const GgufTensor& t = at(name);
    Tensor found = as_stored(name, t);
    if (gguf_is_decay(t.name)) found = log(neg(found.to(DType::Float32)));
    return is_transposed(t) ? found.transpose(0, 1).contiguous() : found;
  }

  std::shared_ptr<Weight> packed(const std::string& name) const override {
    if (joined_.count(name)) return nullptr;
    const GgufTensor& t = at(name);
    const auto type = t.type;
    if (!t.packed() || t.shape.size() != 2 || !quant_computes(type) || is_transposed(t)) return nullptr;
    const int64_t n = t.shape[0], k = t.shape[1];
    const auto* data = reinterpret_cast<const uint8_t*>(t.data);
    const std::vector<int64_t> rows = permutation(name, t);
    std::vector<uint8_t> moved;
    if (!rows.empty()) {
      const size_t bytes = ggml_row_bytes(type, k);
      moved.resize(bytes * size_t(n));
      for (size_t r = 0; r < rows.size(); r++)
        std::memcpy(moved.data() + r * bytes, data + size_t(rows[r]) * bytes, bytes);
      data = moved.data();
    }
    auto weight = std::make_shared<GgmlWeight>(type, n, k, data);
    t.drop_pages();
    return weight;
  }

 private:
  bool is_transposed(const GgufTensor& t) const { return gguf_is_transposed(*table_, t.name, t.shape.size()); }

  // With rows in the tree's order, but not yet transposed.
  Tensor as_stored(const std::string& name, const GgufTensor& t) const {
    const std::vector<int64_t> rows = permutation(name, t);
    if (!t.packed()) {
      Tensor mapped = wrap(t);
      if (table_->whole_gains && name.ends_with("norm.weight")) return sub(mapped, Scalar(1.0));
      if (rows.empty()) return mapped;
      Tensor out = Tensor::empty(t.shape, t.dtype);
      const size_t bytes = mapped.nbytes() / rows.size();
      for (size_t r = 0; r < rows.size(); r++)
        std::memcpy(static_cast<std::byte*>(out.mutable_data_ptr()) + r * bytes, t.data + size_t(rows[r]) * bytes,
                    bytes);
      return out;
    }
    const int64_t k = t.shape.back(), n = numel(t.shape) / k;
    const size_t bytes = ggml_row_bytes(t.type, k);
    Tensor out = Tensor::empty(t.shape);
    float* to = out.mutable_data<float>();
    const auto* data = reinterpret_cast<const uint8_t*>(t.data);
    parallel_for(n, 16, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++)
        dequantize_row(t.type, data + size_t(rows.empty() ? r : rows[size_t(r)]) * bytes, to + r * k, k);
    });
    t.drop_pages();
    return out;
  }

  void add(const std::string& name, GgufTensor t) {
    if (name.ends_with("_gate.weight") && t.shape.size() == 1) {  // a matrix of one row
      t.shape = {1, t.shape[0]};
      t.strides = contiguous_strides(t.shape);
    }
    if (Shape shape = gguf_tree_shape(*table_, t.name, t.shape); shape != t.shape) {
      t.shape = std::move(shape);
      t.strides = contiguous_strides(t.shape);
    }
    check<CheckpointError>(index_.emplace(name, std::move(t)).second, file_.path(), ": two tensors are named ", name);
    names_.push_back(name);
  }

  // The matrices of all experts of a layer stand behind one another in one tensor.
  void add_experts(const std::string& name, const GgufTensor& all) {
    check<CheckpointError>(all.shape.size() == 3 && all.shape[0] > 0, file_.path(), ": tensor '", all.name,
                           "' has shape ", all.shape, ", needed [experts, rows, columns]");
    const int64_t experts = all.shape[0];
    for (int64_t e = 0; e < experts; e++) {
      GgufTensor one = all;
      one.shape = {all.shape[1], all.shape[2]};
      if (!all.packed()) one.strides = contiguous_strides(one.shape);
      one.nbytes = all.nbytes / uint64_t(experts);
      one.data = all.data + size_t(e) * one.nbytes;
      std::string own = name;
      add(own.replace(own.find("{e}"), 3, std::to_string(e)), one);
    }
  }

  // One of the tensors that are one in the tree.
  void add_joined(const std::string& name, const GgufTensor& t) {
    const size_t blk = t.name.find('.', 4);
    std::vector<std::string> all;
    for (const auto& [from, to] : table_->names)
      if (from.find("{}" + t.name.substr(blk)) != std::string::npos) all = split_gguf_names(from);
    check<CheckpointError>(t.shape.size() == size_t(t.name.ends_with(".bias") ? 2 : 3) && !all.empty(), file_.path(),
                           ": tensor '", t.name, "' has shape ", t.shape, ", needed [experts, rows, columns]");
    std::vector<GgufTensor>& parts = joined_[name];
    if (parts.empty()) names_.push_back(name);
    parts.resize(all.size());
    parts[all[0].ends_with(t.name.substr(blk)) ? 0 : 1] = t;
  }

  // "blk.3.attn_q.weight" → "model.layers.3.self_attn.q_proj.weight"; "" for what the tree has no place for.
  static std::string tree_name(const std::string& name, const GgufTable& table) {
    const size_t dot = name.rfind('.');
    if (dot == std::string::npos) return "";
    std::string stem = name, suffix, layer;
    if (stem.starts_with("blk.")) {
      const size_t end = stem.find('.', 4);
      if (end == std::string::npos) return "";
      layer = stem.substr(4, end - 4);
      stem = "blk.{}" + stem.substr(end);
    }
    const auto named = [&]() -> std::string {
      for (auto& [from, to] : table.names)
        if (from == stem || from.starts_with(stem + "|") || from.ends_with("|" + stem)) {
          std::string out = to;
          if (const size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, layer);
          return out + suffix;
        }
      return "";
    };
    if (std::string whole = named(); !whole.empty()) return whole;  // a parameter that is no "weight" or "bias"
    suffix = name.substr(dot);
    stem.resize(stem.size() - suffix.size());
    return named();
  }

  // For each row of the tree's tensor the row of the file; empty: the same.
  std::vector<int64_t> permutation(const std::string& name, const GgufTensor& t) const {
    if (t.shape.empty()) return {};
    const std::vector<int64_t> order = gguf_row_order(*table_, name, t.shape[0], heads_, kv_heads_);
    std::vector<int64_t> from(order.size());
    for (size_t i = 0; i < order.size(); i++) from[size_t(order[i])] = int64_t(i);
    return from;
  }

  const GgufTensor& at(const std::string& name) const {
    auto found = index_.find(name);
    check<KeyError>(found != index_.end(), "checkpoint: no tensor '", name, "'");
    return found->second;
  }

  GgufFile file_;
  int64_t heads_ = 0, kv_heads_ = 0;
  const GgufTable* table_ = nullptr;
  std::unordered_map<std::string, GgufTensor> index_;
  std::unordered_map<std::string, std::vector<GgufTensor>> joined_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<CheckpointReader> open_gguf(const std::string& path, bool disable_mmap) {
  return std::make_unique<GgufReader>(path, disable_mmap);
}

}  // namespace ef
