// The pickle that torch.save would write for a dict of contiguous tensors, and the zip archive around it.
#include <array>

#include "io/byte_writer.h"
#include "io/torch_archive.h"
#include "io/utf8.h"

namespace ef {
namespace {

struct Name {
  DType dtype;
  const char* storage;  // nullptr: the storage is untyped, and the tensor names its dtype
  const char* dtype_name;
};
constexpr Name kNames[] = {
    {DType::Float32, "FloatStorage", "float32"},
    {DType::Float64, "DoubleStorage", "float64"},
    {DType::Float16, "HalfStorage", "float16"},
    {DType::BFloat16, "BFloat16Storage", "bfloat16"},
    {DType::Int64, "LongStorage", "int64"},
    {DType::Int32, "IntStorage", "int32"},
    {DType::Int16, "ShortStorage", "int16"},
    {DType::Int8, "CharStorage", "int8"},
    {DType::UInt8, "ByteStorage", "uint8"},
    {DType::Bool, "BoolStorage", "bool"},
    {DType::Complex64, "ComplexFloatStorage", "complex64"},
    {DType::UInt16, nullptr, "uint16"},
    {DType::UInt32, nullptr, "uint32"},
    {DType::UInt64, nullptr, "uint64"},
    {DType::Float8E4M3, nullptr, "float8_e4m3fn"},
    {DType::Float8E5M2, nullptr, "float8_e5m2"},
    {DType::Float8E8M0, nullptr, "float8_e8m0fnu"},
};

const Name& name_of(DType dtype) {
  for (const Name& name : kNames)
    if (name.dtype == dtype) return name;
  fail<DtypeError>("torch file: no storage type for ", dtype_name(dtype));
}

void put_text(std::string& out, const std::string& text) {
  out += 'X';
  put(out, uint32_t(text.size()));
  out += text;
}
void put_global(std::string& out, const std::string& module, const std::string& name) {
  out += "c" + module + "\n" + name + "\n";
}
void put_int(std::string& out, int64_t value) {
  out += "\x8a\x08";  // LONG1 of eight bytes: one form for every size
  put(out, value);
}
void put_dims(std::string& out, const Dims& dims) {
  out += '(';
  for (int64_t d : dims) put_int(out, d);
  out += 't';
}

void put_tensor(std::string& out, const TensorInfo& info, size_t key, uint64_t nbytes) {
  const Name& name = name_of(info.dtype);
  put_global(out, "torch._utils", name.storage ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
  out += "((";
  put_text(out, "storage");
  if (name.storage)
    put_global(out, "torch", name.storage);
  else
    put_global(out, "torch.storage", "UntypedStorage");
  put_text(out, std::to_string(key));
  put_text(out, "cpu");
  put_int(out, int64_t(name.storage ? nbytes / item_size(info.dtype) : nbytes));
  out += "tQ";
  put_int(out, 0);
  put_dims(out, info.shape);
  put_dims(out, contiguous_strides(info.shape));
  out += '\x89';
  put_global(out, "collections", "OrderedDict");
  out += ")R";
  if (!name.storage) put_global(out, "torch", name.dtype_name);
  out += "tR";
}

}  // namespace

TorchWriter::TorchWriter(const std::string& path, const std::vector<TensorInfo>& tensors) : path_(path), zip_(path) {
  std::string pickle = "\x80\x02}(";
  for (size_t i = 0; i < tensors.size(); i++) {
    const TensorInfo& info = tensors[i];
    check<CheckpointError>(is_utf8(info.name), path, ": a tensor name is not valid UTF-8");
    uint64_t nbytes;
    check<CheckpointError>(checked_nbytes(info.shape, info.dtype, nbytes), path, ": tensor '", info.name, "' of shape ",
                           info.shape, " is larger than any memory");
    check<CheckpointError>(slots_.try_emplace(info.name, Slot{i, nbytes}).second, path, ": tensor '", info.name,
                           "' is given twice");
    put_text(pickle, info.name);
    put_tensor(pickle, info, i, nbytes);
  }
  pickle += "u.";
  zip_.add("archive/data.pkl", pickle);
  zip_.add("archive/.format_version", "1");
  zip_.add("archive/.storage_alignment", "64");
  zip_.add("archive/byteorder", "little");
}

void TorchWriter::write(const std::string& name, std::span<const std::byte> bytes) {
  const auto at = slots_.find(name);
  check<CheckpointError>(at != slots_.end(), path_, ": tensor '", name, "' was not announced");
  Slot& slot = at->second;
  check<CheckpointError>(!slot.written, path_, ": tensor '", name, "' is written twice");
  check<CheckpointError>(bytes.size() == slot.nbytes, path_, ": tensor '", name, "' was given ", bytes.size(),
                         " bytes, announced were ", slot.nbytes);
  zip_.add("archive/data/" + std::to_string(slot.key), bytes);
  slot.written = true;
}

void TorchWriter::commit() {
  for (const auto& [name, slot] : slots_)
    check<CheckpointError>(slot.written, path_, ": tensor '", name, "' was announced and never written");
  zip_.add("archive/version", "3\n");
  zip_.commit();
}

void write_torch(const std::string& path, const std::vector<TensorInfo>& tensors) {
  for (const TensorInfo& info : tensors)
    check<CheckpointError>(info.contiguous(), path, ": tensor '", info.name,
                           "' is not contiguous; call contiguous() first");
  TorchWriter writer(path, tensors);
  for (const TensorInfo& info : tensors) writer.write(info.name, info.bytes());
  writer.commit();
}

}  // namespace ef
