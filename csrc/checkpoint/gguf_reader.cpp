#include <algorithm>
#include <cstring>
#include <unordered_map>

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

// llama.cpp keeps the two halves of a rotary pair side by side in q and k; the module tree keeps them half a head
// apart. Gives the file row that belongs at each row of the tree's matrix.
std::vector<int64_t> unpermuted_rows(int64_t rows, int64_t heads) {
  std::vector<int64_t> from(static_cast<size_t>(rows));
  const int64_t dim = rows / heads, half = dim / 2;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t head = r / dim, at = r % dim;
    from[size_t(r)] = head * dim + at % half * 2 + at / half;
  }
  return from;
}

class GgufReader : public CheckpointReader {
 public:
  GgufReader(const std::string& path, bool disable_mmap) : file_(path, disable_mmap) {
    const auto architecture = file_.require<std::string>("general.architecture");
    const Family* family = nullptr;
    for (const std::string& name : families().names()) {
      const GgufTable& table = families().at(name).gguf;
      if (std::find(table.architectures.begin(), table.architectures.end(), architecture) != table.architectures.end())
        family = families().find(name);
    }
    if (!family) {
      std::string known;
      for (const std::string& name : families().names()) known += (known.empty() ? "" : ", ") + name;
      fail<UnsupportedError>(path, ": GGUF model with architecture ", architecture, " is not supported yet; known are ",
                             known);
    }
    whole_gains_ = family->gguf.whole_gains;
    if (family->gguf.permuted_qk) {
      heads_ = file_.require<int64_t>(architecture + ".attention.head_count");
      kv_heads_ = file_.get_or<int64_t>(architecture + ".attention.head_count_kv", heads_);
    }
    for (const GgufTensor& t : file_.tensors()) {
      const std::string name = tree_name(t.name, family->gguf);
      if (name.empty()) continue;
      if (name.find("{e}") == std::string::npos)
        add(name, t);
      else
        add_experts(name, t);
    }
  }
  std::vector<std::string> names() const override { return names_; }
  bool has(const std::string& name) const override { return index_.count(name); }

  Info info(const std::string& name) const override {
    const GgufTensor& t = at(name);
    return {t.shape, t.packed() ? DType::BFloat16 : t.dtype, ggml_type_info(t.type).name};
  }

  Tensor tensor(const std::string& name) const override {
    const GgufTensor& t = at(name);
    const std::vector<int64_t> rows = permutation(name, t);
    if (!t.packed()) {
      Tensor mapped = wrap(t);
      if (whole_gains_ && name.ends_with("norm.weight")) return sub(mapped, Scalar(1.0));
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

  std::shared_ptr<Weight> packed(const std::string& name) const override {
    const GgufTensor& t = at(name);
    const auto type = t.type;
    if (!t.packed() || t.shape.size() != 2 || !quant_computes(type)) return nullptr;
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
  void add(const std::string& name, GgufTensor t) {
    if (name.ends_with("_gate.weight") && t.shape.size() == 1) {  // a matrix of one row
      t.shape = {1, t.shape[0]};
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

  // "blk.3.attn_q.weight" → "model.layers.3.self_attn.q_proj.weight"; "" for what the tree has no place for.
  static std::string tree_name(const std::string& name, const GgufTable& table) {
    const size_t dot = name.rfind('.');
    if (dot == std::string::npos) return "";
    std::string stem = name.substr(0, dot), layer;
    if (stem.starts_with("blk.")) {
      const size_t end = stem.find('.', 4);
      if (end == std::string::npos) return "";
      layer = stem.substr(4, end - 4);
      stem = "blk.{}" + stem.substr(end);
    }
    for (auto& [from, to] : table.names)
      if (from == stem) {
        std::string out = to;
        if (const size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, layer);
        return out + name.substr(dot);
      }
    return "";
  }

  std::vector<int64_t> permutation(const std::string& name, const GgufTensor& t) const {
    const bool q = name.find(".q_proj.") != std::string::npos, k = name.find(".k_proj.") != std::string::npos;
    if (heads_ == 0 || (!q && !k) || t.shape.empty()) return {};
    const int64_t heads = q ? heads_ : kv_heads_, rows = t.shape[0];
    check<CheckpointError>(heads > 0 && rows % (2 * heads) == 0, file_.path(), ": tensor '", t.name, "' has ", rows,
                           " rows, needed an even number for each of ", heads, " heads");
    return unpermuted_rows(rows, heads);
  }

  const GgufTensor& at(const std::string& name) const {
    auto found = index_.find(name);
    check<KeyError>(found != index_.end(), "checkpoint: no tensor '", name, "'");
    return found->second;
  }

  GgufFile file_;
  int64_t heads_ = 0, kv_heads_ = 0;
  bool whole_gains_ = false;
  std::unordered_map<std::string, GgufTensor> index_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<CheckpointReader> open_gguf(const std::string& path, bool disable_mmap) {
  return std::make_unique<GgufReader>(path, disable_mmap);
}

}  // namespace ef
