#include "quantizers/ggml/ggml_weight.h"

#include <algorithm>
#include <span>

#include "core/thread_pool.h"
#include "kernels/reference/dequantize.h"
#include "tensor/weight_memory.h"

namespace ef {

GgmlWeight::GgmlWeight(GgmlType type, int64_t n, int64_t k, const uint8_t* file_rows) : type_(type), n_(n), k_(k) {
  check_shape();
  pack(file_rows, nullptr);
}

GgmlWeight::GgmlWeight(GgmlType type, int64_t n, int64_t k, const uint8_t* file_rows, FilePtr file,
                       std::vector<int64_t> order)
    : type_(type), n_(n), k_(k) {
  check_shape();
  in_file_ = std::make_shared<InFile>(InFile{std::move(file), file_rows, std::move(order)});
}

void GgmlWeight::check_shape() const {
  check<UnsupportedError>(quant_computes(type_), "no kernels compute on ", ggml_type_name(type_),
                          "; dequantize it at load");
  check<ShapeError>(n_ > 0 && k_ > 0 && k_ % ggml_type_info(type_).block_length == 0, ggml_type_name(type_),
                    " weight: found shape [", n_, ", ", k_, "], needed rows of a multiple of ",
                    ggml_type_info(type_).block_length);
}

// The file's pages go piece by piece, so that a large matrix is not in memory twice.
void GgmlWeight::pack(const FileRows& rows, const MappedFile* file) const {
  constexpr size_t kPiece = 4 << 20;
  const size_t row_bytes = ggml_row_bytes(type_, k_), panel_bytes = quant_packed_bytes(type_, 16, k_);
  const auto sections = int64_t(std::max<size_t>(1, kPiece / (kQuantSectionRows * row_bytes)));
  const int64_t step = sections * kQuantSectionRows;
  WeightPieces packed = weight_memory_in_pieces(nbytes());
  uint8_t* to = packed.memory.mutable_data<uint8_t>();
  for (int64_t begin = 0; begin < n_; begin += step, to += size_t(step / 16) * panel_bytes) {
    const int64_t count = std::min(step, n_ - begin);
    packed.prepare(std::min(nbytes(), size_t((begin + count + 15) / 16) * panel_bytes));
    const uint8_t* from = rows.data + size_t(begin) * row_bytes;
    quant_pack(type_, count, k_, rows.order ? FileRows(rows.data, rows.order + begin) : FileRows(from), to);
    if (file && !rows.order) file->drop_pages(std::as_bytes(std::span(from, size_t(count) * row_bytes)));
  }
  if (file && rows.order) file->drop_pages(std::as_bytes(std::span(rows.data, size_t(n_) * row_bytes)));
  packed_ = std::move(packed.memory);
  data_.store(packed_.data<uint8_t>(), std::memory_order_release);
}

const Tensor& GgmlWeight::packed() const {
  if (!data_.load(std::memory_order_acquire)) {
    std::lock_guard guard(lock_);
    if (in_file_) pack(in_file_->rows(), in_file_->file.get());
    in_file_ = nullptr;  // readers of the file keep it as long as they need it
  }
  return packed_;
}

GgmlWeight::InFilePtr GgmlWeight::in_file() const {
  if (data_.load(std::memory_order_acquire)) return nullptr;
  std::lock_guard guard(lock_);
  return in_file_;
}

GgmlWeight::Operand GgmlWeight::operand() const {
  Operand out{{type_, data_.load(std::memory_order_acquire), n_, nullptr, 0}, nullptr};
  if (out.target.packed) return out;
  if (const InFilePtr file = used_.exchange(true, std::memory_order_relaxed) ? nullptr : in_file()) {
    out.target.file = file->rows();
    out.file = file;
  } else {
    out.target.packed = packed().data<uint8_t>();
  }
  return out;
}

Tensor GgmlWeight::matmul(const Activation& x) const { return matmul_many(x, {this})[0]; }

std::vector<Tensor> GgmlWeight::matmul_many(const Activation& x, const std::vector<const Weight*>& all) const {
  std::vector<Tensor> ys;
  std::vector<QuantTarget> targets;
  std::vector<std::shared_ptr<const void>> files;
  for (const Weight* weight : all) {
    auto* w = dynamic_cast<const GgmlWeight*>(weight);
    if (!w) return Weight::matmul_many(x, all);
    check<ShapeError>(x.k() == w->k_, "ggml weight: found input of ", x.k(), " columns, needed ", w->k_);
    ys.push_back(Tensor::empty({x.m(), w->n_}));
    Operand operand = w->operand();
    targets.push_back(operand.target);
    targets.back().y = ys.back().mutable_data<float>();
    targets.back().ldy = w->n_;
    files.push_back(std::move(operand.file));
  }
  const Tensor& rows = x.operand();
  if (quant_rounds(x.m()) && rows.dtype() != DType::Float64)
    quant_matmul_rounded(x.m(), x.k(), rows.data_ptr(), rows.dtype(), x.k(), targets);
  else
    quant_matmul(x.m(), x.k(), x.quantized(), targets);
  return ys;
}

bool GgmlWeight::finds_largest() const {
  constexpr size_t kInCache = 32 << 20;  // bytes that the last cache may hold, where reading them all is as fast
  return quant_estimates(type_) && nbytes() >= kInCache && is_packed();
}

Tensor GgmlWeight::matmul_largest(const Activation& x) const {
  constexpr double kTooMany = 0.3;
  constexpr int kPause = 15;
  check<ShapeError>(x.k() == k_, "ggml weight: found input of ", x.k(), " columns, needed ", k_);
  if (x.m() != 1 || !finds_largest() || quant_rounds(1)) return matmul(x);
  if (plain_.load(std::memory_order_relaxed) > 0) {
    plain_.fetch_sub(1, std::memory_order_relaxed);
    return matmul(x);
  }
  Tensor y = Tensor::empty({1, n_});
  const QuantTarget target{type_, packed().data<uint8_t>(), n_, y.mutable_data<float>(), n_};
  if (quant_matmul_largest(k_, x.quantized(), target) > kTooMany) plain_.store(kPause, std::memory_order_relaxed);
  return y;
}

Tensor GgmlWeight::matmul_grad(const Tensor& dy) const {
  check<ShapeError>(dy.dim() == 2 && dy.size(1) == n_, "ggml weight: found gradient of shape ", dy.shape(),
                    ", needed [m, ", n_, "]");
  const Tensor d = dy.to(DType::Float32).contiguous();
  Tensor dx = Tensor::empty({d.size(0), k_});
  quant_matmul_grad(type_, d.size(0), n_, k_, packed().data<uint8_t>(), d.data<float>(), n_, dx.mutable_data<float>(),
                    k_);
  return dx;
}

Tensor GgmlWeight::rows(const Tensor& ids) const {
  Shape shape = ids.shape();
  shape.push_back(k_);
  Tensor y = Tensor::empty(shape);
  float* out = y.mutable_data<float>();
  const int64_t* index = ids.data<int64_t>();
  const InFilePtr file = in_file();
  parallel_for(ids.numel(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      if (file)
        dequantize_row(type_, file->rows().row(index[i], ggml_row_bytes(type_, k_)), out + i * k_, k_);
      else
        quant_unpack_rows(type_, n_, k_, packed_.data<uint8_t>(), index[i], index[i] + 1, out + i * k_);
  });
  return y;
}

Tensor GgmlWeight::dense(int64_t begin, int64_t end) const {
  check<IndexError>(begin >= 0 && begin <= end && end <= n_, "ggml weight: found rows ", begin, " to ", end,
                    ", it has ", n_);
  Tensor y = Tensor::empty({end - begin, k_});
  quant_unpack_rows(type_, n_, k_, packed().data<uint8_t>(), begin, end, y.mutable_data<float>());
  return y;
}

}  // namespace ef
