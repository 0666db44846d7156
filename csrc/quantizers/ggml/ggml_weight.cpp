#include "quantizers/ggml/ggml_weight.h"

#include "core/thread_pool.h"
#include "kernels/quant.h"
#include "tensor/weight_memory.h"

namespace ef {

GgmlWeight::GgmlWeight(GgmlType type, int64_t n, int64_t k, const uint8_t* file_rows) : type_(type), n_(n), k_(k) {
  check<UnsupportedError>(quant_computes(type), "no kernels compute on ", ggml_type_name(type),
                          "; dequantize it at load");
  check<ShapeError>(n > 0 && k > 0 && k % ggml_type_info(type).block_length == 0, ggml_type_name(type),
                    " weight: found shape [", n, ", ", k, "], needed rows of a multiple of ",
                    ggml_type_info(type).block_length);
  packed_ = weight_memory(quant_packed_bytes(type, n, k));
  quant_pack(type, n, k, file_rows, packed_.mutable_data<uint8_t>());
}

Tensor GgmlWeight::matmul(const Activation& x) const { return matmul_many(x, {this})[0]; }

std::vector<Tensor> GgmlWeight::matmul_many(const Activation& x, const std::vector<const Weight*>& all) const {
  std::vector<Tensor> ys;
  std::vector<QuantTarget> targets;
  for (const Weight* weight : all) {
    auto* w = dynamic_cast<const GgmlWeight*>(weight);
    if (!w) return Weight::matmul_many(x, all);
    check<ShapeError>(x.k() == w->k_, "ggml weight: found input of ", x.k(), " columns, needed ", w->k_);
    ys.push_back(Tensor::empty({x.m(), w->n_}));
    targets.push_back({w->type_, w->packed_.data<uint8_t>(), w->n_, ys.back().mutable_data<float>(), w->n_});
  }
  const Tensor& rows = x.operand();
  if (quant_rounds(x.m()) && rows.dtype() != DType::Float64)
    quant_matmul_rounded(x.m(), x.k(), rows.data_ptr(), rows.dtype(), x.k(), targets);
  else
    quant_matmul(x.m(), x.k(), x.quantized(), targets);
  return ys;
}

Tensor GgmlWeight::matmul_grad(const Tensor& dy) const {
  check<ShapeError>(dy.dim() == 2 && dy.size(1) == n_, "ggml weight: found gradient of shape ", dy.shape(),
                    ", needed [m, ", n_, "]");
  const Tensor d = dy.to(DType::Float32).contiguous();
  Tensor dx = Tensor::empty({d.size(0), k_});
  quant_matmul_grad(type_, d.size(0), n_, k_, packed_.data<uint8_t>(), d.data<float>(), n_, dx.mutable_data<float>(),
                    k_);
  return dx;
}

Tensor GgmlWeight::rows(const Tensor& ids) const {
  Shape shape = ids.shape();
  shape.push_back(k_);
  Tensor y = Tensor::empty(shape);
  float* out = y.mutable_data<float>();
  const int64_t* index = ids.data<int64_t>();
  parallel_for(ids.numel(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      quant_unpack_rows(type_, n_, k_, packed_.data<uint8_t>(), index[i], index[i] + 1, out + i * k_);
  });
  return y;
}

Tensor GgmlWeight::dense(int64_t begin, int64_t end) const {
  check<IndexError>(begin >= 0 && begin <= end && end <= n_, "ggml weight: found rows ", begin, " to ", end,
                    ", it has ", n_);
  Tensor y = Tensor::empty({end - begin, k_});
  quant_unpack_rows(type_, n_, k_, packed_.data<uint8_t>(), begin, end, y.mutable_data<float>());
  return y;
}

}  // namespace ef
