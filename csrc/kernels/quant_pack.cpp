#include "kernels/quant_pack.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "core/half.h"
#include "kernels/reference/block_bytes.h"
#include "kernels/reference/quant_blocks.h"

namespace ef {
namespace {

void put_u16(uint8_t* p, uint16_t v) { std::memcpy(p, &v, 2); }
void put_u32(uint8_t* p, uint32_t v) { std::memcpy(p, &v, 4); }

// The byte whose half_exponent (quant_blocks_codebook.cpp) is `scale`.
uint8_t exponent_byte(float scale) {
  const uint32_t bits = std::bit_cast<uint32_t>(scale);
  return uint8_t(bits >> 23 ? (bits >> 23) + 1 : bits >> 22);
}

// c: the group's 32 codes as eight dwords of four bytes.
template <PackedFormat f>
void put_codes(const uint32_t (&c)[8], uint8_t* line) {
  const auto two_bits = [&](int shift, uint8_t* to) {
    for (int h = 0; h < 2; h++, to += 64) {
      uint32_t v = 0;
      for (int t = 0; t < 4; t++) v |= (c[4 * h + t] >> shift & 0x03030303) << 2 * t;
      put_u32(to, v);
    }
  };
  if (f.low_bits == 4)
    for (int g = 0; g < 4; g++) put_u32(line + 64 * g, (c[g] & 0x0f0f0f0f) | (c[g + 4] & 0x0f0f0f0f) << 4);
  if (f.low_bits == 2) two_bits(0, line);
  line += 64 * f.low_bits;
  if (f.high_bits == 2) two_bits(4, line);
  if (f.high_bits == 1) {
    uint32_t v = 0;
    for (int g = 0; g < 8; g++) v |= (c[g] >> f.low_bits & 0x01010101) << g;
    put_u32(line, v);
  }
}

template <PackedFormat f>
void put_scales(const QuantBlock& b, int group, uint8_t* scales, int lane) {
  const float* scale = b.sub_scale + 2 * group;
  const float* min = b.sub_min + 2 * group;
  switch (f.scale) {
    case ScaleKind::Half:
      put_u16(scales + 2 * lane, to_f16(b.scale));
      break;
    case ScaleKind::Exponent:
      scales[lane] = exponent_byte(b.scale);
      break;
    case ScaleKind::Bytes32:
      scales[lane] = uint8_t(int(scale[0]));
      break;
    case ScaleKind::Bytes16:
      for (int h = 0; h < 2; h++) scales[16 * h + lane] = uint8_t(int(scale[h]));
      break;
    case ScaleKind::Nibbles16:
      for (int h = 0; h < 2; h++) scales[16 * h + lane] = uint8_t(int(scale[h]) | int(min[h]) << 4);
      break;
    case ScaleKind::Super:
      break;
  }
  scales += f.scale_bytes();
  if (f.min == MinKind::Half) put_u16(scales + 2 * lane, to_f16(b.min));
  if (f.min == MinKind::Bytes32) scales[lane] = uint8_t(int(min[0]));
}

template <PackedFormat f>
void put_supers(const QuantBlock& b, uint8_t* supers, int lane) {
  if (f.super_bytes == 4) put_u32(supers + 4 * lane, std::bit_cast<uint32_t>(b.scale));
  if (f.super_bytes == 2) put_u16(supers + 2 * lane, to_f16(b.scale));
  if (f.super_min()) put_u16(supers + 2 * (kPanelRows + lane), to_f16(b.min));
}

// A function a format: a loader's time is spent here, and a format known to the compiler takes a third of it.
template <PackedFormat f>
void pack_row(GgmlType type, int64_t k, const uint8_t* file_row, uint8_t* panel, int lane) {
  const GgmlTypeInfo& info = ggml_type_info(type);
  constexpr int bias = f.bias_shift < 0 ? 0 : 1 << f.bias_shift;
  uint8_t code_of[256];  // by value + 128
  if (f.codebook)
    for (int c = 0; c < 16; c++) code_of[packed_type(type)->codebook[c] + 128] = uint8_t(c);

  QuantBlock block;
  for (int64_t begin = 0; begin < k; begin += info.block_length, file_row += info.block_bytes) {
    read_quant_block(type, file_row, block);
    if (f.super_bytes) put_supers<f>(block, panel, lane), panel += f.supers();
    for (int group = 0; group < int(info.block_length) / kGroup; group++, panel += f.group_bytes()) {
      const int8_t* value = block.value + group * kGroup;
      uint8_t code[kGroup];
      for (int i = 0; i < kGroup; i++) code[i] = f.codebook ? code_of[value[i] + 128] : uint8_t(value[i] + bias);
      uint32_t codes[8];
      std::memcpy(codes, code, sizeof codes);
      put_codes<f>(codes, panel + 4 * lane);
      put_scales<f>(block, group, panel + f.code_bytes(), lane);
    }
  }
}

// Where a block of 32 weights has its parts, if its codes need no decoding: the file's bytes are the panel's.
struct PlainBlock {
  int min, high, codes;  // offsets; 0: has none. The scale comes first.
};
constexpr PlainBlock plain_block(PackedIndex format) {
  switch (format) {
    case kPackedQ4_0:
    case kPackedQ8_0:
    case kPackedCode:
      return {0, 0, 2};
    case kPackedQ4_1:
      return {2, 0, 4};
    case kPackedQ5_0:
      return {0, 2, 6};
    case kPackedQ5_1:
      return {2, 4, 8};
    default:
      return {};
  }
}

using Four = uint32_t __attribute__((vector_size(16)));
void transpose(Four (&r)[4]) {
  const Four a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const Four c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5), r[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5), r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

// The codes of four rows as the panel's lines have them; `file` gives four dwords of a row. Signed bytes become biased
// ones.
template <PackedFormat f>
void put_plain_codes(auto&& file, int lane, uint8_t* line, uint8_t* apart) {
  const auto four_rows = [&](int half, Four(&out)[4]) {
    for (int i = 0; i < 4; i++) out[i] = file(lane + i, half);
    transpose(out);
  };
  Four low[4];
  four_rows(0, low);
  if constexpr (f.apart()) {
    Four high[4];
    four_rows(1, high);
    for (int g = 0; g < 4; g++) {
      const Four a = low[g] ^ 0x80808080, b = high[g] ^ 0x80808080;
      const Four above = (a & 0xf0f0f0f0) | (b >> 4 & 0x0f0f0f0f), below = (a & 0x0f0f0f0f) | (b << 4 & 0xf0f0f0f0);
      std::memcpy(line + 64 * g + 4 * lane, &above, 16);
      std::memcpy(apart + 64 * g + 4 * lane, &below, 16);
    }
  } else {
    for (int g = 0; g < 4; g++) std::memcpy(line + 64 * g + 4 * lane, &low[g], 16);
  }
}

template <PackedIndex format>
void pack_plain(GgmlType, int64_t k, const uint8_t* const* file_rows, int rows, const PanelOf<uint8_t>& panel) {
  constexpr PackedFormat f = kPackedFormats[format];
  constexpr PlainBlock at = plain_block(format);
  constexpr int block_bytes = at.codes + 4 * f.low_bits;
  // Sixteen rows a little apart are more streams than the processor follows by itself: what the next panel reads, which
  // lies behind these rows, is fetched a panel ahead.
  const uint8_t* ahead = file_rows[rows - 1] + k / kGroup * block_bytes;
  uint8_t *line = panel.groups, *apart = panel.apart;
  for (int64_t block = 0; block < k / kGroup; block++, line += f.group_bytes(), apart += f.apart_bytes()) {
    const auto from = [&](int lane) { return file_rows[lane] + block * block_bytes; };
    for (int i = 0; i < kPanelRows * block_bytes; i += 64) __builtin_prefetch(ahead + i, 0, 2);  // into L2
    ahead += kPanelRows * block_bytes;
    const auto codes = [&](int lane, int half) {
      Four four{};
      if (lane < rows) std::memcpy(&four, from(lane) + at.codes + 16 * half, 16);
      return four;
    };
    for (int lane = 0; lane < rows; lane += 4) put_plain_codes<f>(codes, lane, line, apart);
    int lane = 0;
    if (at.high)  // bit 4g + j of the file is bit g of byte j: the product has bit j of a nibble at bit 8j
      for (lane = 0; lane < rows; lane++) {
        const uint32_t bits = load_u32(from(lane) + at.high);
        uint32_t v = 0;
        for (int g = 0; g < 8; g++) v |= ((bits >> 4 * g & 15) * 0x00204081 & 0x01010101) << g;
        put_u32(line + 64 * f.low_bits + 4 * lane, v);
      }
    uint8_t* scale = line + f.code_bytes();
    for (lane = 0; lane < rows; lane++) {
      std::memcpy(scale + 2 * lane, from(lane), 2);
      if (at.min)  // subtracted here, added there
        put_u16(scale + f.scale_bytes() + 2 * lane, load_u16(from(lane) + at.min) ^ 0x8000);
    }
  }
}

template <PackedFormat f>
void pack_decoded(GgmlType type, int64_t k, const uint8_t* const* file_rows, int rows, const PanelOf<uint8_t>& panel) {
  for (int lane = 0; lane < rows; lane++) pack_row<f>(type, k, file_rows[lane], panel.groups, lane);
}

using PackRows = void (*)(GgmlType, int64_t, const uint8_t* const*, int, const PanelOf<uint8_t>&);
template <size_t... kIndex>
constexpr std::array<PackRows, sizeof...(kIndex)> pack_rows(std::index_sequence<kIndex...>) {
  const auto one = []<size_t index>() -> PackRows {
    if constexpr (plain_block(PackedIndex(index)).codes)
      return pack_plain<PackedIndex(index)>;
    else
      return pack_decoded<kPackedFormats[index]>;
  };
  return {one.template operator()<kIndex>()...};
}
constexpr auto kPackRows = pack_rows(std::make_index_sequence<kPackedFormatCount>());

}  // namespace

void pack_panel(GgmlType type, int64_t k, const uint8_t* const* file_rows, int rows, const PanelOf<uint8_t>& panel) {
  const PackedIndex format = packed_type(type)->format;
  if (rows < kPanelRows) {
    const PackedFormat& f = kPackedFormats[format];
    std::memset(panel.groups, 0, f.first_bytes(k / kGroup));
    std::memset(panel.apart, 0, size_t(k / kGroup * f.apart_bytes()));
  }
  kPackRows[format](type, k, file_rows, rows, panel);
}

}  // namespace ef
