// The structures of DLPack 1.0, an interface between libraries that hold tensors (https://dmlc.github.io/dlpack).
#pragma once
#include <cstdint>

namespace ef::dlpack {

struct Device {
  int32_t type;  // 1: CPU, 3: CPU memory pinned for CUDA
  int32_t id;
};
struct DataType {
  uint8_t code, bits;
  uint16_t lanes;
};
enum Code : uint8_t { kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kComplex = 5, kBool = 6 };
struct DlTensor {
  void* data;
  Device device;
  int32_t ndim;
  DataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; null: row-major
  uint64_t byte_offset;
};
struct Managed {  // capsule "dltensor"
  DlTensor tensor;
  void* context;
  void (*deleter)(Managed*);
};
struct ManagedVersioned {  // capsule "dltensor_versioned"
  struct {
    uint32_t major, minor;
  } version;
  void* context;
  void (*deleter)(ManagedVersioned*);
  uint64_t flags;  // bit 0: read-only
  DlTensor tensor;
};

}  // namespace ef::dlpack
