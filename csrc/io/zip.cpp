#include "io/zip.h"

#include <zlib.h>

#include <algorithm>

#include "io/byte_reader.h"
#include "io/utf8.h"
#include "io/zip_format.h"

namespace ef {
namespace {

constexpr uint16_t kFlagEncrypted = 1, kFlagStrongEncryption = 64;

struct Directory {
  uint64_t offset, bytes, entries;
};

// The end record stands last, followed by a comment of up to 65535 bytes.
Directory find_directory(const FilePtr& file) {
  const auto all = file->bytes();
  const std::string& path = file->path();
  check<CheckpointError>(all.size() >= kEndBytes, path, ": ", all.size(), " bytes cannot hold a zip archive");
  uint64_t at = all.size() - kEndBytes;
  const uint64_t lowest = at > 65535 ? at - 65535 : 0;
  ByteReader in(all, path);
  const auto is_end = [&](uint64_t position) {
    in.seek(position, "the end record");
    if (in.read<uint32_t>("the end record") != kEnd) return false;
    in.skip(16, "the end record");
    return in.read<uint16_t>("the comment length") <= in.remaining();
  };
  while (!is_end(at)) {
    check<CheckpointError>(at > lowest, path, ": no zip directory at the end of the file; incomplete download?");
    at--;
  }
  in.seek(at + 4, "the end record");
  const auto disk = in.read<uint16_t>("a disk number"), directory_disk = in.read<uint16_t>("a disk number");
  in.skip(2, "the number of entries on this disk");
  Directory out;
  out.entries = in.read<uint16_t>("the number of entries");
  out.bytes = in.read<uint32_t>("the directory size");
  out.offset = in.read<uint32_t>("the directory offset");
  bool zip64 = false;
  if (at >= kLocatorBytes) {
    in.seek(at - kLocatorBytes, "the zip64 locator");
    if (in.read<uint32_t>("the zip64 locator") == kEnd64Locator) {
      in.skip(4, "a disk number");
      in.seek(in.read<uint64_t>("the zip64 end record offset"), "the zip64 end record");
      check<CheckpointError>(in.read<uint32_t>("the zip64 end record") == kEnd64, path,
                             ": the zip64 end record is not where it should be");
      in.skip(8 + 2 + 2 + 4 + 4 + 8, "the zip64 end record");
      out.entries = in.read<uint64_t>("the number of entries");
      out.bytes = in.read<uint64_t>("the directory size");
      out.offset = in.read<uint64_t>("the directory offset");
      zip64 = true;  // the disk numbers of the short record may then be 0xffff
    }
  }
  check<UnsupportedError>(zip64 || (disk == 0 && directory_disk == 0), path,
                          ": a zip archive of several disks is not supported");
  check<CheckpointError>(out.offset <= all.size() && out.bytes <= all.size() - out.offset, path,
                         ": the zip directory of ", out.bytes, " bytes at ", out.offset, " lies outside the file of ",
                         all.size());
  return out;
}

// Fields that did not fit into 32 bits stand in an extra record, in this order and only if needed.
void read_zip64(ByteReader extra, ZipEntry& entry, uint64_t& header) {
  while (extra.remaining() >= 4) {
    const auto id = extra.read<uint16_t>("an extra field"), length = extra.read<uint16_t>("an extra field");
    ByteReader body(extra.take(length, "an extra field"), extra.file(), Endian::Little, extra.offset() - length);
    if (id != kZip64Extra) continue;
    if (entry.size == 0xffffffff) entry.size = body.read<uint64_t>("a zip64 size");
    if (entry.stored_bytes == 0xffffffff) entry.stored_bytes = body.read<uint64_t>("a zip64 stored size");
    if (header == 0xffffffff) header = body.read<uint64_t>("a zip64 offset");
    return;
  }
}

// Reads one directory entry and finds its bytes through the local header, whose extra field has a length of its own.
ZipEntry read_entry(ByteReader& in, const FilePtr& file) {
  check<CheckpointError>(in.read<uint32_t>("a zip directory entry") == kDirectoryHeader, in.file(), ": byte ",
                         in.offset() - 4, ": no zip directory entry here; damaged file?");
  in.skip(4, "versions");
  const auto flags = in.read<uint16_t>("flags"), method = in.read<uint16_t>("the method");
  in.skip(4, "the time");
  ZipEntry entry;
  entry.crc = in.read<uint32_t>("the CRC");
  entry.stored_bytes = in.read<uint32_t>("the stored size");
  entry.size = in.read<uint32_t>("the size");
  const auto name_bytes = in.read<uint16_t>("the name length"), extra_bytes = in.read<uint16_t>("the extra length"),
             comment_bytes = in.read<uint16_t>("the comment length");
  in.skip(8, "attributes");
  uint64_t header = in.read<uint32_t>("the entry offset");
  entry.name = in.take_text(name_bytes, "an entry name");
  const std::string where = str(in.file(), ": entry '", printable(entry.name), "'");
  read_zip64(ByteReader(in.take(extra_bytes, "an extra field"), in.file(), Endian::Little, in.offset()), entry, header);
  in.skip(comment_bytes, "a comment");

  check<UnsupportedError>(!(flags & (kFlagEncrypted | kFlagStrongEncryption)), where,
                          " is encrypted, which is not supported");
  check<UnsupportedError>(method == 0 || method == 8, where, ": compression method ", method,
                          ", supported are stored (0) and deflate (8)");
  entry.deflated = method == 8;
  check<CheckpointError>(entry.deflated || entry.stored_bytes == entry.size, where,
                         ": stored without compression, but ", entry.stored_bytes, " bytes are to become ", entry.size);

  ByteReader local(file->bytes(), in.file());
  local.seek(header, "a local header");
  check<CheckpointError>(local.read<uint32_t>("a local header") == kLocalHeader, where, ": no local header at byte ",
                         header, "; damaged file?");
  local.skip(22, "a local header");
  const auto local_name = local.read<uint16_t>("a name length"), local_extra = local.read<uint16_t>("an extra length");
  check<CheckpointError>(local.take_text(local_name, "a name") == entry.name, where,
                         ": the local header has another name; damaged file?");
  local.skip(local_extra, "an extra field");
  entry.offset = local.offset();
  check<CheckpointError>(entry.stored_bytes <= local.remaining(), where, ": needs ", entry.stored_bytes, " bytes from ",
                         entry.offset, ", the file has ", local.remaining(), "; incomplete download?");
  return entry;
}

uint32_t crc_of(std::span<const std::byte> bytes) {
  return uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Grows as the data comes, so that a false size costs nothing.
std::vector<std::byte> inflate_bytes(std::span<const std::byte> packed, uint64_t size, const std::string& where) {
  struct Stream : z_stream {
    Stream() : z_stream{} { ready = inflateInit2(this, -MAX_WBITS) == Z_OK; }
    ~Stream() {
      if (ready) inflateEnd(this);
    }
    bool ready;
  } stream;
  check<CheckpointError>(stream.ready, where, ": the decompressor did not start; out of memory?");
  std::vector<std::byte> out;
  size_t done = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0) {
      const size_t piece = std::min<size_t>(packed.size(), size_t(1) << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
      stream.avail_in = uInt(piece);
      packed = packed.subspan(piece);
    }
    // One byte more than announced, to see that nothing follows.
    if (done == out.size()) out.resize(std::min<uint64_t>(size + 1, std::max<uint64_t>(65536, out.size() * 2)));
    const size_t room = std::min<size_t>(out.size() - done, size_t(1) << 30);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = uInt(room);
    status = inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    check<CheckpointError>(done <= size, where, ": unpacks to more than the ", size, " bytes it claims");
    check<CheckpointError>(
        status == Z_STREAM_END || (status == Z_OK && (stream.avail_in > 0 || !packed.empty() || stream.avail_out == 0)),
        where, ": the compressed data is damaged after ", done, " bytes");
  }
  check<CheckpointError>(done == size, where, ": unpacks to ", done, " bytes, needed ", size);
  out.resize(size);
  return out;
}

}  // namespace

bool ZipFile::looks_like_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\3\4", 4) == 0;
}

ZipFile::ZipFile(FilePtr file) : ZipFile(std::move(file), Limits()) {}

ZipFile::ZipFile(FilePtr file, const Limits& limits) : file_(std::move(file)) {
  const std::string& path = file_->path();
  const Directory directory = find_directory(file_);
  ByteReader in(file_->bytes().subspan(directory.offset, directory.bytes), path, Endian::Little, directory.offset);
  in.require_items(directory.entries, kDirectoryBytes, "zip entries");
  uint64_t unpacked = 0;
  const uint64_t allowed = std::max(limits.max_free_bytes, file_->size() * limits.max_ratio);
  for (uint64_t i = 0; i < directory.entries; i++) {
    entries_.push_back(read_entry(in, file_));
    if (!entries_.back().deflated) continue;
    check<CheckpointError>(!__builtin_add_overflow(unpacked, entries_.back().size, &unpacked) && unpacked <= allowed,
                           path, ": the ", file_->size(), " bytes claim to unpack to more than ", allowed,
                           "; refused as a decompression bomb");
  }

  // Entries that share bytes are the trick behind the densest bombs; no honest writer does it.
  std::vector<const ZipEntry*> order;
  for (const ZipEntry& entry : entries_) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  for (size_t i = 0; i < order.size(); i++) {
    const uint64_t next = i + 1 < order.size() ? order[i + 1]->offset - kLocalBytes : directory.offset;
    check<CheckpointError>(order[i]->offset + order[i]->stored_bytes <= next, path, ": entry '",
                           printable(order[i]->name), "' reaches into what follows it; damaged file?");
  }
  for (size_t i = 0; i < entries_.size(); i++)
    check<CheckpointError>(index_.try_emplace(entries_[i].name, i).second, path, ": entry '",
                           printable(entries_[i].name), "' occurs twice");
}

const ZipEntry* ZipFile::find(std::string_view name) const {
  const auto at = index_.find(name);
  return at == index_.end() ? nullptr : &entries_[at->second];
}

OwnedBytes ZipFile::read(const ZipEntry& entry, bool check_crc) const {
  const std::string where = str(file_->path(), ": entry '", printable(entry.name), "'");
  const auto stored = file_->bytes().subspan(entry.offset, entry.stored_bytes);
  OwnedBytes out{file_, stored};
  if (entry.deflated) {
    out.owner = MappedFile::from_memory(where, inflate_bytes(stored, entry.size, where));
    out.bytes = out.owner->bytes();
  }
  if (entry.deflated || check_crc)
    check<CheckpointError>(crc_of(out.bytes) == entry.crc, where, ": the checksum is wrong; damaged file?");
  return out;
}

}  // namespace ef
