#include "io/torch_archive.h"

#include <algorithm>

#include "io/utf8.h"

namespace ef {
namespace {

constexpr uint64_t kMaxPickleBytes = uint64_t(256) << 20;
constexpr int64_t kProtocol = 1001;
// 0x1950a86a20f9469cfc6c as a pickle of protocol 2 writes it; one of protocol 3 differs in the second byte.
constexpr std::string_view kMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
bool begins_with_magic(std::string_view text) {
  return text.size() > 2 && text[0] == kMagic[0] && (text[1] == 2 || text[1] == 3) &&
         text.substr(2).starts_with(kMagic.substr(2));
}

// Elements that a tensor with broadcast (zero) strides may show for each one that is stored; what shows more is a
// claim on memory that the file does not back.
constexpr uint64_t kMaxRepeat = 64, kFreeElements = uint64_t(16) << 20;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TorchArchive::TorchArchive(const std::string& path, bool disable_mmap)
    : TorchArchive(MappedFile::open(path, disable_mmap)) {}

TorchArchive::TorchArchive(FilePtr file) : file_(std::move(file)) {
  const std::string_view text = as_text(file_->bytes());
  if (ZipFile::looks_like_zip(file_->bytes()))
    read_zip();
  else if (begins_with_magic(text))
    read_legacy();
  else
    refuse(text);
}

void TorchArchive::refuse(std::string_view text) const {
  const bool tar = text.size() > 262 && text.substr(257, 5) == "ustar";
  check<UnsupportedError>(!tar, file_->path(),
                          ": is the tar layout of torch before 0.1.10, which is not supported; load and save it with a "
                          "later torch");
  const std::string foreign = describe_foreign_file(file_->bytes());
  fail<CheckpointError>(file_->path(), ": was not written by torch.save; ",
                        foreign.empty() ? "wrong or damaged file?" : foreign);
}

void TorchArchive::read_zip() {
  const ZipFile zip(file_);
  const ZipEntry* data = nullptr;
  for (const ZipEntry& entry : zip.entries()) {
    if (entry.name == "data.pkl" || entry.name.ends_with("/data.pkl")) {
      if (data)
        fail<CheckpointError>(file_->path(), ": holds two pickles, '", printable(data->name), "' and '",
                              printable(entry.name), "'");
      data = &entry;
    }
  }
  check<CheckpointError>(data != nullptr, file_->path(), ": a zip archive without data.pkl; not a file of torch.save?");
  check<CheckpointError>(data->size <= kMaxPickleBytes, file_->path(), ": the pickle takes ", data->size,
                         " bytes, the limit is ", kMaxPickleBytes);
  const std::string prefix = data->name.substr(0, data->name.size() - std::string_view("data.pkl").size());
  check<UnsupportedError>(!zip.find(prefix + "constants.pkl"), file_->path(),
                          ": is a TorchScript program, which is not supported; save its state_dict() with torch.save");
  bool turn = false;
  if (const ZipEntry* order = zip.find(prefix + "byteorder")) {
    const OwnedBytes stored = zip.read(*order);
    const std::string_view name = as_text(stored.bytes);
    check<CheckpointError>(name == "little" || name == "big", file_->path(),
                           ": the byte order is neither little nor big");
    turn = name == "big";
  }
  const OwnedBytes bytes = zip.read(*data, true);
  ByteReader in(bytes.bytes, file_->path() + ": " + printable(data->name));
  pickle_ = read_pickle(in);

  std::unordered_map<std::string, OwnedBytes> storages;  // by key, and by element size where bytes are turned
  for (PickleTensor* tensor : pickle_.tensors) {
    const PickleStorage& storage = *tensor->storage;
    const size_t unit = tensor->info.dtype == DType::Complex64 ? 4 : item_size(tensor->info.dtype);
    const std::string key = turn ? str(storage.key, "/", unit) : storage.key;
    auto at = storages.find(key);
    if (at == storages.end()) {
      const ZipEntry* entry = zip.find(prefix + "data/" + storage.key);
      check<CheckpointError>(entry != nullptr, file_->path(), ": storage '", printable(storage.key),
                             "' is not in the archive; damaged file?");
      OwnedBytes found = zip.read(*entry);
      if (turn) {
        found.owner = byte_swapped_copy(found.bytes, unit, file_->path());
        found.bytes = found.owner->bytes();
      }
      at = storages.emplace(key, std::move(found)).first;
    }
    place(*tensor, at->second);
  }
}

// Five pickles (magic number, protocol, system, the object, storage keys), then for each key a count and raw elements.
void TorchArchive::read_legacy() {
  legacy_ = true;
  const std::string& path = file_->path();
  ByteReader in(file_->bytes(), path);
  in.skip(kMagic.size(), "the magic number");
  const Pickle protocol = read_pickle(in);
  check<CheckpointError>(protocol.root->is(PickleKind::Int) && std::get<int64_t>(protocol.root->data) == kProtocol,
                         path, ": unknown protocol of torch.save, needed ", kProtocol);
  const Pickle system = read_pickle(in);
  check<CheckpointError>(system.root->is(PickleKind::Dict), path,
                         ": the system description is not a dict; damaged file?");
  const PickleValue* little = system.root->find("little_endian");
  check<UnsupportedError>(!little || !little->is(PickleKind::Bool) || std::get<bool>(little->data), path,
                          ": was written on a big-endian machine in the old layout, which is not supported");
  pickle_ = read_pickle(in);
  const Pickle keys = read_pickle(in);
  check<CheckpointError>(keys.root->is(PickleKind::List), path, ": the storage keys are not a list; damaged file?");

  std::unordered_map<const PickleStorage*, OwnedBytes> storages;
  for (const PickleValue* key : keys.root->items()) {
    check<CheckpointError>(key->is(PickleKind::String), path, ": a storage key is not a string; damaged file?");
    const auto at = pickle_.storages.find(key->text());
    check<CheckpointError>(at != pickle_.storages.end(), path, ": byte ", in.offset(), ": storage '",
                           printable(key->text()), "' belongs to no tensor; damaged file?");
    const PickleStorage& storage = at->second;
    const auto count = in.read<uint64_t>("the size of a storage");
    check<CheckpointError>(count == storage.count, path, ": byte ", in.offset(), ": storage '", printable(key->text()),
                           "' has ", count, " elements, needed ", storage.count);
    const auto bytes = in.take(count * storage.item_bytes(), "a storage");  // the product was checked with the pickle
    check<CheckpointError>(storages.try_emplace(&storage, OwnedBytes{file_, bytes}).second, path, ": storage '",
                           key->text(), "' occurs twice");
  }
  for (PickleTensor* tensor : pickle_.tensors) {
    const auto at = storages.find(tensor->storage);
    check<CheckpointError>(at != storages.end(), path, ": storage '", printable(tensor->storage->key),
                           "' is not in the file; incomplete download?");
    place(*tensor, at->second);
  }
}

// Puts a tensor on its storage after checking that it stays inside.
void TorchArchive::place(PickleTensor& tensor, const OwnedBytes& storage) const {
  const std::string where = str(file_->path(), ": storage '", printable(tensor.storage->key), "'");
  const uint64_t claimed = tensor.storage->count * tensor.storage->item_bytes();
  check<CheckpointError>(claimed <= storage.bytes.size(), where, ": is to hold ", claimed, " bytes, the file has ",
                         storage.bytes.size(), "; incomplete download?");
  TensorInfo& info = tensor.info;
  const uint64_t item = item_size(info.dtype), elements = claimed / item;
  int64_t count;
  check<CheckpointError>(checked_count(info.shape, count), where, ": shape ", info.shape, " is larger than any memory");
  uint64_t last = tensor.offset;  // index of the last element reached
  bool inside = tensor.offset <= elements;
  for (int i = 0; inside && count > 0 && i < info.shape.size(); i++) {
    uint64_t reach;
    inside = !__builtin_mul_overflow(uint64_t(info.shape[i] - 1), uint64_t(info.strides[i]), &reach) &&
             !__builtin_add_overflow(last, reach, &last);
  }
  inside = inside && (count == 0 || last < elements);
  check<CheckpointError>(inside, where, ": shape ", info.shape, " with strides ", info.strides, " from ", tensor.offset,
                         " reaches beyond its ", elements, " elements; damaged file?");
  check<CheckpointError>(uint64_t(count) <= std::max(kFreeElements, elements * kMaxRepeat), where, ": shape ",
                         info.shape, " repeats its ", elements, " elements more than ", kMaxRepeat, " times; refused");
  info.owner = storage.owner;
  info.data = storage.bytes.data() + tensor.offset * item;
  info.nbytes = count == 0 ? 0 : (last - tensor.offset + 1) * item;
}

std::vector<TensorInfo> TorchArchive::tensors_of(const PickleValue& dict) {
  std::vector<TensorInfo> out;
  if (!dict.is(PickleKind::Dict)) return out;
  std::unordered_map<std::string_view, size_t> seen;
  const auto& pairs = dict.items();
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (!pairs[i]->is(PickleKind::String) || !pairs[i + 1]->is(PickleKind::Tensor)) continue;
    TensorInfo info = pairs[i + 1]->tensor();
    info.name = pairs[i]->text();
    const auto [at, inserted] = seen.try_emplace(pairs[i]->text(), out.size());
    if (inserted)
      out.push_back(std::move(info));
    else
      out[at->second] = std::move(info);
  }
  return out;
}

}  // namespace ef
