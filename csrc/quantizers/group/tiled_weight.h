// A packed matrix that is multiplied a tile at a time: rows become f32 or bf16 in a buffer that fits the cache, and the
// dense product takes over. Kinds whose codes can be multiplied as they are (dot) do so for few rows of x.
#pragma once
#include "quantizers/weight.h"

namespace ef {

class TiledWeight : public Weight {
 public:
  // How it was packed or restored, for values of another one in its place; null where nobody said.
  std::shared_ptr<const struct QuantSpec> spec;
  std::string format;  // of quantizers()
  TiledWeight(int64_t n, int64_t k, DType dtype, DType compute);
  Shape shape() const override { return {n_, k_}; }
  DType dtype() const override { return dtype_; }
  DType compute_dtype() const { return compute_; }  // bf16: tiles and their input are rounded to it; else f32
  Tensor matmul(const Activation& x) const override;
  std::vector<Tensor> matmul_many(const Activation& x, const std::vector<const Weight*>& all) const override;
  Tensor matmul_grad(const Tensor& dy) const override;
  Tensor rows(const Tensor& ids) const override;
  Tensor dense(int64_t begin, int64_t end) const override;

 protected:
  // out [end - begin, k] of f32 or bf16. By one thread.
  virtual void expand(int64_t begin, int64_t end, bool to_bf16, void* out) const = 0;
  // y[:, begin … end-1] for x [m, k], without expanding; x as prepare() left it. False: the kind can't.
  virtual bool has_dot() const { return false; }
  virtual bool takes_input_as_it_is() const { return true; }  // else matmul() is overridden
  virtual Tensor prepare(const Tensor& x) const { return x; }
  virtual void dot(const Tensor& prepared, int64_t begin, int64_t end, float* y) const {}
  // Columns may be stored in another order than they are numbered in.
  virtual Tensor to_stored(const Tensor& x) const { return x; }
  virtual Tensor from_stored(const Tensor& dx) const { return dx; }

  const int64_t n_, k_;

 private:
  static bool few(int64_t m);
  int64_t tile_rows() const;
  Tensor tile(int64_t begin, int64_t end) const;
  const DType dtype_, compute_;
};

}  // namespace ef
