#include "ops/embedding.h"

#include <cstring>

#include "ops/helpers.h"

namespace ef {
namespace {

Tensor checked_ids(const char* where, const Tensor& ids, int64_t rows) {
  check<DtypeError>(
      ids.dtype() == DType::Int64 || ids.dtype() == DType::Int32, where,
      ": expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ",
      scalar_name(ids.dtype()), " instead");
  const Tensor out = ids.detach().to(DType::Int64).contiguous();
  const int64_t* p = out.data<int64_t>();
  for (int64_t i = 0; i < out.numel(); i++)
    check<IndexError>(p[i] >= 0 && p[i] < rows, "index out of range in self: ", where, " found id ", p[i],
                      ", needed 0 to ", rows - 1);
  return out;
}

}  // namespace

Tensor embedding(const Tensor& table, const Tensor& ids, int64_t padding_idx) {
  check<ShapeError>(table.dim() == 2, "'weight' must be 2-D, found shape ", table.shape());
  const int64_t rows = table.size(0), width = table.size(1);
  const Tensor index = checked_ids("embedding", ids, rows), source = table.detach().contiguous();
  Shape shape = ids.shape();
  shape.push_back(width);
  Tensor y = Tensor::empty(shape, table.dtype());
  const size_t bytes = size_t(width) * table.element_size();
  const auto* src = static_cast<const char*>(source.data_ptr());
  auto* dst = static_cast<char*>(y.mutable_data_ptr());
  const int64_t* p = index.data<int64_t>();
  parallel_for(index.numel(), std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; i++)
                   std::memcpy(dst + size_t(i) * bytes, src + size_t(p[i]) * bytes, bytes);
               });
  record("EmbeddingBackward0", y, {table}, [index, rows, width, padding_idx, dtype = table.dtype()](const Tensor& dy) {
    const Tensor g = kernel_input(dy);
    Tensor dx = Tensor::zeros({rows, width}, g.dtype());
    visit_real(g.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      const int64_t* p = index.data<int64_t>();
      const C* from = g.data<C>();
      C* to = dx.mutable_data<C>();
      // Columns are shared out, so that equal ids add up in order.
      parallel_for(width, std::max<int64_t>(16, kGrain / std::max<int64_t>(1, index.numel())),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = 0; i < index.numel(); i++) {
                       if (p[i] == padding_idx) continue;
                       for (int64_t c = begin; c < end; c++) to[p[i] * width + c] += from[i * width + c];
                     }
                   });
    });
    return Grads{dx};
  });
  return y;
}

Tensor one_hot(const Tensor& ids, int64_t classes) {
  check<DtypeError>(ids.dtype() == DType::Int64, "one_hot is only applicable to index tensor of type LongTensor.");
  const Tensor index = ids.contiguous();
  const int64_t* p = index.data<int64_t>();
  int64_t most = -1;
  for (int64_t i = 0; i < index.numel(); i++) {
    check<ConfigError>(p[i] >= 0, "Class values must be non-negative.");
    most = std::max(most, p[i]);
  }
  if (classes < 0) {
    check<ConfigError>(index.numel() > 0, "Can not infer total number of classes from empty tensor.");
    classes = most + 1;
  }
  check<ConfigError>(most < classes, "Class values must be smaller than num_classes.");
  Shape shape = ids.shape();
  shape.push_back(classes);
  Tensor y = Tensor::zeros(shape, DType::Int64);
  int64_t* out = y.mutable_data<int64_t>();
  for (int64_t i = 0; i < index.numel(); i++) out[i * classes + p[i]] = 1;
  return y;
}

}  // namespace ef
