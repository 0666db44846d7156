#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "checkpoint/gguf_parts.h"
#include "checkpoint/gguf_rows.h"
#include "checkpoint/reader.h"
#include "checkpoint/wrap.h"
#include "core/thread_pool.h"
#include "io/gguf.h"
#include "kernels/kernels.h"
#include "kernels/quant.h"
#include "kernels/reference/dequantize.h"
#include "models/family.h"
#include "ops/ops.h"
#include "quantizers/ggml/ggml_weight.h"
#include "tensor/weight_memory.h"

namespace ef {
namespace {

class GgufReader : public CheckpointReader {
 public:
  GgufReader(const std::string& path, bool disable_mmap, const std::string& model_type) : file_(path, disable_mmap) {
    const auto architecture = file_.require<std::string>("general.architecture");
    const bool experts = file_.get_or<int64_t>(architecture + ".expert_count", 0) > 0;
    const Family* family = nullptr;
    bool sure = false;  // one with experts, or without, as the file
    for (const std::string& name : families().names()) {
      const GgufTable& table = families().at(name).gguf;
      if (std::find(table.architectures.begin(), table.architectures.end(), architecture) == table.architectures.end())
        continue;
      // Two families may share an architecture: one has experts.
      const bool stacks = std::any_of(table.names.begin(), table.names.end(),
                                      [](const auto& pair) { return pair.second.find("{e}") != std::string::npos; });
      const bool fits = stacks == experts;
      if (!family || name == model_type || (fits && !sure)) family = families().find(name);
      sure = sure || fits;
      if (name == model_type) break;
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
    } else {
      kv_heads_ = file_.get_or<int64_t>(architecture + ".ssm.group_count", 0);
    }
    names_in_tables_ = table_->names;
    if (!table_->variant.empty() && file_.find(table_->variant_marker))
      names_in_tables_.insert(names_in_tables_.begin(), table_->variant.begin(), table_->variant.end());
    for (const GgufTensor& t : file_.tensors()) {
      std::string from;
      const std::string name = tree_name(t.name, from);
      if (name.empty()) continue;
      if (name.find("{e}") != std::string::npos)
        add_experts(name, t);
      else if (gguf_has_parts(from))
        add_joined(name, from, t);
      else
        add(name, t);
    }
    for (const auto& [name, parts] : joined_) {
      const bool whole = std::all_of(parts.begin(), parts.end(), [](const GgufTensor& t) { return t.data != nullptr; });
      check<CheckpointError>(whole, file_.path(), ": of the tensors that make '", name, "' one is missing");
      joined_shape(names_of(parts), shapes_of(parts));
    }
  }
  std::vector<std::string> names() const override { return names_; }
  bool has(const std::string& name) const override { return index_.count(name) || joined_.count(name); }

  Info info(const std::string& name) const override {
    if (const auto found = joined_.find(name); found != joined_.end()) {
      const auto bits = [](const GgufTensor& t) {
        return double(t.nbytes) / double(std::max<int64_t>(numel(t.shape), 1));
      };
      const auto& parts = found->second;  // the coarsest says how exact the whole is
      const GgufTensor& t = *std::min_element(parts.begin(), parts.end(),
                                              [&](const auto& a, const auto& b) { return bits(a) < bits(b); });
      return {joined_shape(names_of(parts), shapes_of(parts)), t.packed() ? DType::BFloat16 : t.dtype,
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
      return joined_parts(names_of(found->second), parts, kv_heads_);
    }
    const GgufTensor& t = at(name);
    Tensor found = as_stored(name, t);
    if (gguf_is_decay(t.name)) found = log(neg(found.to(DType::Float32)));
    return is_transposed(t) ? found.transpose(0, 1).contiguous() : found;
  }

  Tensor matrix(const std::string& name, DType to) const override {
    const bool rounds = to == DType::BFloat16 || to == DType::Float16;
    if (!rounds || joined_.count(name) || is_transposed(at(name)) || gguf_is_decay(at(name).name) || !at(name).packed())
      return CheckpointReader::matrix(name, to);
    Tensor out = dense_weight_memory(at(name).shape, to);
    dequantize(at(name), permutation(name, at(name)), out);
    return out;
  }

  std::shared_ptr<Weight> packed(const std::string& name) const override {
    if (const auto found = joined_.find(name); found != joined_.end()) {
      const auto& parts = found->second;
      const std::vector<int64_t> rows = joined_rows(names_of(parts), shapes_of(parts), kv_heads_);
      return rows.empty() ? nullptr : pack(parts, rows);
    }
    const GgufTensor& t = at(name);
    return is_transposed(t) ? nullptr : pack({t}, permutation(name, t));
  }

 private:
  static std::vector<std::string> names_of(const std::vector<GgufTensor>& parts) {
    std::vector<std::string> names;
    for (const GgufTensor& t : parts) names.push_back(t.name);
    return names;
  }
  static std::vector<Shape> shapes_of(const std::vector<GgufTensor>& parts) {
    std::vector<Shape> shapes;
    for (const GgufTensor& t : parts) shapes.push_back(t.shape);
    return shapes;
  }

  // Rows of one type, behind one another or in another order, as they are stored; null where that cannot be.
  static std::shared_ptr<Weight> pack(const std::vector<GgufTensor>& parts, const std::vector<int64_t>& rows) {
    const GgmlType type = parts[0].type;
    for (const GgufTensor& t : parts)
      if (!t.packed() || t.shape.size() != 2 || !quant_computes(type) || t.type != type) return nullptr;
    const int64_t k = parts[0].shape[1];
    const size_t bytes = ggml_row_bytes(type, k);
    const auto* first = reinterpret_cast<const uint8_t*>(parts[0].data);
    if (parts.size() == 1 && parts[0].owner && parts[0].owner->mapped())
      return std::make_shared<GgmlWeight>(type, parts[0].shape[0], k, first, parts[0].owner, rows);
    std::vector<const uint8_t*> from;
    for (const GgufTensor& t : parts)
      for (int64_t r = 0; r < t.shape[0]; r++)
        from.push_back(reinterpret_cast<const uint8_t*>(t.data) + size_t(r) * bytes);
    std::vector<uint8_t> moved(rows.empty() ? 0 : bytes * rows.size());
    for (size_t r = 0; r < rows.size(); r++) std::memcpy(moved.data() + r * bytes, from[size_t(rows[r])], bytes);
    auto weight = std::make_shared<GgmlWeight>(type, int64_t(from.size()), k, rows.empty() ? first : moved.data());
    for (const GgufTensor& t : parts) t.drop_pages();
    return weight;
  }

  bool is_transposed(const GgufTensor& t) const { return gguf_is_transposed(*table_, t.name, t.shape.size()); }

  // With rows in the tree's order, but not yet transposed.
  Tensor as_stored(const std::string& name, const GgufTensor& t) const {
    const std::vector<int64_t> rows = permutation(name, t);
    if (!t.packed()) {
      Tensor mapped = wrap(t);
      if (gguf_is_whole_gain(*table_, name)) return sub(mapped, Scalar(1.0));
      if (rows.empty()) return mapped;
      Tensor out = Tensor::empty(t.shape, t.dtype);
      const size_t bytes = mapped.nbytes() / rows.size();
      for (size_t r = 0; r < rows.size(); r++)
        std::memcpy(static_cast<std::byte*>(out.mutable_data_ptr()) + r * bytes, t.data + size_t(rows[r]) * bytes,
                    bytes);
      return out;
    }
    Tensor out = Tensor::empty(t.shape);
    dequantize(t, rows, out);
    return out;
  }

  // Into f32, bf16 or f16, a row at a time.
  static void dequantize(const GgufTensor& t, const std::vector<int64_t>& rows, Tensor& out) {
    const int64_t k = t.shape.back(), n = numel(t.shape) / k;
    const size_t bytes = ggml_row_bytes(t.type, k), item = item_size(out.dtype());
    const auto* data = reinterpret_cast<const uint8_t*>(t.data);
    auto* to = static_cast<char*>(out.mutable_data_ptr());
    parallel_for(n, 16, [&](int64_t begin, int64_t end) {
      std::vector<float> row(static_cast<size_t>(k));
      for (int64_t r = begin; r < end; r++) {
        dequantize_row(t.type, data + size_t(rows.empty() ? r : rows[size_t(r)]) * bytes, row.data(), k);
        kernels().convert(k, row.data(), DType::Float32, to + size_t(r * k) * item, out.dtype());
      }
    });
    t.drop_pages();
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

  // One of the tensors that are one in the tree; `from` names them all.
  void add_joined(const std::string& name, const std::string& from, const GgufTensor& t) {
    const std::vector<std::string> all = split_gguf_names(from);
    std::string layer;
    const auto own = std::find(all.begin(), all.end(), without_layer(t.name, layer));
    check<CheckpointError>(own != all.end(), file_.path(), ": tensor '", t.name, "': unknown, near to ", from);
    std::vector<GgufTensor>& parts = joined_[name];
    if (parts.empty()) names_.push_back(name);
    parts.resize(all.size());
    parts[size_t(own - all.begin())] = t;
  }

  // "blk.3.attn_q.weight" → "blk.{}.attn_q.weight" and "3"; "" for a name that ends in the middle.
  static std::string without_layer(const std::string& name, std::string& layer) {
    const size_t begin = name.find("blk.");
    if (begin != 0 && begin != 4) return name;  // 4: of an encoder or a decoder
    const size_t end = name.find('.', begin + 4);
    if (end == std::string::npos) return "";
    layer = name.substr(begin + 4, end - begin - 4);
    return name.substr(0, begin) + "blk.{}" + name.substr(end);
  }

  // "blk.3.attn_q.weight" → "model.layers.3.self_attn.q_proj.weight"; "" for what the tree has no place for. `from`:
  // how the table calls it.
  std::string tree_name(const std::string& name, std::string& from) const {
    const size_t dot = name.rfind('.');
    if (dot == std::string::npos) return "";
    std::string suffix, layer, stem = without_layer(name, layer);
    if (stem.empty()) return "";
    const auto named = [&]() -> std::string {
      for (auto& [file, tree] : names_in_tables_)
        if (file == stem || file.starts_with(stem + "|") || file.ends_with("|" + stem)) {
          std::string out = tree;
          if (const size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, layer);
          from = file;
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
  std::vector<std::pair<std::string, std::string>> names_in_tables_;
  std::unordered_map<std::string, GgufTensor> index_;
  std::unordered_map<std::string, std::vector<GgufTensor>> joined_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<CheckpointReader> open_gguf(const std::string& path, bool disable_mmap, const std::string& model_type) {
  return std::make_unique<GgufReader>(path, disable_mmap, model_type);
}

}  // namespace ef
