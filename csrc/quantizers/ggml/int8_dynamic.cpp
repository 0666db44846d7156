// Both sides of a product as whole numbers: matrices in blocks of 32 with a scale each (q8_0), and inputs rounded the
// same way when they come. Finer than one scale a row and a token, which is what torchao keeps under this name.
#include "core/thread_pool.h"
#include "kernels/encode.h"
#include "quantizers/ggml/ggml_weight.h"
#include "quantizers/quantizer.h"

namespace ef {
namespace {

WeightPtr pack(const Tensor& dense, const QuantSpec&) {
  const Tensor rows = packable(dense, "int8 dynamic");
  const int64_t n = rows.size(0), k = rows.size(1), bytes = int64_t(ggml_row_bytes(GgmlType::Q8_0, k));
  check<ShapeError>(k % 32 == 0, "int8 dynamic: found rows of ", k, ", needed a multiple of 32");
  std::vector<uint8_t> blocks(size_t(n * bytes));
  parallel_for(n, 1 + 65536 / k, [&](int64_t begin, int64_t end) {
    encode_rows(GgmlType::Q8_0, end - begin, k, rows.data<float>() + begin * k, nullptr, blocks.data() + begin * bytes);
  });
  return std::make_shared<GgmlWeight>(GgmlType::Q8_0, n, k, blocks.data());
}

WeightPtr restore(const Parts&, const Shape&, const QuantSpec&) {
  fail<UnsupportedError>("int8 dynamic: a checkpoint that torchao has packed; load the dense one and pack it here");
}

}  // namespace

Quantizer int8_dynamic_format() { return {{}, pack, restore}; }

}  // namespace ef
