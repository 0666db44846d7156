#include "quantizers/dense/dense_weight.h"

#include <cstring>

#include "core/thread_pool.h"
#include "kernels/gemm.h"

namespace ef {

DenseWeight::DenseWeight(Tensor parameter) : parameter_(std::move(parameter)) {
  check<ShapeError>(parameter_.dim() == 2, "weight: found shape ", parameter_.shape(), ", needed two dimensions");
  check<DtypeError>(is_floating(parameter_.dtype()) && is_computable(parameter_.dtype()), "weight: found dtype ",
                    dtype_name(parameter_.dtype()), ", needed float32, bfloat16, float16 or float64");
}

namespace {
// Kernels want unit stride along k; rows may be apart. A transposed leaf is copied for the call.
Tensor row_major(const Tensor& w) { return w.stride(1) == 1 || w.size(1) == 1 ? w : w.contiguous(); }
}  // namespace

Tensor DenseWeight::matmul(const Activation& x) const { return matmul_many(x, {this})[0]; }

std::vector<Tensor> DenseWeight::matmul_many(const Activation& x, const std::vector<const Weight*>& all) const {
  const int64_t m = x.m(), k = x.k();
  const Tensor& operand = x.operand();
  const bool wide = operand.dtype() == DType::Float64;
  std::vector<Tensor> ys, kept;
  std::vector<GemmTarget> targets;
  for (const Weight* weight : all) {
    auto* dense = dynamic_cast<const DenseWeight*>(weight);
    if (!dense) return Weight::matmul_many(x, all);
    const Tensor w = row_major(dense->parameter_.detach());
    const int64_t n = w.size(0);
    ys.push_back(Tensor::empty({m, n}, wide ? DType::Float64 : DType::Float32));
    if (wide) {
      const Tensor w64 = w.to(DType::Float64);
      gemm_nt(m, n, k, operand.data<double>(), k, w64.data<double>(), w64.stride(0), ys.back().mutable_data<double>(),
              n);
      continue;
    }
    kept.push_back(w.dtype() == DType::Float64 ? w.to(DType::Float32) : w);
    targets.push_back(
        {kept.back().data_ptr(), kept.back().dtype(), kept.back().stride(0), n, ys.back().mutable_data<float>(), n});
  }
  if (!targets.empty()) gemm_nt_many(m, k, operand.data_ptr(), operand.dtype(), k, targets);
  return ys;
}

void DenseWeight::multiply_grad(const Tensor& dy, Tensor& dx, bool add) const {
  const Tensor w = row_major(parameter_.detach());
  const int64_t m = dy.size(0), n = w.size(0), k = w.size(1);
  if (dy.dtype() == DType::Float64) {
    const Tensor w64 = w.to(DType::Float64);
    gemm_nn(m, k, n, dy.data<double>(), n, w64.data<double>(), w64.stride(0), dx.mutable_data<double>(), k, add);
  } else {
    const Tensor w32 = w.dtype() == DType::Float64 ? w.to(DType::Float32) : w;
    gemm_nn(m, k, n, dy.data<float>(), DType::Float32, n, w32.data_ptr(), w32.dtype(), w32.stride(0),
            dx.mutable_data<float>(), k, add);
  }
}
Tensor DenseWeight::matmul_grad(const Tensor& dy) const {
  Tensor dx = Tensor::empty({dy.size(0), parameter_.size(1)}, dy.dtype());
  multiply_grad(dy, dx, false);
  return dx;
}
void DenseWeight::add_matmul_grad(const Tensor& dy, Tensor& dx) const { multiply_grad(dy, dx, true); }

std::shared_ptr<Weight> DenseWeight::rounded() const {
  const std::lock_guard guard(lock_);
  const uint32_t version = parameter_.storage()->version();
  std::shared_ptr<Weight> kept = rounded_.lock();
  if (!kept || rounded_version_ != version) {
    kept = std::make_shared<DenseWeight>(parameter_.detach().to(DType::BFloat16));
    rounded_ = kept;
    rounded_version_ = version;
  }
  return kept;
}

Tensor DenseWeight::rows(const Tensor& ids) const {
  const Tensor w = row_major(parameter_.detach());
  const int64_t k = w.size(1), count = ids.numel();
  const DType out = w.dtype() == DType::Float64 ? DType::Float64 : DType::Float32;
  Shape shape = ids.shape();
  shape.push_back(k);
  Tensor y = Tensor::empty(shape, out);
  const int64_t* index = ids.data<int64_t>();
  visit_dtype(w.dtype(), "embedding", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* table = static_cast<const T*>(w.data_ptr());
    auto copy = [&](auto* to) {
      parallel_for(count, 64, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
          const T* from = table + index[i] * w.stride(0);
          for (int64_t j = 0; j < k; j++) to[i * k + j] = std::remove_reference_t<decltype(*to)>(float(from[j]));
        }
      });
    };
    if constexpr (std::is_same_v<T, double>) {
      double* to = y.mutable_data<double>();
      for (int64_t i = 0; i < count; i++) std::memcpy(to + i * k, table + index[i] * w.stride(0), size_t(k) * 8);
    } else {
      copy(y.mutable_data<float>());
    }
  });
  return y;
}

Tensor DenseWeight::dense(int64_t begin, int64_t end) const {
  return parameter_.detach().narrow(0, begin, end - begin);
}

}  // namespace ef
