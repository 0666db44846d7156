// The names a pickle may use, and what each makes. This list is the security border: add nothing that runs code.
#include <algorithm>

#include "io/pickle_machine.h"
#include "io/utf8.h"

namespace ef {
namespace {

constexpr std::string_view kCallable[] = {
    "collections.OrderedDict",
    "torch.Size",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_sparse_tensor",
    "torch.serialization._get_layout",
    "torch.per_tensor_affine",
    "torch.per_channel_affine",
    "_codecs.encode",
    "__builtin__.bytes",
    "builtins.bytes",
    "__builtin__.bytearray",
    "builtins.bytearray",
    "__builtin__.set",
    "builtins.set",
    "__builtin__.frozenset",
    "builtins.frozenset",
    "__builtin__.list",
    "builtins.list",
    "__builtin__.tuple",
    "builtins.tuple",
};

struct StorageName {
  std::string_view name;
  std::optional<DType> dtype;
};
constexpr StorageName kStorages[] = {
    {"torch.FloatStorage", DType::Float32},
    {"torch.DoubleStorage", DType::Float64},
    {"torch.HalfStorage", DType::Float16},
    {"torch.BFloat16Storage", DType::BFloat16},
    {"torch.LongStorage", DType::Int64},
    {"torch.IntStorage", DType::Int32},
    {"torch.ShortStorage", DType::Int16},
    {"torch.CharStorage", DType::Int8},
    {"torch.ByteStorage", DType::UInt8},
    {"torch.BoolStorage", DType::Bool},
    {"torch.ComplexFloatStorage", DType::Complex64},
    {"torch.QInt8Storage", DType::Int8},
    {"torch.QUInt8Storage", DType::UInt8},
    {"torch.QInt32Storage", DType::Int32},
    {"torch.storage.UntypedStorage", {}},
    {"torch.UntypedStorage", {}},
};

struct DTypeName {
  std::string_view name;
  DType dtype;
};
constexpr DTypeName kDTypes[] = {
    {"torch.float32", DType::Float32},
    {"torch.float", DType::Float32},
    {"torch.float64", DType::Float64},
    {"torch.double", DType::Float64},
    {"torch.float16", DType::Float16},
    {"torch.half", DType::Float16},
    {"torch.bfloat16", DType::BFloat16},
    {"torch.int64", DType::Int64},
    {"torch.long", DType::Int64},
    {"torch.int32", DType::Int32},
    {"torch.int", DType::Int32},
    {"torch.int16", DType::Int16},
    {"torch.short", DType::Int16},
    {"torch.int8", DType::Int8},
    {"torch.uint8", DType::UInt8},
    {"torch.bool", DType::Bool},
    {"torch.uint16", DType::UInt16},
    {"torch.uint32", DType::UInt32},
    {"torch.uint64", DType::UInt64},
    {"torch.float8_e4m3fn", DType::Float8E4M3},
    {"torch.float8_e5m2", DType::Float8E5M2},
    {"torch.float8_e8m0fnu", DType::Float8E8M0},
    {"torch.complex64", DType::Complex64},
    {"torch.cfloat", DType::Complex64},
};

template <class Table>
auto find_name(const Table& table, std::string_view name) {
  const auto at = std::find_if(std::begin(table), std::end(table), [&](auto& entry) { return entry.name == name; });
  return at == std::end(table) ? nullptr : &*at;
}

}  // namespace

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  const std::string full = str(module, ".", name);
  if (const auto* dtype = find_name(kDTypes, full)) return push(PickleKind::DType, dtype->dtype);
  if (std::find(std::begin(kCallable), std::end(kCallable), full) == std::end(kCallable) && !find_name(kStorages, full))
    bad("asks for '", printable(full),
        "', which is neither a tensor nor a plain container; refused, since loading it could run "
        "code. Save the weights alone (a state dict) with the library that wrote the file");
  push(PickleKind::Global, full);
}

PickleValue* PickleMachine::call(const std::string& global, const Items& args) {
  if (global == "torch._utils._rebuild_tensor_v2" || global == "torch._utils._rebuild_tensor")
    return rebuild_tensor(args, false);
  if (global == "torch._utils._rebuild_tensor_v3") return rebuild_tensor(args, true);
  if (global == "torch._utils._rebuild_parameter") {
    if (args.size() < 2 || !args[0]->is(PickleKind::Tensor)) bad("a parameter is not made from a tensor");
    auto tensor = std::make_unique<PickleTensor>(*std::get<std::unique_ptr<PickleTensor>>(args[0]->data));
    tensor->requires_grad = args[1]->is(PickleKind::Bool) && std::get<bool>(args[1]->data);
    return make_tensor(PickleKind::Tensor, std::move(tensor));
  }
  if (global == "collections.OrderedDict") return fill(PickleKind::Dict, args, global);
  if (global == "torch.Size" || global.ends_with(".tuple")) return fill(PickleKind::Tuple, args, global);
  if (global.ends_with(".list")) return fill(PickleKind::List, args, global);
  if (global.ends_with("set")) return fill(PickleKind::Set, args, global);
  if (global == "_codecs.encode" || global.ends_with(".bytes") || global.ends_with(".bytearray"))
    return encoded_bytes(args, global);
  // Tensors that are not dense: named as what they are, so that a file which has them beside its weights can be read.
  if (global == "torch._utils._rebuild_qtensor") return make(PickleKind::Global, std::string("quantized tensor"));
  if (global == "torch._utils._rebuild_sparse_tensor") return make(PickleKind::Global, std::string("sparse tensor"));
  if (global == "torch.serialization._get_layout") return make(PickleKind::Global, std::string("layout"));
  bad("calls '", printable(global), "'; refused");  // storage types are only named, never called
}

// Calls copy their argument, and one argument can be used by many calls. Python writes a fresh argument for each, of at
// least a byte an item: copies of more than has been read are a bomb.
void PickleMachine::charge(uint64_t copied) {
  copied_ += copied;
  if (copied_ > in_.offset()) bad("calls copy the same values again and again; refused");
}

PickleValue* PickleMachine::make_tensor(PickleKind kind, std::unique_ptr<PickleTensor> tensor) {
  out_.tensors.push_back(tensor.get());
  return make(kind, std::move(tensor));
}

// A container from one optional argument that lists its items; for a dict, its pairs.
PickleValue* PickleMachine::fill(PickleKind kind, const Items& args, const std::string& global) {
  PickleValue* out = make(kind, Items());
  if (args.empty()) return out;
  const bool listed = args.size() == 1 && (args[0]->is(PickleKind::List) || args[0]->is(PickleKind::Tuple));
  if (!listed) bad(global, " is called with unusual arguments; refused");
  charge(args[0]->items().size());
  auto& items = std::get<Items>(out->data);
  for (const PickleValue* item : args[0]->items()) {
    if (kind != PickleKind::Dict) {
      items.push_back(item);
      continue;
    }
    const bool pair = (item->is(PickleKind::List) || item->is(PickleKind::Tuple)) && item->items().size() == 2;
    if (!pair) bad(global, " is made from something else than pairs");
    items.insert(items.end(), item->items().begin(), item->items().end());
  }
  return out;
}

// Protocol 2 has no bytes: Python writes them as text of code points below 256, to be encoded as latin-1.
PickleValue* PickleMachine::encoded_bytes(const Items& args, const std::string& global) {
  if (args.empty()) return make(PickleKind::Bytes, std::string());
  if (args[0]->is(PickleKind::String) || args[0]->is(PickleKind::Bytes)) charge(args[0]->text().size());
  if (args.size() == 1 && args[0]->is(PickleKind::Bytes)) return make(PickleKind::Bytes, args[0]->text());
  const bool latin = args.size() == 2 && args[0]->is(PickleKind::String) && args[1]->is(PickleKind::String) &&
                     (args[1]->text() == "latin1" || args[1]->text() == "latin-1");
  if (!latin) bad(global, " is called with unusual arguments; refused");
  std::string out;
  const std::string& text = args[0]->text();
  for (size_t i = 0; i < text.size(); i++) {
    const uint8_t first = uint8_t(text[i]);
    if (first < 0x80)
      out += char(first);
    else if (first <= 0xc3 && i + 1 < text.size())
      out += char((first << 6) | (uint8_t(text[++i]) & 0x3f));
    else
      bad("bytes are written with a character beyond latin-1");
  }
  return make(PickleKind::Bytes, std::move(out));
}

// An attribute dict on an OrderedDict (nn.Module puts _metadata there) is no part of the data and is dropped.
void PickleMachine::build(PickleValue* target, const PickleValue* state) {
  if (!target->is(PickleKind::Dict) || !state->is(PickleKind::Dict))
    bad("sets the state of a ", pickle_kind_name(target->kind), ", which is not plain data; refused");
}

uint64_t PickleMachine::whole(const PickleValue* value, const char* what) const {
  if (!value->is(PickleKind::Int) || std::get<int64_t>(value->data) < 0) bad(what, " is not a whole number from 0");
  return uint64_t(std::get<int64_t>(value->data));
}

Dims PickleMachine::dims(const PickleValue* value, const char* what) const {
  if (!value->is(PickleKind::Tuple) && !value->is(PickleKind::List))
    bad(what, " is a ", pickle_kind_name(value->kind), ", needed a tuple");
  if (value->items().size() > size_t(Dims::kMaxDims))
    bad(what, " has ", value->items().size(), " dimensions, at most ", Dims::kMaxDims, " are supported");
  Dims out;
  for (const PickleValue* item : value->items()) out.push_back(int64_t(whole(item, what)));
  return out;
}

// ('storage', type, key, device, count) and in old files a view: None or (key, first element, count).
PickleValue* PickleMachine::persistent(const PickleValue* id) {
  const auto text = [](const PickleValue* v) { return v->is(PickleKind::String) ? v->text() : std::string(); };
  if (!id->is(PickleKind::Tuple) || id->items().size() < 5 || text(id->items()[0]) != "storage")
    bad("a persistent id is not that of a storage; refused");
  const Items& parts = id->items();
  const StorageName* type = parts[1]->is(PickleKind::Global) ? find_name(kStorages, parts[1]->text()) : nullptr;
  if (!type) bad("a storage has no known type");
  if (!parts[2]->is(PickleKind::String)) bad("a storage key is not a string");
  PickleStorage storage{parts[2]->text(), type->dtype, whole(parts[4], "a storage size")};
  uint64_t unused;
  if (__builtin_mul_overflow(storage.count, storage.item_bytes(), &unused))
    bad("a storage of ", storage.count, " elements is larger than any memory");

  auto tensor = std::make_unique<PickleTensor>();
  uint64_t count = storage.count;
  if (parts.size() > 5 && !parts[5]->is(PickleKind::None)) {
    if (!parts[5]->is(PickleKind::Tuple) || parts[5]->items().size() != 3)
      bad("a storage view is not a tuple of three");
    tensor->offset = whole(parts[5]->items()[1], "the start of a storage view");
    count = whole(parts[5]->items()[2], "the size of a storage view");
    if (tensor->offset > storage.count || count > storage.count - tensor->offset)
      bad("a storage view reaches beyond its storage");
  }
  const auto [at, inserted] = out_.storages.try_emplace(storage.key, storage);
  if (!inserted && (at->second.dtype != storage.dtype || at->second.count != storage.count))
    bad("storage '", printable(storage.key), "' is described in two ways");
  if (count > uint64_t(INT64_MAX)) bad("a storage of ", count, " elements is larger than any memory");
  tensor->storage = &at->second;
  tensor->info.dtype = type->dtype.value_or(DType::UInt8);
  tensor->info.shape = {int64_t(count)};
  tensor->info.strides = {1};
  return make_tensor(PickleKind::Storage, std::move(tensor));
}

// (storage, offset, size, stride, requires_grad, hooks[, dtype][, metadata]); the oldest form ends after the strides.
PickleValue* PickleMachine::rebuild_tensor(const Items& args, bool with_dtype) {
  if (args.size() < (with_dtype ? 7u : 4u) || !args[0]->is(PickleKind::Storage))
    bad("a tensor is made from something else than a storage");
  const PickleTensor& base = *std::get<std::unique_ptr<PickleTensor>>(args[0]->data);
  auto tensor = std::make_unique<PickleTensor>();
  tensor->storage = base.storage;
  tensor->info.dtype = base.info.dtype;
  if (with_dtype) {
    if (!args[6]->is(PickleKind::DType)) bad("a tensor has no known dtype");
    tensor->info.dtype = std::get<DType>(args[6]->data);
  } else if (!base.storage->dtype) {
    bad("a tensor on an untyped storage has no dtype");
  }
  const uint64_t offset = whole(args[1], "a storage offset");
  if (base.offset > 0 && with_dtype) bad("a view of a storage with another dtype is not supported");
  if (__builtin_add_overflow(offset, base.offset, &tensor->offset)) bad("a storage offset is larger than any memory");
  tensor->info.shape = dims(args[2], "a shape");
  tensor->info.strides = dims(args[3], "the strides");
  if (tensor->info.shape.size() != tensor->info.strides.size())
    bad("a tensor has ", tensor->info.shape.size(), " extents and ", tensor->info.strides.size(), " strides");
  if (args.size() > 4) tensor->requires_grad = args[4]->is(PickleKind::Bool) && std::get<bool>(args[4]->data);
  return make_tensor(PickleKind::Tensor, std::move(tensor));
}

}  // namespace ef
