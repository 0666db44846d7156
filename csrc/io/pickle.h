// Python pickles read as data. Nothing is imported and nothing is called: the names that torch.save writes for tensors
// and plain containers are understood, every other one is refused by name.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/byte_reader.h"
#include "io/tensor_info.h"

namespace ef {

enum class PickleKind : uint8_t {
  None,
  Bool,
  Int,
  BigInt,
  Float,
  String,
  Bytes,
  List,
  Tuple,
  Set,
  Dict,
  DType,
  Storage,
  Tensor,
  Global,
};
const char* pickle_kind_name(PickleKind kind);

// A storage that the archive keeps outside the pickle, found by its key.
struct PickleStorage {
  std::string key;
  std::optional<DType> dtype;  // none: untyped, counted in bytes
  uint64_t count = 0;
  uint64_t item_bytes() const { return dtype ? item_size(*dtype) : 1; }
};

// A window on a storage. The archive fills in `info`'s data once it knows where the storage lies.
struct PickleTensor {
  const PickleStorage* storage = nullptr;
  uint64_t offset = 0;  // in elements of info.dtype
  bool requires_grad = false;
  TensorInfo info;
};

// One value. Parts that several values share are the same object, as in Python: walk with care for repeated parts.
// There are no cycles, and no value nests deeper than kMaxPickleDepth.
struct PickleValue {
  using Items = std::vector<const PickleValue*>;
  PickleKind kind = PickleKind::None;
  // BigInt: two's complement, little-endian, in the string. Dict: key, value, key, value … in Items. Global:
  // "module.name". Tensor and Storage: a tensor (a storage is a flat one).
  std::variant<std::monostate, bool, int64_t, double, std::string, Items, DType, std::unique_ptr<PickleTensor>> data;

  const std::string& text() const { return std::get<std::string>(data); }
  const Items& items() const { return std::get<Items>(data); }
  const TensorInfo& tensor() const { return std::get<std::unique_ptr<PickleTensor>>(data)->info; }
  bool is(PickleKind k) const { return kind == k; }
  // The value of a string key of a Dict; nullptr when this is no Dict or has no such key. A key set twice: the last.
  const PickleValue* find(std::string_view key) const;
};
constexpr int kMaxPickleDepth = 100;

// The values of one pickle, owned together.
struct Pickle {
  std::deque<PickleValue> values;  // stays in place when it grows
  const PickleValue* root = nullptr;
  std::map<std::string, PickleStorage> storages;
  std::vector<PickleTensor*> tensors;
};

// Reads one pickle (protocols 2 to 5) and leaves `in` behind its end. CheckpointError for anything else.
Pickle read_pickle(ByteReader& in);

}  // namespace ef
