// Damages good files in a reproducible way and opens them: whatever happens, it must be an ef::Error or a correct
// object, and the memory taken must be in proportion to the file, not to what its header says. EF_FUZZ_ITERATIONS sets
// the number of damaged files a reader gets, EF_FUZZ_SEED which; run with address and undefined-behaviour sanitizers it
// proves the most.
#include <malloc.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <random>

#include "io/gguf.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/torch_archive.h"
#include "io_helpers.h"

namespace {

std::atomic<size_t> live_bytes{0}, peak_bytes{0};

void* counted_allocate(size_t size, size_t alignment) {
  void* p = alignment > alignof(std::max_align_t)
                ? aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                : malloc(size ? size : 1);
  if (!p) throw std::bad_alloc();
  const size_t now = live_bytes += malloc_usable_size(p);
  if (now > peak_bytes) peak_bytes = now;
  return p;
}
void counted_free(void* p) {
  if (p) live_bytes -= malloc_usable_size(p);
  free(p);
}

}  // namespace

void* operator new(size_t size) { return counted_allocate(size, 0); }
void* operator new(size_t size, std::align_val_t alignment) { return counted_allocate(size, size_t(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted_allocate(size, 0); }
void operator delete(void* p, const std::nothrow_t&) noexcept { counted_free(p); }
void operator delete(void* p) noexcept { counted_free(p); }
void operator delete(void* p, size_t) noexcept { counted_free(p); }
void operator delete(void* p, std::align_val_t) noexcept { counted_free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { counted_free(p); }

namespace ef {
namespace {

using Corpus = std::vector<std::string>;

int setting(const char* name, int otherwise) {
  const char* set = std::getenv(name);
  return set ? std::atoi(set) : otherwise;
}

class Mutator {
 public:
  explicit Mutator(const Corpus& corpus) : corpus_(corpus), random_(unsigned(setting("EF_FUZZ_SEED", 1))) {}
  std::string next() {
    std::string bytes = corpus_[below(corpus_.size())];
    for (size_t n = 1 + below(below(4) == 0 ? 8 : 2); n > 0; n--) mutate(bytes);
    return bytes;
  }

 private:
  size_t below(size_t n) { return n ? random_() % n : 0; }
  void mutate(std::string& bytes) {
    const size_t at = below(bytes.size()), length = std::min(1 + below(16), bytes.size() - at);
    switch (below(9)) {
      case 0:
        if (!bytes.empty()) bytes[at] ^= char(1 << below(8));
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = char(random_());
        break;
      case 2:
        overwrite(bytes, at, 1 << below(4), interesting());
        break;
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 5:
        bytes.resize(at);
        break;
      case 6:
        bytes.insert(at, 1, char(random_()));
        break;
      case 7: {  // a piece of another good file
        const std::string& other = corpus_[below(corpus_.size())];
        const size_t from = below(other.size());
        bytes.replace(at, length, other.substr(from, 1 + below(32)));
        break;
      }
      case 8:
        bump_digits(bytes, at);
        break;
    }
  }
  uint64_t interesting() {
    constexpr uint64_t kValues[] = {0,
                                    1,
                                    2,
                                    7,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0xffff,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    uint64_t(1) << 40,
                                    INT64_MAX,
                                    uint64_t(INT64_MAX) + 1,
                                    UINT64_MAX,
                                    UINT64_MAX - 7,
                                    uint64_t(1) << 61};
    return kValues[below(std::size(kValues))];
  }
  static void overwrite(std::string& bytes, size_t at, size_t size, uint64_t value) {
    for (size_t i = 0; i < size && at + i < bytes.size(); i++) bytes[at + i] = char(value >> 8 * i);
  }
  // Numbers in JSON text, which byte changes seldom keep numbers.
  void bump_digits(std::string& bytes, size_t at) {
    const size_t digit = bytes.find_first_of("0123456789", at);
    if (digit == std::string::npos) return;
    constexpr const char* kNumbers[] = {"0",
                                        "1",
                                        "-1",
                                        "9",
                                        "4294967296",
                                        "18446744073709551615",
                                        "9223372036854775807",
                                        "1e9",
                                        "18446744073709551616"};
    bytes.replace(digit, 1, kNumbers[below(std::size(kNumbers))]);
  }
  const Corpus& corpus_;
  std::mt19937 random_;
};

volatile unsigned touched;

// Reads every byte and every element that the description promises.
void touch(const TensorInfo& info) {
  unsigned sum = 0;
  for (std::byte b : info.bytes()) sum += unsigned(b);
  int64_t count = numel(info.shape);
  if (info.strides.size() == info.shape.size() && count < 100'000) {
    const size_t item = item_size(info.dtype);
    for (int64_t i = 0; i < count; i++) {
      int64_t rest = i, at = 0;
      for (int d = info.shape.size() - 1; d >= 0; d--)
        at += rest % info.shape[d] * info.strides[d], rest /= info.shape[d];
      sum += unsigned(info.data[size_t(at) * item + item - 1]);
    }
  }
  touched = sum;
}

template <class Read>
void fuzz(const Corpus& corpus, Read read) {
  for (const std::string& bytes : corpus) read(bytes);  // the undamaged ones must pass
  Mutator mutator(corpus);
  int passed = 0;
  const int count = setting("EF_FUZZ_ITERATIONS", 500);
  for (int i = 0; i < count; i++) {
    const std::string bytes = mutator.next();
    const size_t before = live_bytes;
    peak_bytes = before;
    try {
      read(bytes);
      passed++;
    } catch (const Error&) {
    } catch (const std::exception& error) {
      FAIL() << "iteration " << i << ": an untyped error: " << error.what();
    }
    // A mebibyte for zlib's windows and error texts, and the values of a file in memory beside its bytes.
    ASSERT_LE(peak_bytes - before, (size_t(1) << 20) + 64 * bytes.size()) << "iteration " << i;
  }
  if (count >= 500) {  // else the damage is too rude, or so mild that nothing is tested
    EXPECT_GT(passed, 0);
    EXPECT_LT(passed, count);
  }
}

// A stored zip archive in memory, with right checksums, so that damage inside an entry gets past the zip reader.
std::string zip_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out, directory;
  for (const auto& [name, data] : entries) {
    const uint32_t offset = uint32_t(out.size());
    std::string fields;
    put(fields, uint64_t(20));  // version, flags, method, time
    fields.resize(10);
    put(fields, uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size())));
    put(fields, uint32_t(data.size()));
    put(fields, uint32_t(data.size()));
    put(fields, uint16_t(name.size()));
    out += "PK\3\4" + fields + std::string(2, '\0') + name + data;
    directory += "PK\1\2" + std::string("\x14\0", 2) + fields + std::string(12, '\0');
    put(directory, offset);
    directory += name;
  }
  const uint32_t begin = uint32_t(out.size());
  out += directory + "PK\5\6" + std::string(4, '\0');
  put(out, uint16_t(entries.size()));
  put(out, uint16_t(entries.size()));
  put(out, uint32_t(directory.size()));
  put(out, begin);
  return out + std::string(2, '\0');
}

std::string entry_of(const std::string& archive, const std::string& ending) {
  const ZipFile zip(memory_file(archive));
  for (const ZipEntry& entry : zip.entries())
    if (entry.name.ends_with(ending)) return as_text(zip.read(entry).bytes);
  ADD_FAILURE() << "no entry " << ending;
  return "";
}

void read_torch(const std::string& bytes) {
  const TorchArchive archive(memory_file(bytes));
  for (const TensorInfo& info : archive.tensors()) touch(info);
}

}  // namespace

TEST(Fuzz, Json) {
  const Corpus corpus{
      R"({"a": [1, -2.5e3, true, null, "x\u00e9\n"], "b": {"c": {}, "d": []}, "e": NaN, "f": -Infinity})",
      R"([[[[["deep"]]]], {"k": 18446744073709551615, "k": 1}])", std::string(100, '[') + std::string(100, ']'),
      R"("𝄞\ud834\udd1e")"};
  fuzz(corpus, [](const std::string& bytes) { parse_json(bytes, "f"); });
}
TEST(Fuzz, Safetensors) {
  fuzz({slurp(data_file("dtypes.safetensors"))}, [](const std::string& bytes) {
    const SafetensorsFile f(memory_file(bytes));
    for (const TensorInfo& info : f.tensors()) touch(info);
  });
}
TEST(Fuzz, SafetensorsHeader) {  // with a right length in front, so that damage to the header is seen as such
  const std::string file = slurp(data_file("dtypes.safetensors"));
  uint64_t length;
  std::memcpy(&length, file.data(), 8);
  fuzz({file.substr(8, length)}, [&](const std::string& header) {
    std::string bytes;
    put(bytes, uint64_t(header.size()));
    const SafetensorsFile f(memory_file(bytes + header + file.substr(8 + length)));
    for (const TensorInfo& info : f.tensors()) touch(info);
  });
}
TEST(Fuzz, Gguf) {
  fuzz({slurp(data_file("little.gguf")), slurp(data_file("big.gguf")), slurp(data_file("split-00002-of-00003.gguf"))},
       [](const std::string& bytes) {
         const GgufFile f(memory_file(bytes));
         for (const GgufTensor& t : f.tensors()) touch(t);
         for (const auto& [key, value] : f.metadata()) {
           for (int kind = 0; kind < 3; kind++) {
             try {
               if (kind == 0) f.get<std::vector<std::string>>(key);
               if (kind == 1) f.get<std::vector<int64_t>>(key);
               if (kind == 2) f.get<double>(key);
             } catch (const ConfigError&) {  // a wrong type, as for most keys
             }
           }
         }
       });
}
TEST(Fuzz, Zip) {
  const std::string stored = zip_of({{"a", "hello"}, {"b/c", std::string(100, 'x')}});
  fuzz({stored, slurp(data_file("state.deflated.bin")), slurp(data_file("state.zip.bin"))},
       [](const std::string& bytes) {
         const ZipFile zip(memory_file(bytes));
         for (const ZipEntry& entry : zip.entries()) {
           unsigned sum = 0;
           const OwnedBytes data = zip.read(entry);
           for (std::byte b : data.bytes) sum += unsigned(b);
           touched = sum;
         }
       });
}
TEST(Fuzz, TorchZip) {
  fuzz({slurp(data_file("state.zip.bin")), slurp(data_file("state.deflated.bin")), slurp(data_file("big_endian.bin"))},
       read_torch);
}
TEST(Fuzz, TorchLegacy) { fuzz({slurp(data_file("state.legacy.bin"))}, read_torch); }
TEST(Fuzz, TorchPickle) {
  const std::string state = slurp(data_file("state.zip.bin"));
  std::vector<std::pair<std::string, std::string>> entries;
  for (int i = 0; i < 9; i++)
    entries.emplace_back("data/" + std::to_string(i), entry_of(state, "data/" + std::to_string(i)));
  // Both describe the same storages.
  fuzz({entry_of(state, "data.pkl"), entry_of(slurp(data_file("state.protocol4.bin")), "data.pkl")},
       [&](const std::string& pickle) {
         auto all = entries;
         all.emplace_back("data.pkl", pickle);
         read_torch(zip_of(all));
       });
}
TEST(Fuzz, TorchPickleAlone) {
  Corpus corpus;
  for (const char* name : {"state.zip.bin", "state.protocol4.bin", "linear.bin", "dtypes.bin"})
    corpus.push_back(entry_of(slurp(data_file(name)), "data.pkl"));
  fuzz(corpus, [](const std::string& pickle) {
    ByteReader in(as_bytes(pickle), "f");
    read_pickle(in);
  });
}

}  // namespace ef
