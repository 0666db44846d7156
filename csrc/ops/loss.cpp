#include "ops/loss.h"

#include "kernels/rowwise.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/index.h"
#include "ops/norm.h"
#include "ops/reduce.h"

namespace ef {

Reduction reduction_from_name(std::string_view name) {
  if (name == "none") return Reduction::None;
  if (name == "mean") return Reduction::Mean;
  if (name == "sum") return Reduction::Sum;
  fail<ConfigError>(name, " is not a valid value for reduction; needed 'none', 'mean' or 'sum'");
}

namespace {

Tensor reduce(const Tensor& loss, Reduction how) {
  return how == Reduction::Mean ? mean(loss) : how == Reduction::Sum ? sum(loss) : loss;
}

struct Classes {  // [N, C, …] with targets [N, …] as rows of C
  Tensor rows, targets;
  Shape shape;  // of the targets
};
Classes arrange(const Tensor& x, const Tensor& target) {
  if (x.dim() == 1) {
    check<ShapeError>(target.dim() == 0, "Expected target of shape [] for input of shape ", x.shape(), ", got ",
                      target.shape());
    return {x.unsqueeze(0), target.reshape({1}), {}};
  }
  check<ShapeError>(x.dim() >= 2, "cross_entropy: logits have shape ", x.shape(), ", needed [N, C] or [N, C, …]");
  Shape wanted = x.shape();
  wanted.erase(1);
  check<ShapeError>(target.dim() == 0 || target.size(0) == x.size(0), "Expected input batch_size (", x.size(0),
                    ") to match target batch_size (", target.dim() ? target.size(0) : 0, ").");
  check<ShapeError>(target.shape() == wanted, "Expected target size ", wanted, ", got ", target.shape());
  Dims order;
  for (int d = 0; d < x.dim(); d++)
    if (d != 1) order.push_back(d);
  order.push_back(1);
  return {x.permute(order).reshape({-1, x.size(1)}), target.reshape({-1}), wanted};
}

// What Mean divides by: the number of targets that count, or their weights' sum.
double count(const Tensor& targets, const CrossEntropyOptions& o) {
  if (o.divisor) return *o.divisor;
  const Tensor t = targets.to(DType::Int64).contiguous();
  const std::vector<double> weight = o.weight.defined() ? o.weight.to_vector<double>() : std::vector<double>{};
  double total = 0;
  const int64_t* p = t.data<int64_t>();
  for (int64_t i = 0; i < t.numel(); i++)
    if (p[i] != o.ignore_index) total += weight.empty() ? 1 : weight[size_t(p[i])];
  return total;
}

void check_targets(const Tensor& targets, int64_t classes, int64_t ignore) {
  check<DtypeError>(!is_floating(targets.dtype()) && targets.dtype() != DType::Bool,
                    "expected scalar type Long but found ", scalar_name(targets.dtype()));
  const Tensor t = targets.to(DType::Int64).contiguous();
  const int64_t* p = t.data<int64_t>();
  for (int64_t i = 0; i < t.numel(); i++)
    check<IndexError>(p[i] == ignore || (p[i] >= 0 && p[i] < classes), "Target ", p[i], " is out of bounds.");
}

// One node: softmax and loss together, never the log-probabilities as a whole.
Tensor fused(const Classes& c, const CrossEntropyOptions& o, double divisor) {
  const Tensor in = kernel_input(c.rows), targets = c.targets.to(DType::Int64).contiguous();
  const int64_t rows = in.size(0), n = in.size(1);
  Tensor loss = Tensor::empty({rows}, in.dtype()), lse = Tensor::empty({rows}, in.dtype());
  visit_real(in.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    rowwise::cross_entropy<C>(rows, n, in.data<C>(), n, targets.data<int64_t>(), o.ignore_index, o.label_smoothing,
                              loss.mutable_data<C>(), lse.mutable_data<C>());
  });
  const bool whole = o.reduction != Reduction::None;
  Tensor y = whole ? div(sum_to(loss, {}), divisor) : loss;
  record(
      "NllLossBackward0", y, {c.rows},
      [=, x = save(c.rows), lse = save(lse), ignore = o.ignore_index, smoothing = o.label_smoothing](const Tensor& dy) {
        const Tensor in = kernel_input(x);
        const Tensor each = (whole ? div(dy, divisor).expand({rows}) : dy).to(in.dtype()).contiguous();
        Tensor dx = like(in);
        visit_real(in.dtype(), [&](auto tag) {
          using C = typename decltype(tag)::type;
          rowwise::cross_entropy_backward<C>(rows, n, in.data<C>(), n, targets.data<int64_t>(), ignore, smoothing,
                                             lse.get().data<C>(), each.data<C>(), dx.mutable_data<C>(), n);
        });
        return Grads{dx};
      });
  return y;
}

// Class weights: loss_i = w[t]·(1-s)·(-log p[t]) + s/C·Σ_c w[c]·(-log p[c])
Tensor weighted(const Classes& c, const Tensor& log_p, const CrossEntropyOptions& o, double divisor) {
  const int64_t n = log_p.size(1);
  const Tensor weight = o.weight.defined() ? o.weight.to(log_p.dtype()) : Tensor::ones({n}, log_p.dtype());
  check<ShapeError>(weight.shape() == Shape{n}, "weight tensor should be defined either for all ", n,
                    " classes or no classes but got weight tensor of shape: ", weight.shape());
  const Tensor t = c.targets.to(DType::Int64), ignored = eq(t, o.ignore_index), safe = masked_fill(t, ignored, 0);
  Tensor loss = neg(mul(gather(log_p, 1, safe.unsqueeze(1)).squeeze(1), index_select(weight, 0, safe)));
  if (o.label_smoothing > 0)
    loss = add(mul(loss, 1 - o.label_smoothing), neg(sum(mul(log_p, weight), {1})), o.label_smoothing / double(n));
  loss = masked_fill(loss, ignored, 0.0);
  if (o.reduction == Reduction::None) return loss;
  return o.reduction == Reduction::Sum ? sum(loss) : div(sum(loss), divisor);
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& o) {
  check<ConfigError>(o.label_smoothing >= 0 && o.label_smoothing <= 1,
                     "label_smoothing must be between 0.0 and 1.0. Got: ", o.label_smoothing);
  check<DtypeError>(is_floating(logits.dtype()), "cross_entropy: logits have dtype ", dtype_name(logits.dtype()),
                    ", needed a floating one");
  if (is_floating(target.dtype())) {  // class probabilities
    check<ShapeError>(target.shape() == logits.shape(), "cross_entropy: probabilities as target have shape ",
                      target.shape(), ", needed that of the logits, ", logits.shape());
    const int d = logits.dim() > 1 ? 1 : 0;
    const int64_t n = logits.size(d);
    Tensor p = target;
    if (o.label_smoothing > 0) p = add(mul(p, 1 - o.label_smoothing), o.label_smoothing / double(n));
    if (o.weight.defined()) {
      Shape shape = logits.shape();
      for (int i = 0; i < shape.size(); i++) shape[i] = i == d ? n : 1;
      p = mul(p, o.weight.view(shape));
    }
    const Tensor loss = neg(sum(mul(log_softmax(logits, d), p), {d}));
    if (o.reduction == Reduction::Mean) return div(sum(loss), o.divisor.value_or(double(loss.numel())));
    return reduce(loss, o.reduction);
  }
  const Classes c = arrange(logits, target);
  check_targets(c.targets, c.rows.size(1), o.ignore_index);
  const double divisor = o.reduction == Reduction::Mean ? count(c.targets, o) : 1;
  const Tensor y = o.weight.defined() ? weighted(c, log_softmax(c.rows, 1), o, divisor) : fused(c, o, divisor);
  return (o.reduction == Reduction::None ? y.reshape(c.shape) : y).to(logits.dtype());
}

Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const CrossEntropyOptions& o) {
  const Classes c = arrange(log_probs, target);
  check_targets(c.targets, c.rows.size(1), o.ignore_index);
  CrossEntropyOptions plain = o;
  plain.label_smoothing = 0;
  const Tensor y = weighted(c, c.rows, plain, o.reduction == Reduction::Mean ? count(c.targets, o) : 1);
  return o.reduction == Reduction::None ? y.reshape(c.shape) : y;
}

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction how) { return reduce(square(sub(x, target)), how); }
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction how) { return reduce(abs(sub(x, target)), how); }
Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, double beta, Reduction how) {
  check<ConfigError>(beta >= 0, "smooth_l1_loss does not support negative values for beta.");
  const Tensor difference = sub(x, target), size = abs(difference);
  if (beta == 0) return reduce(size, how);
  return reduce(where(lt(size, beta), mul(square(difference), 0.5 / beta), sub(size, 0.5 * beta)), how);
}

Tensor binary_cross_entropy(const Tensor& p, const Tensor& target, const Tensor& weight, Reduction how) {
  check<ShapeError>(p.shape() == target.shape(), "Using a target size (", target.shape(),
                    ") that is different to the input size (", p.shape(),
                    ") is deprecated. Please ensure they have the same size.");
  // torch bounds the logarithms at -100, so that certain mistakes cost a finite amount.
  const auto bounded = [](const Tensor& v) { return clamp(log(v), Scalar(-100.0), std::nullopt); };
  Tensor loss = neg(add(mul(target, bounded(p)), mul(rsub(target, 1), bounded(rsub(p, 1)))));
  if (weight.defined()) loss = mul(loss, weight);
  return reduce(loss, how);
}
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, Reduction how) {
  check<ShapeError>(x.shape() == target.shape(), "Target size (", target.shape(), ") must be the same as input size (",
                    x.shape(), ")");
  // -[w·t·log σ(x) + (1-t)·log σ(-x)]
  const Tensor positive = mul(target, log_sigmoid(x));
  Tensor loss =
      neg(add(pos_weight.defined() ? mul(positive, pos_weight) : positive, mul(rsub(target, 1), log_sigmoid(neg(x)))));
  if (weight.defined()) loss = mul(loss, weight);
  return reduce(loss, how);
}

Tensor kl_div(const Tensor& log_q, const Tensor& p, Reduction how, bool batch_mean, bool log_target) {
  Tensor loss;
  if (log_target) {
    loss = mul(exp(p), sub(p, log_q));
  } else {
    const Tensor entropy = masked_fill(mul(p, log(p)), le(p, 0), 0.0);  // 0·log 0 = 0
    loss = sub(entropy, mul(p, log_q));
  }
  if (batch_mean && loss.dim()) return div(sum(loss), double(loss.size(0)));
  return reduce(loss, how);
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int dim, double eps) {
  const auto bounded = [&](const Tensor& v) { return clamp(norm(v, 2, {dim}), Scalar(eps), std::nullopt); };
  return div(sum(mul(a, b), {dim}), mul(bounded(a), bounded(b)));
}

}  // namespace ef
