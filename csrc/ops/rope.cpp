// Rotary position embedding.
#include "kernels/rowwise.h"
#include "ops/attention.h"
#include "ops/helpers.h"

namespace ef {
namespace {

// Half-width tables [1 or B, T, R/2], contiguous, in the computing dtype.
Tensor table(const char* name, const Tensor& given, const Tensor& x, DType compute) {
  Tensor t = given.detach();
  check<ShapeError>(t.dim() == 2 || t.dim() == 3, "rope: ", name, " has shape ", t.shape(),
                    ", needed [T, R/2] or [B, T, R/2]");
  if (t.dim() == 2) t = t.unsqueeze(0);
  if (2 * t.size(2) > x.size(3)) t = t.narrow(2, 0, t.size(2) / 2);
  check<ShapeError>((t.size(0) == 1 || t.size(0) == x.size(0)) && t.size(1) == x.size(2) && 2 * t.size(2) <= x.size(3),
                    "rope: ", name, " has shape ", given.shape(), ", which does not fit x ", x.shape(),
                    " [batch, heads, length, head_dim]");
  return t.to(compute).contiguous();
}

template <class T>
Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved, bool inverse) {
  const int64_t batch = x.size(0), heads = x.size(1), length = x.size(2), width = x.size(3);
  const Tensor in = width <= 1 || x.stride(3) == 1 ? x : x.contiguous();
  // The result lies in memory as x does: heads inside positions, or positions inside heads.
  const bool heads_inside = in.stride(2) >= in.stride(1);
  Tensor y = heads_inside ? Tensor::empty({batch, length, heads, width}, x.dtype()).transpose(1, 2)
                          : Tensor::empty(x.shape(), x.dtype());
  rowwise::RopeArgs<T> args;
  args.tokens = length;
  args.heads = heads;
  args.head_dim = width;
  args.rotary_dim = 2 * cos.size(2);
  args.x_token = in.stride(2);
  args.x_head = in.stride(1);
  args.y_token = y.stride(2);
  args.y_head = y.stride(1);
  args.interleaved = interleaved;
  args.inverse = inverse;
  T* out = y.mutable_data<T>();
  const int64_t step = cos.size(0) > 1 ? cos.stride(0) : 0;
  // With one position each, the sequences of a batch are the tokens of one call.
  const bool flat = length == 1 && (step || batch == 1);
  if (flat) {
    args.tokens = batch;
    args.x_token = batch > 1 ? in.stride(0) : 0;
    args.y_token = y.stride(0);
  }
  for (int64_t b = 0; b < (flat ? 1 : batch); b++) {
    args.x = in.data<T>() + b * in.stride(0);
    args.y = out + b * y.stride(0);
    args.cos = cos.data<T>() + b * step;
    args.sin = sin.data<T>() + b * step;
    rowwise::rope(args);
  }
  return y;
}

}  // namespace

Tensor rope(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved) {
  check<ShapeError>(x.dim() == 4, "rope: x has shape ", x.shape(), ", needed [batch, heads, length, head_dim]");
  const DType compute = real_compute(x.dtype());
  const Tensor c = table("cos", cos, x, compute), s = table("sin", sin, x, compute);
  check<ShapeError>(c.shape() == s.shape(), "rope: cos has shape ", cos.shape(), ", sin ", sin.shape(),
                    "; they must be equal");
  const auto turn = [c, s, interleaved, compute](const Tensor& t, bool inverse) {
    const Tensor in = t.detach().to(compute);
    return compute == DType::Float64 ? rotate<double>(in, c, s, interleaved, inverse)
                                     : rotate<float>(in, c, s, interleaved, inverse);
  };
  Tensor y = turn(x, false);
  if (y.dtype() != x.dtype()) y = y.to(x.dtype());
  record("RopeBackward", y, {x}, [turn](const Tensor& dy) { return Grads{turn(dy, true)}; });
  return y;
}

}  // namespace ef
