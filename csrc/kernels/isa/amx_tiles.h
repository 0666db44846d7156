// Tiles of bf16 products: sixteen rows each; registers 0-3 are the sums of 2 x 2 blocks of 16 x 16. Included inside an
// anonymous namespace.

struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
void begin_tiles() {
  static constexpr TileConfig config;
  _tile_loadconfig(&config);
}
void end_tiles() { _tile_release(); }
// GCC does not know that a tile load reads memory: what was written before must not be moved behind it, or dropped.
inline void written() { asm volatile("" ::: "memory"); }

template <bool kTwoRows, bool kTwoColumns>
__attribute__((always_inline)) inline void load_sums(const float* c, int64_t ldc) {
  const int64_t stride = ldc * int64_t(sizeof(float));
  _tile_loadd(0, c, stride);
  if constexpr (kTwoColumns) _tile_loadd(1, c + 16, stride);
  if constexpr (kTwoRows) _tile_loadd(2, c + 16 * ldc, stride);
  if constexpr (kTwoRows && kTwoColumns) _tile_loadd(3, c + 16 * ldc + 16, stride);
}
template <bool kTwoRows, bool kTwoColumns>
__attribute__((always_inline)) inline void store_sums(float* c, int64_t ldc) {
  const int64_t stride = ldc * int64_t(sizeof(float));
  _tile_stored(0, c, stride);
  if constexpr (kTwoColumns) _tile_stored(1, c + 16, stride);
  if constexpr (kTwoRows) _tile_stored(2, c + 16 * ldc, stride);
  if constexpr (kTwoRows && kTwoColumns) _tile_stored(3, c + 16 * ldc + 16, stride);
}
