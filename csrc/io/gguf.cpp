#include "io/gguf.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <utility>

#include "io/utf8.h"

namespace ef {
namespace {

constexpr int kMaxArrayDepth = 4;
constexpr uint64_t kMaxNestedArrays = 1'000'000;
constexpr uint32_t kMaxParts = 10'000;

struct TypeName {
  const char* name;
  size_t size;
};
constexpr TypeName kValueTypes[] = {{"uint8", 1},  {"int8", 1},    {"uint16", 2}, {"int16", 2},  {"uint32", 4},
                                    {"int32", 4},  {"float32", 4}, {"bool", 1},   {"string", 0}, {"array", 0},
                                    {"uint64", 8}, {"int64", 8},   {"float64", 8}};

std::string_view read_string(ByteReader& in, const char* what) {
  const auto length = in.read<uint64_t>(what);
  return in.take_text(length, what);
}

GgufValueType read_value_type(ByteReader& in) {
  const uint64_t at = in.offset();
  const auto id = in.read<uint32_t>("a metadata type");
  check<CheckpointError>(id < std::size(kValueTypes), in.file(), ": byte ", at, ": metadata type ", id,
                         " is unknown; damaged file?");
  return GgufValueType(id);
}

// The metadata reader; counts nested arrays over the whole file.
class ValueReader {
 public:
  explicit ValueReader(ByteReader& in) : in_(in) {}
  GgufValue read(GgufValueType type, int depth = 0) {
    using enum GgufValueType;
    switch (type) {
      case UInt8:
        return {type, uint64_t(in_.read<uint8_t>("a value"))};
      case Int8:
        return {type, int64_t(in_.read<int8_t>("a value"))};
      case UInt16:
        return {type, uint64_t(in_.read<uint16_t>("a value"))};
      case Int16:
        return {type, int64_t(in_.read<int16_t>("a value"))};
      case UInt32:
        return {type, uint64_t(in_.read<uint32_t>("a value"))};
      case Int32:
        return {type, int64_t(in_.read<int32_t>("a value"))};
      case UInt64:
        return {type, in_.read<uint64_t>("a value")};
      case Int64:
        return {type, in_.read<int64_t>("a value")};
      case Float32:
        return {type, double(in_.read<float>("a value"))};
      case Float64:
        return {type, in_.read<double>("a value")};
      case Bool:
        return {type, in_.read<uint8_t>("a value") != 0};
      case String:
        return {type, read_string(in_, "a metadata string")};
      case Array:
        return {type, read_array(depth + 1)};
    }
    fail<CheckpointError>(in_.file(), ": unknown metadata type");
  }

 private:
  std::shared_ptr<const GgufArray> read_array(int depth) {
    check<CheckpointError>(depth <= kMaxArrayDepth && ++arrays_ <= kMaxNestedArrays, in_.file(), ": byte ",
                           in_.offset(), ": metadata arrays nested deeper than ", kMaxArrayDepth, " or more than ",
                           kMaxNestedArrays, " of them");
    auto out = std::make_shared<GgufArray>();
    out->element = read_value_type(in_);
    out->count = in_.read<uint64_t>("an array length");
    out->endian = in_.endian();
    if (const size_t size = gguf_value_size(out->element)) {
      in_.require_items(out->count, size, "array elements");
      out->numbers = in_.take(out->count * size, "an array");
    } else if (out->element == GgufValueType::String) {
      in_.require_items(out->count, 8, "strings");
      const uint64_t begin = in_.offset();
      for (uint64_t i = 0; i < out->count; i++) read_string(in_, "a string of an array");
      out->texts = in_.since(begin);
    } else {
      in_.require_items(out->count, 12, "arrays");
      for (uint64_t i = 0; i < out->count; i++) out->arrays.push_back(read(GgufValueType::Array, depth));
    }
    return out;
  }
  ByteReader& in_;
  uint64_t arrays_ = 0;
};

template <class F>
void for_each_number(const GgufArray& array, F&& f) {
  ByteReader in(array.numbers, "gguf array", array.endian);
  ValueReader reader(in);
  for (uint64_t i = 0; i < array.count; i++) f(reader.read(array.element));
}

template <class T>
bool convert(const GgufValue& v, T& out) {
  const auto* u = std::get_if<uint64_t>(&v.value);
  const auto* i = std::get_if<int64_t>(&v.value);
  if constexpr (std::is_same_v<T, bool>) {
    if (const auto* b = std::get_if<bool>(&v.value)) return out = *b, true;
  } else if constexpr (std::is_integral_v<T>) {
    if (u && std::in_range<T>(*u)) return out = T(*u), true;
    if (i && std::in_range<T>(*i)) return out = T(*i), true;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (const auto* d = std::get_if<double>(&v.value)) return out = T(*d), true;
    if (u) return out = T(*u), true;
    if (i) return out = T(*i), true;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (const auto* s = std::get_if<std::string_view>(&v.value)) return out = std::string(*s), true;
  } else {  // std::vector<E>
    using E = typename T::value_type;
    const GgufArray* array = v.array();
    if (!array) return false;
    if (array->count == 0) return true;
    if constexpr (std::is_same_v<E, std::string>) {
      if (array->element != GgufValueType::String) return false;
      const auto strings = array->strings();
      out.assign(strings.begin(), strings.end());
      return true;
    } else {
      if (array->numbers.empty()) return false;
      bool fits = true;
      out.reserve(array->count);
      for_each_number(*array, [&](const GgufValue& item) {
        E element{};
        fits = fits && convert(item, element);
        out.push_back(element);
      });
      return fits;
    }
  }
  return false;
}

template <class T>
const char* wanted() {
  if constexpr (std::is_same_v<T, bool>)
    return "a bool";
  else if constexpr (std::is_same_v<T, uint64_t>)
    return "an integer from 0";
  else if constexpr (std::is_integral_v<T>)
    return "an integer";
  else if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else if constexpr (std::is_same_v<T, std::string>)
    return "a string";
  else if constexpr (std::is_same_v<typename T::value_type, std::string>)
    return "an array of strings";
  else if constexpr (std::is_same_v<typename T::value_type, bool>)
    return "an array of bools";
  else if constexpr (std::is_integral_v<typename T::value_type>)
    return "an array of integers";
  else
    return "an array of numbers";
}

std::string part_path(const std::string& stem, uint64_t number, uint64_t count) {
  char tail[64];
  std::snprintf(tail, sizeof tail, "-%05u-of-%05u.gguf", unsigned(number), unsigned(count));
  return stem + tail;
}

}  // namespace

const char* gguf_value_type_name(GgufValueType type) { return kValueTypes[size_t(type)].name; }
size_t gguf_value_size(GgufValueType type) { return kValueTypes[size_t(type)].size; }

std::vector<std::string_view> GgufArray::strings() const {
  ByteReader in(texts, "gguf array", endian);
  std::vector<std::string_view> out;
  if (element == GgufValueType::String) out.resize(count);
  for (std::string_view& text : out) text = read_string(in, "a string of an array");
  return out;
}

const GgufArray* GgufValue::array() const {
  const auto* held = std::get_if<std::shared_ptr<const GgufArray>>(&value);
  return held ? held->get() : nullptr;
}

GgufFile::GgufFile(FilePtr file) : file_(std::move(file)), path_(file_->path()) { parse(); }

GgufFile::GgufFile(const std::string& path, bool disable_mmap) : GgufFile(MappedFile::open(path, disable_mmap)) {
  const auto count = get_or<uint64_t>("split.count", 0);
  if (count <= 1) return;
  check<CheckpointError>(count <= kMaxParts, path, ": claims to be one of ", count, " parts");
  const auto number = require<uint64_t>("split.no");
  check<CheckpointError>(number < count, path, ": is part ", number, " of ", count, "; damaged file?");
  const std::string tail = part_path("", number + 1, count);
  check<CheckpointError>(path.ends_with(tail), path, ": is part ", number + 1, " of ", count,
                         " of a split model and must be named …", tail, " so that the others can be found");
  const std::string stem = path.substr(0, path.size() - tail.size());
  if (number != 0) {
    *this = GgufFile(part_path(stem, 1, count), disable_mmap);
    return;
  }
  for (uint64_t i = 1; i < count; i++) {
    const std::string other = part_path(stem, i + 1, count);
    GgufFile part(MappedFile::open(other, disable_mmap));
    check<CheckpointError>(
        part.get_or<uint64_t>("split.no", 0) == i && part.get_or<uint64_t>("split.count", 0) == count, other,
        ": is not part ", i + 1, " of ", count, " as its name says; do the parts belong together?");
    append_part(std::move(part));
  }
  index();
  const auto total = get_or<uint64_t>("split.tensors.count", tensors_.size());
  check<CheckpointError>(total == tensors_.size(), path, ": the parts hold ", tensors_.size(), " tensors, needed ",
                         total);
}

void GgufFile::append_part(GgufFile part) {
  for (GgufTensor& tensor : part.tensors_) tensors_.push_back(std::move(tensor));
  parts_.push_back(part.file_);
}

void GgufFile::parse() {
  ByteReader in(file_->bytes(), path_);
  if (in.remaining() < 4 || in.take_text(4, "the magic number") != "GGUF") {
    const std::string foreign = describe_foreign_file(file_->bytes());
    fail<CheckpointError>(path_, ": does not begin with 'GGUF'; ", foreign.empty() ? "not a GGUF file?" : foreign);
  }
  version_ = in.read<uint32_t>("the version");
  if ((version_ & 0xffff) == 0 &&
      version_ != 0) {  // a small number in the high half: written on the other kind of machine
    version_ = byte_swapped(version_);
    endian_ = Endian::Big;
    in.set_endian(endian_);
  }
  check<UnsupportedError>(version_ != 1, path_, ": GGUF version 1 is not supported; convert the model again");
  check<CheckpointError>(version_ == 2 || version_ == 3, path_, ": GGUF version ", version_, ", known are 2 and 3");
  const auto tensors = in.read<uint64_t>("the number of tensors"),
             values = in.read<uint64_t>("the number of metadata values");
  in.require_items(values, 8 + 4 + 1, "metadata values");

  ValueReader reader(in);
  for (uint64_t i = 0; i < values; i++) {
    std::string key(read_string(in, "a metadata key"));
    check<CheckpointError>(is_utf8(key), path_, ": byte ", in.offset(),
                           ": a metadata key is not valid UTF-8; damaged file?");
    const GgufValueType type = read_value_type(in);
    metadata_.emplace_back(std::move(key), reader.read(type));
  }
  for (size_t i = 0; i < metadata_.size(); i++)
    check<CheckpointError>(metadata_index_.try_emplace(metadata_[i].first, i).second, path_, ": metadata '",
                           printable(metadata_[i].first), "' occurs twice");
  alignment_ = get_or<uint64_t>("general.alignment", 32);
  check<CheckpointError>(std::has_single_bit(alignment_) && alignment_ <= (1u << 30), path_, ": general.alignment is ",
                         alignment_, ", needed a power of two");
  parse_tensors(in, tensors);
  if (endian_ == Endian::Big) turn_big_endian();
  index();
}

void GgufFile::parse_tensors(ByteReader& in, uint64_t count) {
  in.require_items(count, 8 + 4 + 4 + 8, "tensor descriptions");
  std::vector<uint64_t> offsets;
  for (uint64_t i = 0; i < count; i++) {
    GgufTensor t;
    t.name = read_string(in, "a tensor name");
    check<CheckpointError>(is_utf8(t.name), path_, ": byte ", in.offset(),
                           ": a tensor name is not valid UTF-8; damaged file?");
    const std::string where = str(path_, ": tensor '", printable(t.name), "'");
    const auto dims = in.read<uint32_t>("the number of dimensions");
    check<CheckpointError>(dims <= uint32_t(Dims::kMaxDims), where, ": ", dims, " dimensions, at most ", Dims::kMaxDims,
                           " are supported");
    for (uint32_t d = 0; d < dims; d++) {
      const auto extent = in.read<uint64_t>("an extent");
      check<CheckpointError>(extent <= uint64_t(INT64_MAX), where, ": extent ", extent, " is too large");
      t.shape.push_back(int64_t(extent));
    }
    std::reverse(t.shape.begin(), t.shape.end());
    const auto id = in.read<uint32_t>("the tensor type");
    const GgmlTypeInfo* type = find_ggml_type(id);
    check<UnsupportedError>(type != nullptr, where, ": tensor type ", id,
                            " is not known; a removed or newer block format?");
    t.type = type->type;
    t.dtype = type->dtype.value_or(DType::UInt8);
    int64_t elements;
    check<CheckpointError>(checked_count(t.shape, elements), where, ": shape ", t.shape, " is larger than any memory");
    if (type->dtype) t.strides = contiguous_strides(t.shape);
    const int64_t row = t.shape.empty() ? 1 : t.shape.back();
    check<CheckpointError>(row % type->block_length == 0, where, ": rows of ", row, " are not whole blocks of ",
                           type->block_length, " (", type->name, ")");
    check<CheckpointError>(
        !__builtin_mul_overflow(uint64_t(elements) / type->block_length, uint64_t(type->block_bytes), &t.nbytes), where,
        ": shape ", t.shape, " is larger than any memory");
    offsets.push_back(in.read<uint64_t>("the tensor offset"));
    tensors_.push_back(std::move(t));
  }
  locate_tensors(in, offsets);
}

void GgufFile::locate_tensors(ByteReader& in, const std::vector<uint64_t>& offsets) {
  if (tensors_.empty()) return;  // a vocabulary alone may end here
  const uint64_t begin = (in.offset() + alignment_ - 1) / alignment_ * alignment_;
  const uint64_t available = begin < file_->size() ? file_->size() - begin : 0;
  std::vector<std::pair<uint64_t, const GgufTensor*>> order;
  for (size_t i = 0; i < tensors_.size(); i++) {
    GgufTensor& t = tensors_[i];
    check<CheckpointError>(offsets[i] % alignment_ == 0, path_, ": tensor '", printable(t.name), "' begins at byte ",
                           offsets[i], " of the data, which is no multiple of the alignment ", alignment_);
    check<CheckpointError>(offsets[i] <= available && t.nbytes <= available - offsets[i], path_, ": tensor '", t.name,
                           "' (", ggml_type_info(t.type).name, " ", t.shape, ") begins at byte ", offsets[i],
                           " of the data and takes ", t.nbytes, ", the file has ", available, "; incomplete download?");
    t.data = file_->data() + begin + offsets[i];
    t.owner = file_;
    order.emplace_back(offsets[i], &t);
  }
  std::sort(order.begin(), order.end(), [](auto& a, auto& b) {
    return std::pair(a.first, a.second->nbytes) < std::pair(b.first, b.second->nbytes);
  });
  for (size_t i = 1; i < order.size(); i++)
    check<CheckpointError>(order[i - 1].first + order[i - 1].second->nbytes <= order[i].first, path_, ": tensors '",
                           printable(order[i - 1].second->name), "' and '", printable(order[i].second->name),
                           "' overlap");
}

// Such files are rare, so plain tensors are simply turned into memory; blocks mix fields of several widths.
void GgufFile::turn_big_endian() {
  for (GgufTensor& t : tensors_) {
    check<UnsupportedError>(!t.packed(), path_, ": tensor '", printable(t.name), "' holds big-endian ",
                            ggml_type_info(t.type).name,
                            " blocks, which are not supported; convert the model for little-endian machines");
    if (item_size(t.dtype) == 1 || t.nbytes == 0) continue;
    t.owner = byte_swapped_copy(t.bytes(), item_size(t.dtype), path_);
    t.data = t.owner->data();
  }
}

void GgufFile::index() {
  tensor_index_.clear();
  for (size_t i = 0; i < tensors_.size(); i++)
    check<CheckpointError>(tensor_index_.try_emplace(tensors_[i].name, i).second, path_, ": tensor '", tensors_[i].name,
                           "' occurs twice");
}

const GgufTensor* GgufFile::find(std::string_view name) const {
  const auto at = tensor_index_.find(name);
  return at == tensor_index_.end() ? nullptr : &tensors_[at->second];
}

const GgufTensor& GgufFile::at(std::string_view name) const {
  const GgufTensor* found = find(name);
  check<KeyError>(found != nullptr, path_, ": has no tensor '", printable(name), "'");
  return *found;
}

const GgufValue* GgufFile::find_metadata(std::string_view key) const {
  const auto at = metadata_index_.find(key);
  return at == metadata_index_.end() ? nullptr : &metadata_[at->second].second;
}

template <class T>
std::optional<T> GgufFile::get(std::string_view key) const {
  const GgufValue* found = find_metadata(key);
  if (!found) return std::nullopt;
  T out{};
  check<ConfigError>(
      convert(*found, out), path_, ": metadata '", printable(key), "' is of type ", gguf_value_type_name(found->type),
      found->array() ? str(" of ", gguf_value_type_name(found->array()->element)) : "", ", needed ", wanted<T>());
  return out;
}
template std::optional<bool> GgufFile::get(std::string_view) const;
template std::optional<int64_t> GgufFile::get(std::string_view) const;
template std::optional<uint64_t> GgufFile::get(std::string_view) const;
template std::optional<double> GgufFile::get(std::string_view) const;
template std::optional<std::string> GgufFile::get(std::string_view) const;
template std::optional<std::vector<bool>> GgufFile::get(std::string_view) const;
template std::optional<std::vector<int64_t>> GgufFile::get(std::string_view) const;
template std::optional<std::vector<double>> GgufFile::get(std::string_view) const;
template std::optional<std::vector<std::string>> GgufFile::get(std::string_view) const;

}  // namespace ef
