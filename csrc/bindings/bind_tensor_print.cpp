// repr(tensor), in torch's layout: aligned columns, four decimals, large tensors shortened in the middle.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bindings/tensor_support.h"

namespace ef {
namespace {

struct PrintOptions {  // torch's default profile
  int precision = 4, edge = 3, line_width = 80;
  int64_t shorten = 1000;
  std::optional<bool> scientific;
};
PrintOptions options;

std::string formatted(const char* spec, int precision, double v) {
  char text[400];
  std::snprintf(text, sizeof text, spec, precision, v);
  return text;
}

// One format for all numbers that will be shown.
class Format {
 public:
  Format(const std::vector<double>& shown, DType dtype)
      : floating_(is_floating(dtype)), boolean_(dtype == DType::Bool) {
    if (floating_) {
      double most = 0, least = INFINITY;
      for (double v : shown) {
        if (!std::isfinite(v) || v == 0) continue;
        most = std::max(most, std::abs(v));
        least = std::min(least, std::abs(v));
        whole_ = whole_ && v == std::ceil(v);
      }
      if (most > 0) {
        const bool wide = most / least > 1000 || most > 1e8;
        scientific_ = wide || (!whole_ && least < 1e-4);
      }
      if (options.scientific) scientific_ = *options.scientific;
    }
    for (double v : shown)  // as in torch, zeros and what is not finite take the room that they find
      if (!floating_ || (std::isfinite(v) && v != 0)) width_ = std::max(width_, text(v).size());
  }
  std::string operator()(double v) const {
    const std::string t = text(v);
    return std::string(width_ - std::min(width_, t.size()), ' ') + t;
  }
  size_t width() const { return width_; }

 private:
  std::string text(double v) const {
    if (boolean_) return v != 0 ? "True" : "False";
    if (!floating_) return str(int64_t(v));
    if (std::isnan(v)) return "nan";
    if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
    if (scientific_) return formatted("%.*e", options.precision, v);
    return whole_ ? formatted("%.*f.", 0, v) : formatted("%.*f", options.precision, v);
  }
  bool floating_, boolean_, whole_ = true, scientific_ = false;
  size_t width_ = 0;
};

// Positions of a dimension that are shown; -1 stands for the dots.
std::vector<int64_t> positions(int64_t n, bool shorten) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < n; i++) {
    if (shorten && n > 2 * options.edge && i == options.edge) {
      out.push_back(-1);
      i = n - options.edge;
    }
    out.push_back(i);
  }
  return out;
}

void collect(const Tensor& x, bool shorten, std::vector<double>& out) {
  if (x.dim() == 0) {
    out.push_back(x.item<double>());
    return;
  }
  for (int64_t i : positions(x.size(0), shorten))
    if (i >= 0) collect(x.select(0, i), shorten, out);
}

// Wide integers would lose digits as doubles; their own text is used.
std::string element(const Tensor& x, const Format& format) {
  if (!is_floating(x.dtype()) && x.dtype() != DType::Bool) {
    const std::string t = str(x.item<int64_t>());
    return std::string(format.width() - std::min(format.width(), t.size()), ' ') + t;
  }
  return format(x.item<double>());
}

std::string body(const Tensor& x, int indent, bool shorten, const Format& format) {
  if (x.dim() == 0) return element(x, format);
  std::string out = "[";
  if (x.dim() == 1) {
    const int per_line = std::max(1, (options.line_width - indent) / (int(format.width()) + 2));
    int n = 0;
    for (int64_t i : positions(x.size(0), shorten)) {
      if (n) out += n % per_line ? ", " : ",\n" + std::string(size_t(indent) + 1, ' ');
      out += i < 0 ? " ..." : element(x.select(0, i), format);
      n++;
    }
    return out + "]";
  }
  const std::string gap = "," + std::string(size_t(x.dim()) - 1, '\n') + std::string(size_t(indent) + 1, ' ');
  bool first = true;
  for (int64_t i : positions(x.size(0), shorten)) {
    if (!first) out += gap;
    first = false;
    out += i < 0 ? "..." : body(x.select(0, i), indent + 1, shorten, format);
  }
  return out + "]";
}

void set_options(const std::optional<int>& precision, const py::object& threshold, const std::optional<int>& edge,
                 const std::optional<int>& line_width, const std::optional<std::string>& profile,
                 const std::optional<bool>& scientific) {
  PrintOptions now = options;
  if (profile) {
    check<ConfigError>(*profile == "default" || *profile == "short" || *profile == "full",
                       "set_printoptions: profile '", *profile, "', needed default, short or full");
    now = PrintOptions();
    if (*profile == "short") now.precision = 2, now.edge = 2;
    if (*profile == "full") now.shorten = std::numeric_limits<int64_t>::max();
  }
  if (precision) now.precision = std::clamp(*precision, 0, 60);
  if (!threshold.is_none()) {
    const double t = threshold.cast<double>();
    now.shorten = t < 9e18 ? int64_t(t) : std::numeric_limits<int64_t>::max();
  }
  if (edge) now.edge = std::max(1, *edge);
  if (line_width) now.line_width = std::max(1, *line_width);
  now.scientific = scientific;
  options = now;
}

}  // namespace

void bind_tensor_print(py::module_& m) {
  const auto none = py::none();
  m.def("set_printoptions", &set_options, py::arg("precision") = none, py::arg("threshold") = none,
        py::arg("edgeitems") = none, py::arg("linewidth") = none, py::arg("profile") = none, py::arg("sci_mode") = none,
        "How repr(tensor) looks; as torch.set_printoptions.");
}

std::string repr(const Tensor& given) {
  const bool parameter = given.impl()->is_parameter;
  const std::string prefix = parameter ? "Parameter containing:\ntensor(" : "tensor(";
  const Tensor x = given.detach();
  std::vector<std::string> suffixes;
  std::string text;
  if (!is_computable(x.dtype())) {
    text = "...";
    suffixes.push_back(str("size=", x.shape()));
  } else if (x.numel() == 0) {
    text = "[]";
    if (x.dim() != 1) {
      std::string sizes;
      for (int64_t d : x.shape()) sizes += (sizes.empty() ? "" : ", ") + str(d);
      suffixes.push_back("size=(" + sizes + ")");
    }
  } else {
    const bool shorten = x.numel() > options.shorten;
    std::vector<double> shown;
    collect(x, shorten, shown);
    text = body(x, 7, shorten, Format(shown, x.dtype()));
  }
  const bool usual =
      x.dtype() == DType::Float32 || (x.numel() && (x.dtype() == DType::Int64 || x.dtype() == DType::Bool));
  if (!usual) suffixes.push_back(str("dtype=eigenformers.", dtype_name(x.dtype())));
  if (const auto node = grad_fn(given))
    suffixes.push_back("grad_fn=<" + node->name + ">");
  else if (given.requires_grad())
    suffixes.push_back("requires_grad=True");
  std::string out = prefix + text;
  const size_t line = out.rfind('\n');
  int column = int(out.size() - (line == std::string::npos ? 0 : line + 1)) + 1;
  for (const std::string& s : suffixes) {
    if (column + int(s.size()) + 2 > options.line_width) {
      out += ",\n" + std::string(7, ' ') + s;
      column = 7 + int(s.size());
    } else {
      out += ", " + s;
      column += int(s.size()) + 2;
    }
  }
  return out + ")";
}

}  // namespace ef
