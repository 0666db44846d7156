#include "checkpoint/gguf_experts.h"

#include "ops/ops.h"
#include "ops/shape_ops.h"

namespace ef {

std::vector<std::string> split_gguf_names(const std::string& names) {
  const size_t bar = names.find('|');
  if (bar == std::string::npos) return {names};
  return {names.substr(0, bar), names.substr(bar + 1)};
}

std::vector<GgufSource> expert_sources(const GgufSource& whole, const std::vector<std::string>& names) {
  const Shape& shape = whole.shape;
  const bool matrices = shape.size() == 3;
  const auto parts = int64_t(names.size());
  check<CheckpointError>((matrices || shape.size() == 2) && shape.back() % parts == 0, "GGUF: '", whole.origin,
                         "' has shape ", shape, ", needed that of ", parts, " matrices for each expert");
  const int64_t in = matrices ? shape[1] : 1, all = shape.back(), out = all / parts;
  std::vector<GgufSource> found;
  for (int64_t part = 0; part < parts; part++) {
    GgufSource one = whole;
    one.name = names[size_t(part)];
    one.shape = matrices ? Shape{shape[0], out, in} : Shape{shape[0], out};
    if (matrices)
      one.rows = [rows = whole.rows, in, all, out, parts, part](int64_t begin, int64_t end, float* to) {
        std::vector<float> expert(size_t(in * all));
        int64_t here = -1;
        for (int64_t r = begin; r < end; r++) {
          if (r / out != here) rows((here = r / out) * in, (r / out + 1) * in, expert.data());
          for (int64_t i = 0; i < in; i++) *to++ = expert[size_t(i * all + r % out * parts + part)];
        }
      };
    else
      one.rows = [rows = whole.rows, all, out, parts, part](int64_t begin, int64_t end, float* to) {
        std::vector<float> expert(static_cast<size_t>(all));
        for (int64_t r = begin; r < end; r++) {
          rows(r, r + 1, expert.data());
          for (int64_t i = 0; i < out; i++) *to++ = expert[size_t(i * parts + part)];
        }
      };
    found.push_back(std::move(one));
  }
  return found;
}

Tensor joined_experts(const std::vector<Tensor>& parts) {
  std::vector<Tensor> turned;
  for (const Tensor& part : parts) turned.push_back(part.dim() == 3 ? part.transpose(1, 2) : part);
  if (turned.size() == 1) return turned[0].contiguous();
  return stack(turned, turned[0].dim()).flatten(-2, -1).contiguous();
}

Shape joined_experts_shape(const Shape& part, size_t parts) {
  const auto count = int64_t(parts);
  return part.size() == 3 ? Shape{part[0], part[2], part[1] * count} : Shape{part[0], part.back() * count};
}

}  // namespace ef
