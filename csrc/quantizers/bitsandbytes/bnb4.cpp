#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "core/thread_pool.h"
#include "io/json.h"
#include "kernels/blockwise.h"
#include "quantizers/bitsandbytes/bitsandbytes.h"

namespace ef {
namespace {

constexpr int64_t kNested = 256;
constexpr std::array<float, 16> kNf4 = {-1.0f,
                                        -0.6961928009986877f,
                                        -0.5250730514526367f,
                                        -0.39491748809814453f,
                                        -0.28444138169288635f,
                                        -0.18477343022823334f,
                                        -0.09105003625154495f,
                                        0.0f,
                                        0.07958029955625534f,
                                        0.16093020141124725f,
                                        0.24611230194568634f,
                                        0.33791524171829224f,
                                        0.44070982933044434f,
                                        0.5626170039176941f,
                                        0.7229568362236023f,
                                        1.0f};
// Sign, two bits of exponent, one of mantissa, over the largest of them.
constexpr std::array<float, 16> kFp4 = {0.f,       0.0625f / 12, 8.f / 12,  1.f,           4.f / 12,  6.f / 12,
                                        2.f / 12,  3.f / 12,     0.f,       -0.0625f / 12, -8.f / 12, -1.f,
                                        -4.f / 12, -6.f / 12,    -2.f / 12, -3.f / 12};

const std::array<float, 16>& map_of(const std::string& type) {
  check<ConfigError>(type == "nf4" || type == "fp4", "bnb_4bit_quant_type: found '", type, "', needed 'nf4' or 'fp4'");
  return type == "nf4" ? kNf4 : kFp4;
}

void check_block(int64_t block) {
  check<ConfigError>(block >= 32 && block <= 4096 && (block & (block - 1)) == 0, "invalid blocksize ", block,
                     ": needed 32, 64, 128, 256, 512, 1024, 2048 or 4096");
}

// The dynamic 8-bit map (Dettmers 2016, arXiv:1511.04561): decades, each with twice the fractions of the one below.
std::array<float, 256> dynamic_map() {
  std::vector<float> values = {0.f, 1.f};
  for (int decade = 0; decade < 7; decade++) {
    const int count = 1 << decade;
    const double power[] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
    const auto boundary = [&](int i) {  // as linspace counts, from the nearer end
      const float step = 0.9f / float(count);
      return i < (count + 1) / 2 ? std::fma(step, float(i), 0.1f) : std::fma(-step, float(count - i), 1.f);
    };
    for (int i = 0; i < count; i++) {
      const float mean = (boundary(i) + boundary(i + 1)) / 2.f;
      const float value = float(power[decade]) * mean;
      values.push_back(value), values.push_back(-value);
    }
  }
  std::sort(values.begin(), values.end());
  std::array<float, 256> map{};
  std::copy_n(values.begin(), 256, map.begin());
  return map;
}

void nest(GroupNumbers& scale) {
  const Tensor plain = scale.values;
  const int64_t count = plain.numel();
  const float* from = plain.data<float>();
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += double(from[i]);
  scale.offset = float(sum / double(count));
  std::vector<float> shifted(from, from + count);
  for (float& v : shifted) v -= scale.offset;
  static const std::array<float, 256> map = dynamic_map();
  float raw[256];
  std::copy(map.begin(), map.end(), raw);
  static const Tensor shared = Tensor::from_data<float>(std::span<const float>(map), {256});
  scale.map = shared;
  scale.absmax = Tensor::empty({(count + kNested - 1) / kNested});
  scale.values = Tensor::empty({count}, DType::UInt8);
  scale.block = kNested;
  quantize_8bit(shifted, kNested, raw, scale.absmax.mutable_data<float>(), scale.values.mutable_data<uint8_t>());
}

WeightPtr pack(const Tensor& dense, const QuantSpec& spec) {
  const std::array<float, 16>& map = map_of(spec.type);
  check_block(spec.group);
  const Tensor rows = packable(dense, "bitsandbytes");
  const int64_t count = rows.numel(), blocks = (count + spec.group - 1) / spec.group;
  std::array<uint8_t, 16> sorted{};
  std::iota(sorted.begin(), sorted.end(), uint8_t(0));
  std::stable_sort(sorted.begin(), sorted.end(), [&](int a, int b) { return map[size_t(a)] < map[size_t(b)]; });
  float bounds[15];
  uint8_t order[16];
  for (size_t i = 0; i < 16; i++) order[i] = sorted[i];
  for (size_t i = 0; i < 15; i++) bounds[i] = (map[sorted[i]] + map[sorted[i + 1]]) / 2;

  GroupMatrix m;
  m.n = rows.size(0), m.k = rows.size(1), m.table = map, m.group = spec.group, m.flat = true;
  m.dtype = spec.dtype, m.compute = spec.compute;
  m.codes = Tensor::empty({(count + 1) / 2, 1}, DType::UInt8);
  m.scale.values = Tensor::empty({blocks});
  auto* codes = m.codes.mutable_data<uint8_t>();
  float* absmax = m.scale.values.mutable_data<float>();
  const float* x = rows.data<float>();
  parallel_for(blocks, 1 + 65536 / spec.group, [&](int64_t begin, int64_t end) {
    const int64_t from = begin * spec.group, until = std::min(count, end * spec.group);
    quantize_4bit({x + from, size_t(until - from)}, spec.group, bounds, order, absmax + begin, codes + from / 2);
  });
  if (spec.double_quant) nest(m.scale);
  return std::make_shared<Bnb4Weight>(std::move(m), spec.type, Tensor::from_data<float>(std::span(map), {16}),
                                      spec.storage);
}

DType named_dtype(const std::string& name) {
  for (DType d : {DType::Float32, DType::Float16, DType::BFloat16})
    if (name == dtype_name(d)) return d;
  fail<CheckpointError>("quant_state: found dtype '", name, "', needed float32, float16 or bfloat16");
}

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const std::string where = "weight.quant_state";
  std::string type = spec.type;
  for (auto& [name, tensor] : parts)
    if (name.starts_with("weight.quant_state.bitsandbytes__")) type = name.substr(name.rfind('_') + 1);
  map_of(type);
  const Tensor text = take(parts, "weight.quant_state.bitsandbytes__" + type, {DType::UInt8});
  const Json state = parse_json({static_cast<const char*>(text.data_ptr()), text.nbytes()}, where);
  const Tensor map = take(parts, "weight.quant_map", {DType::Float32});
  check<ShapeError>(map.numel() == 16, "quant_map: found ", map.numel(), " values, needed 16");

  GroupMatrix m;
  m.n = shape[0], m.k = shape[1], m.flat = true, m.compute = spec.compute;
  std::copy_n(map.data<float>(), 16, m.table.begin());
  m.group = field<int64_t>(state, "blocksize", where);
  check_block(m.group);
  m.dtype = named_dtype(field<std::string>(state, "dtype", where));
  const Json& said = json_field(state, "shape", where);
  const bool same = said.is_array() && said.size() == 2 && said[0] == shape[0] && said[1] == shape[1];
  check<ShapeError>(same, where, ": the state is of a weight ", said.dump(), ", the layer has ", shape);
  const auto found = parts.find("weight");
  check<CheckpointError>(found != parts.end(), "bitsandbytes: no 'weight'");
  m.codes = found->second.detach().contiguous();  // of any storage dtype: the same bytes
  if (m.codes.dtype() != DType::UInt8) m.codes = m.codes.view_dtype(DType::UInt8);
  m.scale.values = take(parts, "weight.absmax", {DType::Float32, DType::UInt8}).flatten();
  if (m.scale.values.dtype() == DType::UInt8) {
    m.scale.map = take(parts, "weight.nested_quant_map", {DType::Float32});
    m.scale.absmax = take(parts, "weight.nested_absmax", {DType::Float32});
    m.scale.block = field<int64_t>(state, "nested_blocksize", where);
    m.scale.offset = field<float>(state, "nested_offset", where);
  }
  return std::make_shared<Bnb4Weight>(std::move(m), type, map, found->second.dtype());
}

std::string number(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

}  // namespace

Bnb4Weight::Bnb4Weight(GroupMatrix matrix, std::string type, Tensor map, DType storage)
    : GroupWeight(std::move(matrix)), type_(std::move(type)), map_(std::move(map)), storage_(storage) {
  check<ConfigError>(matrix_.codes.nbytes() % item_size(storage) == 0,
                     "bnb_4bit_quant_storage: ", matrix_.codes.nbytes(), " bytes of codes can't be held as ",
                     dtype_name(storage));
}

NamedTensors Bnb4Weight::state() const {
  const GroupMatrix& m = matrix_;
  const bool nested = m.scale.map.defined();
  std::string text = str("{\"quant_type\": \"", type_, "\", \"blocksize\": ", m.group, ", \"dtype\": \"",
                         dtype_name(m.dtype), "\", \"shape\": [", n_, ", ", k_, "]");
  if (nested)
    text += str(", \"nested_blocksize\": ", m.scale.block,
                ", \"nested_dtype\": \"float32\", \"nested_offset\": ", number(double(m.scale.offset)));
  text += "}";
  const Tensor codes = storage_ == DType::UInt8 ? m.codes : m.codes.flatten().view_dtype(storage_).unsqueeze(1);
  NamedTensors out = {{"", codes}, {"weight.absmax", m.scale.values}, {"weight.quant_map", map_}};
  if (nested) {
    out.emplace_back("weight.nested_absmax", m.scale.absmax);
    out.emplace_back("weight.nested_quant_map", m.scale.map);
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  out.emplace_back("weight.quant_state.bitsandbytes__" + type_,
                   Tensor::from_data<uint8_t>(std::span(bytes, text.size()), {int64_t(text.size())}));
  return out;
}

Quantizer bitsandbytes_4bit() { return {{"weight", "weight.absmax", "weight.quant_map"}, pack, restore}; }

}  // namespace ef
