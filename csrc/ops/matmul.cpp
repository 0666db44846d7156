#include "ops/matmul.h"

#include "kernels/gemm.h"
#include "kernels/rowwise.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/reduce.h"
#include "ops/shape_ops.h"

namespace ef {
namespace {

// A batch of matrices as the kernels see it: stored by rows, or transposed.
struct Operand2d {
  Tensor x;
  bool transposed = false;
  int64_t ld = 0, batch = 0;  // strides in elements

  // x [count, rows, columns]; copied when it lies otherwise
  explicit Operand2d(const Tensor& given) : x(given) {
    if (!fits()) {
      x = x.contiguous();
      fits();
    }
  }
  const char* at(int64_t i) const {
    return static_cast<const char*>(x.data_ptr()) + i * batch * int64_t(x.element_size());
  }

 private:
  bool fits() {
    const int64_t rows = x.size(1), columns = x.size(2), down = x.stride(1), along = x.stride(2);
    batch = x.size(0) > 1 ? x.stride(0) : 0;
    transposed = false;
    ld = std::max<int64_t>(rows > 1 ? down : columns, 1);
    if ((along == 1 || columns <= 1) && ld >= columns) return true;
    transposed = true;
    ld = std::max<int64_t>(columns > 1 ? along : rows, 1);
    return (down == 1 || rows <= 1) && ld >= rows;
  }
};

// c [count, m, n] = a [count, m, k] · b [count, k, n] without history; integers by plain loops.
Tensor product(const Tensor& a3, const Tensor& b3) {
  const int64_t count = a3.size(0), m = a3.size(1), k = a3.size(2), n = b3.size(2);
  const DType dtype = a3.dtype();
  if (!is_floating(dtype)) {
    const Tensor a = a3.detach().to(DType::Int64).contiguous(), b = b3.detach().to(DType::Int64).contiguous();
    Tensor c = Tensor::zeros({count, m, n}, DType::Int64);
    const int64_t *pa = a.data<int64_t>(), *pb = b.data<int64_t>();
    int64_t* pc = c.mutable_data<int64_t>();
    parallel_for(count * m, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n * k)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end; r++)
                     for (int64_t j = 0; j < k; j++)
                       for (int64_t i = 0; i < n; i++) pc[r * n + i] += pa[r * k + j] * pb[((r / m) * k + j) * n + i];
                 });
    return c.to(dtype);
  }
  if (m * n * count == 0 || k == 0) return Tensor::zeros({count, m, n}, dtype);
  Operand2d a(a3.detach()), b(b3.detach());
  if (a.transposed && b.transposed) a = Operand2d(a.x.contiguous());
  if (dtype == DType::Float64) {
    Tensor c = Tensor::empty({count, m, n}, dtype);
    double* out = c.mutable_data<double>();
    for (int64_t i = 0; i < count; i++) {
      const auto* pa = reinterpret_cast<const double*>(a.at(i));
      const auto* pb = reinterpret_cast<const double*>(b.at(i));
      if (b.transposed)
        gemm_nt(m, n, k, pa, a.ld, pb, b.ld, out + i * m * n, n);
      else if (a.transposed)
        gemm_tn(m, n, k, pa, a.ld, pb, b.ld, out + i * m * n, n);
      else
        gemm_nn(m, n, k, pa, a.ld, pb, b.ld, out + i * m * n, n);
    }
    return c;
  }
  if (dtype == DType::BFloat16 && count == 1) {
    Tensor rounded = Tensor::empty({count, m, n}, dtype);
    const GemmOperand left{a.at(0), a.ld, a.transposed}, right{b.at(0), b.ld, b.transposed};
    if (gemm_bf16(m, n, k, left, right, rounded.mutable_data_ptr(), n)) return rounded;
  }
  Tensor c = Tensor::empty({count, m, n});
  float* out = c.mutable_data<float>();
  const GemmBatch batch{count, a.batch, b.batch, m * n};
  if (count == 1) {
    if (b.transposed)
      gemm_nt(m, n, k, a.at(0), dtype, a.ld, b.at(0), dtype, b.ld, out, n);
    else if (a.transposed)
      gemm_tn(m, n, k, a.at(0), dtype, a.ld, b.at(0), dtype, b.ld, out, n);
    else
      gemm_nn(m, n, k, a.at(0), dtype, a.ld, b.at(0), dtype, b.ld, out, n);
  } else {
    if (b.transposed)
      gemm_nt_batched(batch, m, n, k, a.at(0), dtype, a.ld, b.at(0), dtype, b.ld, out, n);
    else if (a.transposed)
      gemm_tn_batched(batch, m, n, k, a.at(0), dtype, a.ld, b.at(0), dtype, b.ld, out, n);
    else
      gemm_nn_batched(batch, m, n, k, a.at(0), dtype, a.ld, b.at(0), dtype, b.ld, out, n);
  }
  return c.to(dtype);
}

void check_dtypes(const char* where, const Tensor& a, const Tensor& b) {
  check<DtypeError>(a.dtype() == b.dtype(), where,
                    ": expected m1 and m2 to have the same dtype, but got: ", dtype_name(a.dtype()),
                    " != ", dtype_name(b.dtype()));
}

// [count, m, k] · [count, k, n] with history
Tensor multiply(const char* name, const Tensor& a, const Tensor& b) {
  Tensor y = product(a, b);
  if (needs_grad(a, b)) {
    const bool da = a.requires_grad(), db = b.requires_grad();
    record(name, y, {a, b}, [da, db, a = db ? save(a) : Saved(), b = da ? save(b) : Saved()](const Tensor& dy) {
      return Grads{da ? product(dy, b.get().transpose(1, 2)) : Tensor(),
                   db ? product(a.get().transpose(1, 2), dy) : Tensor()};
    });
  }
  return y;
}

void check_inner(int64_t m, int64_t k, const Tensor& b) {
  check<ShapeError>(k == b.size(0), "mat1 and mat2 shapes cannot be multiplied (", m, "x", k, " and ", b.size(0), "x",
                    b.size(1), ")");
}

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  check<ShapeError>(a.dim() == 2, "self must be a matrix");
  check<ShapeError>(b.dim() == 2, "mat2 must be a matrix");
  check_inner(a.size(0), a.size(1), b);
  check_dtypes("mm", a, b);
  return multiply("MmBackward0", a.unsqueeze(0), b.unsqueeze(0)).squeeze(0);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check<ShapeError>(a.dim() == 3, "batch1 must be a 3D tensor");
  check<ShapeError>(b.dim() == 3, "batch2 must be a 3D tensor");
  check<ShapeError>(a.size(0) == b.size(0) && a.size(2) == b.size(1),
                    "Expected size for first two dimensions of batch2 tensor to be: [", a.size(0), ", ", a.size(2),
                    "] but got: [", b.size(0), ", ", b.size(1), "].");
  check_dtypes("bmm", a, b);
  return multiply("BmmBackward0", a, b);
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  check<ShapeError>(a.dim() > 0 && b.dim() > 0, "both arguments to matmul need to be at least 1D, but they are ",
                    a.dim(), "D and ", b.dim(), "D");
  check_dtypes("matmul", a, b);
  if (a.dim() == 1 && b.dim() == 1) {
    check<ShapeError>(a.size(0) == b.size(0), "inconsistent tensor size, expected tensor ", a.shape(), " and src ",
                      b.shape(), " to have the same number of elements, but got ", a.size(0), " and ", b.size(0),
                      " elements respectively");
    return mm(a.unsqueeze(0), b.unsqueeze(1)).reshape({});
  }
  if (b.dim() == 1) return matmul(a, b.unsqueeze(1)).squeeze(-1);
  if (a.dim() == 1) return matmul(a.unsqueeze(0), b).squeeze(-2);
  if (b.dim() == 2) {  // one matrix for all rows of a
    const int64_t k = a.size(-1), rows = a.numel() / std::max<int64_t>(k, 1);
    check_inner(rows, k, b);
    if (a.dim() == 2) return mm(a, b);
    Shape out = a.shape();
    out.back() = b.size(1);
    int64_t m = 1;
    for (int d = 0; d + 1 < a.dim(); d++) m *= a.size(d);
    return mm(a.reshape({m, k}), b).view(out);
  }
  const Shape head_a(a.shape().begin(), a.shape().end() - 2), head_b(b.shape().begin(), b.shape().end() - 2);
  const Shape head = broadcast_shapes(head_a, head_b);
  const int64_t count = numel(head), m = a.size(-2), k = a.size(-1), n = b.size(-1);
  check<ShapeError>(k == b.size(-2), "Expected size for first two dimensions of batch2 tensor to be: [", count, ", ", k,
                    "] but got: [", count, ", ", b.size(-2), "].");
  const auto batched = [&](const Tensor& x) {
    Shape shape = head;
    shape.push_back(x.size(-2));
    shape.push_back(x.size(-1));
    return x.expand(shape).reshape({count, x.size(-2), x.size(-1)});
  };
  Shape out = head;
  out.push_back(m);
  out.push_back(n);
  return multiply("BmmBackward0", batched(a), batched(b)).view(out);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check<ShapeError>(weight.dim() == 2 && x.dim() >= 1, "linear: weight has shape ", weight.shape(),
                    ", needed [out, in]");
  const Tensor y = matmul(x, weight.t());
  return bias.defined() ? add(y, bias) : y;
}

namespace {
Tensor combine(const Tensor& c, const Tensor& p, Scalar beta, Scalar alpha) {
  const Tensor scaled = alpha.to_double() == 1 ? p : mul(p, alpha);
  if (beta.to_double() == 0) return scaled;  // c may then hold NaN
  return add(scaled, c, beta);
}
}  // namespace
Tensor addmm(const Tensor& c, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return combine(c, mm(a, b), beta, alpha);
}
Tensor baddbmm(const Tensor& c, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return combine(c, bmm(a, b), beta, alpha);
}
Tensor outer(const Tensor& a, const Tensor& b) {
  check<ShapeError>(a.dim() == 1 && b.dim() == 1, "outer: Expected 1-D arguments, but got ", a.dim(), "-D and ",
                    b.dim(), "-D");
  return mul(a.unsqueeze(1), b.unsqueeze(0));
}

}  // namespace ef
