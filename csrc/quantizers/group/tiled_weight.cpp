#include "quantizers/group/tiled_weight.h"

#include <algorithm>

#include "core/thread_pool.h"
#include "kernels/gemm.h"

namespace ef {
namespace {
constexpr int64_t kDotRows = 8;  // with more rows of x, a tile pays
}

TiledWeight::TiledWeight(int64_t n, int64_t k, DType dtype, DType compute)
    : n_(n), k_(k), dtype_(dtype), compute_(compute == DType::BFloat16 ? compute : DType::Float32) {
  check<ShapeError>(n > 0 && k > 0, "packed weight: found shape [", n, ", ", k, "], needed two positive numbers");
}

int64_t TiledWeight::tile_rows() const {
  const int64_t bytes = k_ * (compute_ == DType::BFloat16 ? 2 : 4);
  return std::clamp<int64_t>((1 << 20) / bytes / 64 * 64, 64, 1024);
}

Tensor TiledWeight::tile(int64_t begin, int64_t end) const {
  Tensor out = Tensor::empty({end - begin, k_}, compute_);
  auto* to = static_cast<char*>(out.mutable_data_ptr());
  const int64_t row = k_ * int64_t(item_size(compute_));
  parallel_for(end - begin, 1 + 16384 / k_, [&](int64_t from, int64_t until) {
    expand(begin + from, begin + until, compute_ == DType::BFloat16, to + from * row);
  });
  return out;
}

bool TiledWeight::few(int64_t m) { return m <= kDotRows || batch_invariant() || SingleRowOrder::on(); }

// Few rows: one parallel region for q, k and v.
std::vector<Tensor> TiledWeight::matmul_many(const Activation& x, const std::vector<const Weight*>& all) const {
  struct Part {
    const TiledWeight* weight;
    Tensor prepared, y;
    int64_t first;
  };
  std::vector<Part> parts;
  int64_t rows = 0;
  for (const Weight* one : all) {
    auto* weight = dynamic_cast<const TiledWeight*>(one);
    if (!weight || !few(x.m()) || !weight->has_dot() || !weight->takes_input_as_it_is() || weight->k_ != x.k())
      return Weight::matmul_many(x, all);
    const Tensor prepared = weight->prepare(weight->to_stored(x.rows().to(DType::Float32)));
    parts.push_back({weight, prepared, Tensor::empty({x.m(), weight->n_}), rows});
    rows += weight->n_;
  }
  std::vector<float*> to;
  for (Part& part : parts) to.push_back(part.y.mutable_data<float>());
  parallel_for(rows, 1 + 32768 / k_, [&](int64_t begin, int64_t end) {
    for (size_t i = 0; i < parts.size(); i++) {
      const Part& part = parts[i];
      const int64_t low = std::max(begin, part.first), high = std::min(end, part.first + part.weight->n_);
      if (low < high) part.weight->dot(part.prepared, low - part.first, high - part.first, to[i]);
    }
  });
  std::vector<Tensor> ys;
  for (Part& part : parts) ys.push_back(part.y);
  return ys;
}

Tensor TiledWeight::matmul(const Activation& activation) const {
  const int64_t m = activation.m();
  check<ShapeError>(activation.k() == k_, kind(), " weight: found input of ", activation.k(), " columns, needed ", k_);
  const Tensor x = to_stored(activation.rows().to(DType::Float32));
  Tensor y = Tensor::empty({m, n_});
  float* to = y.mutable_data<float>();
  if (has_dot() && few(m)) {
    const Tensor prepared = prepare(x);
    parallel_for(n_, 1 + 32768 / k_, [&](int64_t begin, int64_t end) { dot(prepared, begin, end, to); });
    return y;
  }
  for (int64_t row = 0; row < n_; row += tile_rows()) {
    const int64_t end = std::min(n_, row + tile_rows());
    const Tensor w = tile(row, end);
    gemm_nt(m, end - row, k_, x.data<float>(), DType::Float32, k_, w.data_ptr(), compute_, k_, to + row, n_);
  }
  return y;
}

Tensor TiledWeight::matmul_grad(const Tensor& dy) const {
  check<ShapeError>(dy.dim() == 2 && dy.size(1) == n_, kind(), " weight: found gradient of shape ", dy.shape(),
                    ", needed [m, ", n_, "]");
  const Tensor d = dy.to(DType::Float32).contiguous();
  const int64_t m = d.size(0);
  Tensor dx = Tensor::empty({m, k_});
  for (int64_t row = 0; row < n_; row += tile_rows()) {
    const int64_t end = std::min(n_, row + tile_rows());
    const Tensor w = tile(row, end);
    gemm_nn(m, k_, end - row, d.data<float>() + row, DType::Float32, n_, w.data_ptr(), compute_, k_,
            dx.mutable_data<float>(), k_, row > 0);
  }
  return from_stored(dx);
}

Tensor TiledWeight::rows(const Tensor& ids) const {
  Shape shape = ids.shape();
  shape.push_back(k_);
  Tensor y = Tensor::empty({ids.numel(), k_});
  float* out = y.mutable_data<float>();
  const int64_t* index = ids.data<int64_t>();
  parallel_for(ids.numel(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) expand(index[i], index[i] + 1, false, out + i * k_);
  });
  return from_stored(y).view(shape);
}

Tensor TiledWeight::dense(int64_t begin, int64_t end) const {
  check<IndexError>(begin >= 0 && begin <= end && end <= n_, kind(), " weight: found rows ", begin, " to ", end,
                    ", it has ", n_);
  Tensor y = Tensor::empty({end - begin, k_});
  float* out = y.mutable_data<float>();
  parallel_for(end - begin, 1 + 16384 / k_,
               [&](int64_t from, int64_t until) { expand(begin + from, begin + until, false, out + from * k_); });
  return from_stored(y);
}

}  // namespace ef
