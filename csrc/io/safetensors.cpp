#include "io/safetensors.h"

#include <algorithm>
#include <array>

#include "io/byte_reader.h"
#include "io/json.h"
#include "io/utf8.h"

namespace ef {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

struct Name {
  DType dtype;
  const char* name;
};
// In the order in which the safetensors library ranks them: tensors are stored by rank from the last to the first,
// which puts the widest elements in front and so keeps every tensor aligned.
constexpr std::array<Name, kDTypeCount> kNames{{
    {DType::Bool, "BOOL"},
    {DType::UInt8, "U8"},
    {DType::Int8, "I8"},
    {DType::Float8E5M2, "F8_E5M2"},
    {DType::Float8E4M3, "F8_E4M3"},
    {DType::Float8E8M0, "F8_E8M0"},
    {DType::Int16, "I16"},
    {DType::UInt16, "U16"},
    {DType::Float16, "F16"},
    {DType::BFloat16, "BF16"},
    {DType::Int32, "I32"},
    {DType::UInt32, "U32"},
    {DType::Float32, "F32"},
    {DType::Complex64, "C64"},
    {DType::Float64, "F64"},
    {DType::Int64, "I64"},
    {DType::UInt64, "U64"},
}};

size_t rank(DType dtype) {
  return size_t(std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return n.dtype == dtype; }) -
                kNames.begin());
}

uint64_t whole_number(const Json& v, const std::string& where, const char* what) {
  check<CheckpointError>(v.is_number_unsigned(), where, ": ", what, " holds ", json_kind(v),
                         ", needed whole numbers from 0");
  return v.get<uint64_t>();
}

TensorInfo read_entry(const std::string& name, const Json& entry, const std::string& path, uint64_t data_begin,
                      const FilePtr& file) {
  const std::string where = str(path, ": tensor '", printable(name), "'");
  check<CheckpointError>(entry.is_object(), where, ": the header has ", json_kind(entry), ", needed an object");
  const auto member = [&](const char* key) -> const Json& {
    const auto at = entry.find(key);
    check<CheckpointError>(at != entry.end(), where, ": '", printable(key), "' is missing from the header");
    return *at;
  };
  const Json &dtype = member("dtype"), &shape = member("shape"), &offsets = member("data_offsets");
  check<CheckpointError>(dtype.is_string(), where, ": dtype is ", json_kind(dtype), ", needed a string");
  check<CheckpointError>(shape.is_array(), where, ": shape is ", json_kind(shape), ", needed a list");
  check<CheckpointError>(offsets.is_array() && offsets.size() == 2, where,
                         ": data_offsets must be a list of two numbers");

  TensorInfo info;
  info.name = name;
  const std::string& code = dtype.get_ref<const std::string&>();
  const auto known = safetensors_dtype(code);
  if (!known && (code.starts_with("F4") || code.starts_with("F6") || code.ends_with("FNUZ")))
    fail<UnsupportedError>(where, ": dtype ", printable(code), " is not supported");
  check<CheckpointError>(known.has_value(), where, ": unknown dtype '", code,
                         "'; a newer format, or a damaged header?");
  info.dtype = *known;
  check<CheckpointError>(shape.size() <= size_t(Dims::kMaxDims), where, ": ", shape.size(), " dimensions, at most ",
                         Dims::kMaxDims, " are supported");
  for (const Json& extent : shape) {
    const uint64_t n = whole_number(extent, where, "shape");
    check<CheckpointError>(n <= uint64_t(INT64_MAX), where, ": extent ", n, " is too large");
    info.shape.push_back(int64_t(n));
  }

  const uint64_t begin = whole_number(offsets[0], where, "data_offsets"),
                 end = whole_number(offsets[1], where, "data_offsets");
  const uint64_t available = file->size() - data_begin;
  check<CheckpointError>(begin <= end, where, ": ends at byte ", end, " before it begins at ", begin,
                         "; damaged header?");
  check<CheckpointError>(end <= available, where, ": ends at byte ", end, " of the data, the file has ", available,
                         "; incomplete download?");
  check<CheckpointError>(checked_nbytes(info.shape, info.dtype, info.nbytes), where, ": shape ", info.shape,
                         " is larger than any memory");
  check<CheckpointError>(info.nbytes == end - begin, where, ": ", code, " of shape ", info.shape, " is ", info.nbytes,
                         " bytes, the header gives it ", end - begin);
  info.strides = contiguous_strides(info.shape);
  info.data = file->data() + data_begin + begin;
  info.owner = file;
  return info;
}

}  // namespace

const char* safetensors_dtype_name(DType dtype) { return kNames[rank(dtype)].name; }

std::optional<DType> safetensors_dtype(std::string_view name) {
  for (const Name& n : kNames)
    if (name == n.name) return n.dtype;
  return std::nullopt;
}

SafetensorsFile::SafetensorsFile(const std::string& path, bool disable_mmap)
    : SafetensorsFile(MappedFile::open(path, disable_mmap)) {}

SafetensorsFile::SafetensorsFile(FilePtr file) : file_(std::move(file)) { parse(); }

void SafetensorsFile::parse() {
  const std::string& path = file_->path();
  ByteReader in(file_->bytes(), path);
  const auto length = in.read<uint64_t>("the header length");
  if (length > kMaxHeaderBytes || length > in.remaining()) {
    const std::string foreign = describe_foreign_file(file_->bytes());
    fail<CheckpointError>(path, ": the header claims ", length, " bytes, the file has ", in.remaining(),
                          " and the limit is ", kMaxHeaderBytes, "; ",
                          foreign.empty() ? "incomplete download, or not a safetensors file?" : foreign);
  }
  const std::string_view text = in.take_text(length, "the header");
  check<CheckpointError>(text.starts_with('{'), path, ": the header does not begin with '{'; not a safetensors file?");
  JsonOptions options;
  options.max_depth = 8;
  options.reject_duplicate_keys = true;
  options.accept_nan = false;
  const Json header = parse_json(text, path, options);

  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      tensors_.push_back(read_entry(name, entry, path, in.offset(), file_));
      continue;
    }
    if (entry.is_null()) continue;
    check<CheckpointError>(entry.is_object(), path, ": __metadata__ is ", json_kind(entry), ", needed an object");
    for (const auto& [key, value] : entry.items()) {
      check<CheckpointError>(value.is_string(), path, ": __metadata__ '", printable(key), "' is ", json_kind(value),
                             ", needed a string");
      metadata_[key] = value.get<std::string>();
    }
  }

  // The tensors must cover the data exactly: what lies between them could hide anything, and what overlaps is a lie.
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.data, a.nbytes) < std::pair(b.data, b.nbytes);
  });
  uint64_t covered = 0;
  for (const TensorInfo& info : tensors_) {
    const uint64_t begin = uint64_t(info.data - file_->data()) - in.offset();
    check<CheckpointError>(begin >= covered, path, ": tensor '", printable(info.name), "' begins at byte ", begin,
                           " inside the tensor before it, which ends at ", covered);
    check<CheckpointError>(begin == covered, path, ": tensor '", printable(info.name), "' begins at byte ", begin,
                           ", needed ", covered, ": the format allows no gaps");
    covered = begin + info.nbytes;
  }
  check<CheckpointError>(covered == in.remaining(), path, ": ", in.remaining() - covered,
                         " bytes follow the last tensor; the format allows none");
  for (size_t i = 0; i < tensors_.size(); i++) index_[tensors_[i].name] = i;
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto at = index_.find(name);
  return at == index_.end() ? nullptr : &tensors_[at->second];
}

const TensorInfo& SafetensorsFile::at(std::string_view name) const {
  const TensorInfo* found = find(name);
  check<KeyError>(found != nullptr, file_->path(), ": has no tensor '", printable(name), "'");
  return *found;
}

SafetensorsWriter::SafetensorsWriter(const std::string& path, const std::vector<TensorInfo>& tensors,
                                     const SafetensorsMetadata& metadata)
    : file_(path) {
  std::vector<const TensorInfo*> order;
  for (const TensorInfo& info : tensors) order.push_back(&info);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) {
    const size_t left = rank(a->dtype), right = rank(b->dtype);
    return left != right ? left > right : a->name < b->name;
  });

  const auto quoted = [&](const std::string& text) {
    try {
      return Json(text).dump();
    } catch (const Json::exception&) {
      fail<CheckpointError>(path, ": a tensor or metadata name is not valid UTF-8");
    }
  };
  std::string header = "{";
  const auto comma = [&] { return header.size() > 1 ? "," : ""; };
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (bool first = true; const auto& [key, value] : metadata) {
      header += (first ? "" : ",") + quoted(key) + ":" + quoted(value);
      first = false;
    }
    header += "}";
  }
  uint64_t offset = 0;
  for (const TensorInfo* info : order) {
    check<CheckpointError>(info->name != "__metadata__", path, ": a tensor cannot be named __metadata__");
    uint64_t nbytes;
    check<CheckpointError>(checked_nbytes(info->shape, info->dtype, nbytes), path, ": tensor '", info->name,
                           "' of shape ", info->shape, " is larger than any memory");
    check<CheckpointError>(slots_.try_emplace(info->name, Slot{offset, nbytes}).second, path, ": tensor '", info->name,
                           "' is given twice");
    header += str(comma(), quoted(info->name), ":{\"dtype\":\"", safetensors_dtype_name(info->dtype), "\",\"shape\":[");
    for (int i = 0; i < info->shape.size(); i++) header += str(i ? "," : "", info->shape[i]);
    header += str("],\"data_offsets\":[", offset, ",", offset + nbytes, "]}");
    offset += nbytes;
    names_.push_back(info->name);
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  check<CheckpointError>(header.size() <= kMaxHeaderBytes, path, ": the header would take ", header.size(),
                         " bytes, the format allows ", kMaxHeaderBytes, "; save in more shards");
  const uint64_t length = header.size();
  file_.write(std::as_bytes(std::span(&length, 1)));
  file_.write(header);
  for (auto& [name, slot] : slots_) slot.offset += 8 + length;
}

void SafetensorsWriter::write(const std::string& name, std::span<const std::byte> bytes) {
  const auto at = slots_.find(name);
  check<CheckpointError>(at != slots_.end(), file_.path(), ": tensor '", printable(name), "' was not announced");
  Slot& slot = at->second;
  check<CheckpointError>(!slot.written, file_.path(), ": tensor '", printable(name), "' is written twice");
  check<CheckpointError>(bytes.size() == slot.nbytes, file_.path(), ": tensor '", printable(name), "' was given ",
                         bytes.size(), " bytes, announced were ", slot.nbytes);
  file_.write_at(slot.offset, bytes);
  slot.written = true;
}

void SafetensorsWriter::commit() {
  for (const std::string& name : names_)
    check<CheckpointError>(slots_.at(name).written, file_.path(), ": tensor '", name,
                           "' was announced and never written");
  file_.commit();
}

void write_safetensors(const std::string& path, const std::vector<TensorInfo>& tensors,
                       const SafetensorsMetadata& metadata) {
  for (const TensorInfo& info : tensors)
    check<CheckpointError>(info.contiguous(), path, ": tensor '", info.name,
                           "' is not contiguous; call contiguous() first");
  SafetensorsWriter writer(path, tensors, metadata);
  std::unordered_map<std::string_view, const TensorInfo*> by_name;
  for (const TensorInfo& info : tensors) by_name[info.name] = &info;
  for (const std::string& name : writer.names()) writer.write(name, by_name.at(name)->bytes());
  writer.commit();
}

}  // namespace ef
