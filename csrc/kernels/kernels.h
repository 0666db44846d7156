// Kernel table: loops of one thread over raw pointers, one instance per instruction set, chosen at first use (best
// first). EIGENFORMERS_ISA=avx2 picks another level; a name that is unknown or that this CPU can't run raises
// ConfigError.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"
#include "kernels/rowwise.h"

namespace ef {

enum class Isa { Baseline, Neon, Avx2, Avx512, Avx512Bf16, Amx };
constexpr int kIsaCount = 6;

// A product through packed panels: b's columns in panels of 1..vectors vectors of `lanes`, a's rows in blocks
// of 1..rows. wide_rows x wide_vectors is a second full tile, for panels of 64 columns.
struct PanelKernels {
  int lanes, rows, vectors, wide_rows, wide_vectors;
  int row_unit;      // blocks of rows start at multiples of this
  int chunk;         // k is padded to a multiple of this
  int depth;         // a panel is packed for at most this much of k, so that it stays in a near cache
  size_t item_size;  // of a packed element
  // rows of a (a[i·ld + p], or transposed a[p·ld + i]) to dst[chunks][rows][chunk]; round: to bf16 first
  void (*pack_a)(int64_t rows, int64_t k, const void* a, DType dtype, int64_t ld, bool transposed, bool round,
                 void* dst);
  // columns of b (b[j·ld + p], or b[p·ld + j] when transposed) to one panel
  void (*pack_b)(int64_t columns, int64_t k, const void* b, DType dtype, int64_t ld, bool transposed, void* dst);
  // c[rows, columns] (+)= a·b over `chunks` chunks; every element sums along k one by one, whatever the tile. ldb 0: b
  // is a packed panel; else, if `strided`, whole vectors of an f32 b[k, n] with this row stride
  void (*tile)(int64_t rows, int64_t columns, int64_t chunks, const void* a, const void* b, int64_t ldb, float* c,
               int64_t ldc, bool add);
  bool strided;
  // A thread calls these around its tiles (AMX has a configuration register); null = nothing to do.
  void (*begin)();
  void (*end)();
};
constexpr int64_t kTileQueries = 32;  // no wide_rows is larger
constexpr float kMaxSlack = 6;        // sums are seldom brought to a new maximum
// tile may read this many bytes past a block of packed a
constexpr int64_t kPackedSlack = 1024;

struct PanelScope {
  const PanelKernels& ker;
  explicit PanelScope(const PanelKernels& k) : ker(k) {
    if (ker.begin) ker.begin();
  }
  ~PanelScope() {
    if (ker.end) ker.end();
  }
  PanelScope(const PanelScope&) = delete;
};

// A product for few rows, b row-major [n, k] and read once: vectors along k.
struct DotKernels {
  int rows;          // with more, another way is faster
  int chunk;         // a's rows are packed to a multiple of this, padded with zeros
  size_t item_size;  // of a packed element
  void (*pack)(int64_t k, const void* a, DType dtype, bool round, void* dst);
  void (*run)(int64_t m, int64_t n, int64_t k, const void* a, int64_t lda, const void* b, int64_t ldb, float* c,
              int64_t ldc, bool add);
};

constexpr int kAnyRows = INT32_MAX;
// A product whose packed a stays in the cache while b, row-major [n, k], streams past once.
struct StreamKernels {
  int rows;   // with more, another way is faster; 0: the level has no such product
  int chunk;  // k is padded to a multiple of this
  // `chunks` of the `block_chunks` chunks of each row of a, from the first on; 16 rows take `block_chunks` KB of dst
  void (*pack)(int64_t m, int64_t k, const void* a, DType dtype, int64_t lda, int64_t first, int64_t chunks,
               int64_t block_chunks, void* dst);
  void (*run)(int64_t m, int64_t n, int64_t k, const void* a, const void* b, int64_t ldb, float* c, int64_t ldc,
              bool add);
};

// The same for any number of rows, of which a thread packs as many as its near cache holds.
constexpr int kQuadColumns = 8;  // of b's rows are multiplied together
struct QuadKernels {
  int rows, chunk;
  void (*pack)(int64_t m, int64_t k, const void* a, DType dtype, int64_t lda, void* dst);  // rows of 64 bytes a chunk
  void (*run)(int64_t m, int64_t n, int64_t k, const void* a, const void* b, int64_t ldb, float* c, int64_t ldc,
              bool add);
};

// Attention of few queries: keys and values of a chunk, read where they lie. What lies `ahead` bytes behind each line
// of them comes to a near cache meanwhile: a core that only computes in turn would wait for memory in turn.
struct DecodeKernels {
  int rows;         // queries of a block; 0: the level has none
  int unit;         // head_dim and value_dim are multiples of this
  void (*begin)();  // a thread calls these around the others; null = nothing to do
  void (*end)();
  void (*pack)(int64_t row, int64_t dim, const float* q, void* dst);  // one row of a block of rows · query_bytes(dim)
  // s[rows, n] = packed q · kᵀ; rows of s have room for n rounded up to 16
  void (*scores)(int64_t rows, int64_t n, int64_t dim, const void* q, const void* k, int64_t ldk, float* s, int64_t lds,
                 int64_t ahead);
  // o[rows, dim] = p · v. Returns, as bits, the rows with a NaN that may be that of an infinite neighbour.
  uint32_t (*values)(int64_t rows, int64_t n, int64_t dim, const float* p, int64_t ldp, const void* v, int64_t ldv,
                     float* o, int64_t ahead);
};
constexpr int64_t kKeyChunk = 64;
constexpr int64_t query_bytes(int64_t dim) { return (dim + 31) / 32 * 32 * int64_t(sizeof(float)); }

// Positions of one head of a PackedKv (attention.h), from one on.
struct PackedPart {
  const uint8_t* codes;
  const float* ranges;
  int64_t stride, range_stride;  // bytes to the next position; floats to the steps and to the next group
  int bits;
  int64_t group, dim;
};
// The same for kKeyChunk keys and values of small integers. dim and group are multiples of 16 bytes of codes
// (packed_suits).
struct PackedKvKernels {
  int rows;
  void (*pack)(int64_t dim, int64_t group, const float* q, void* dst);  // one row of query_bytes(dim)
  void (*scores)(int64_t rows, const PackedPart& k, const void* q, float* s, int64_t lds, int64_t ahead);
  void (*values)(int64_t rows, const PackedPart& v, const float* p, int64_t ldp, float* o, int64_t ahead);
  void (*unpack)(int64_t positions, const PackedPart& part, float* out);  // [positions, dim]; any dim and group
};
constexpr bool packed_suits(int bits, int64_t group, int64_t dim) {
  return group * bits % 128 == 0 && dim * bits % 128 == 0;
}

// The same as DotKernels for b row-major [k, n]: vectors along n, a in f32.
using DirectKernel = void (*)(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const void* b, int64_t ldb,
                              float* c, int64_t ldc, bool add);

// One row (or one piece of an array) each; see rowwise.h for the formulas. For T = double: reference/rowwise.h.
template <class T>
struct RowKernels {
  void (*unary[rowwise::kUnaryCount])(int64_t n, const T* x, T* y);
  void (*unary_grad[rowwise::kUnaryCount])(int64_t n, const T* x, const T* dy, T* dx);
  void (*glu[rowwise::kUnaryCount])(int64_t n, const T* gate, const T* up, T* out);
  void (*glu_grad[rowwise::kUnaryCount])(int64_t n, const T* gate, const T* up, const T* dout, T* dgate, T* dup);
  void (*add)(int64_t n, const T* a, const T* b, T* y);
  void (*sub)(int64_t n, const T* a, const T* b, T* y);
  void (*mul)(int64_t n, const T* a, const T* b, T* y);
  void (*scale)(int64_t n, T alpha, const T* x, T* y);
  void (*scale_add)(int64_t n, T alpha, const T* x, T* y);
  void (*add_scalar)(int64_t n, T alpha, const T* x, T* y);                          // y = x + alpha
  void (*add_product)(int64_t n, const T* x, T shift, T scale, const T* dy, T* dw);  // dw += dy·((x - shift)·scale)
  void (*add_gain)(int64_t n, T* y, const void* bias, DType dtype);
  T (*max)(int64_t n, const T* x);           // NaN elements may be passed over
  int64_t (*argmax)(int64_t n, const T* x);  // first of equals; the first NaN wins
  T (*sum)(int64_t n, const T* x);
  T (*dot)(int64_t n, const T* a, const T* b);
  T (*exp_sum)(int64_t n, const T* x, T shift, T* y);  // y = exp(x - shift), returns Σy; y may be null
  T (*rms_norm)(int64_t n, const T* x, const void* w, DType wd, T eps, bool unit_offset, T* y);  // returns rstd
  void (*rms_norm_grad)(int64_t n, const T* x, const void* w, DType wd, bool unit_offset, T rstd, const T* dy, T* dx);
  void (*layer_norm)(int64_t n, const T* x, const void* w, DType wd, const void* b, DType bd, T eps, T* y, T* mean,
                     T* rstd);
  void (*layer_norm_grad)(int64_t n, const T* x, const void* w, DType wd, T mean, T rstd, const T* dy, T* dx);
  void (*softmax_grad)(int64_t n, const T* p, const T* dp, T delta, T scale, T* ds);  // ds = p·(dp - delta)·scale
  void (*rope_half)(int64_t half, const T* x, const T* cos, const T* sin, T sign, T* y);
  void (*rope_interleaved)(int64_t half, const T* x, const T* cos, const T* sin, T sign, T* y);
};

struct Kernels {
  Isa isa;
  const char* name;
  PanelKernels panel_f32, panel_bf16;     // the latter for bf16 b; on levels without bf16 products it works in f32
  DotKernels dot_f32, dot_bf16, dot_f16;  // by the dtype of b
  StreamKernels stream_f32, stream_bf16;  // with the bits of the panel product
  QuadKernels quad_f32, quad_bf16;        // faster, with bits of their own
  DirectKernel direct_f32, direct_bf16, direct_f16;
  RowKernels<float> rows;
  // Attention's softmax over a chunk of n keys: s becomes exp(s·scale - max), where max is the largest s·scale,
  // and sum their sum. Rows have room for n rounded up to 16.
  void (*softmax_chunk)(int64_t rows, int64_t n, float scale, float* s, int64_t lds, float* max, float* sum);
  // One row's chunks, `stride` floats apart each, summed in order: out, of denominator `total`, is relative to
  // exp(top). max is overwritten.
  void (*merge_chunks)(int64_t chunks, int64_t dim, const float* o, float* max, const float* sum, int64_t stride,
                       float* out, float* top, float* total);
  DecodeKernels decode_f32, decode_bf16, decode_f16;  // by the dtype of keys and values
  DecodeKernels decode_tiles;                         // bf16, p rounded
  // The softmax of a block of keys beside those before it, for a tile of up to kTileQueries queries. The probabilities
  // 2^((s - m)·unit), where m = max is the largest s so far or up to kMaxSlack / unit less, become the packed a of
  // panel_f32 or panel_bf16; rows of s have room for n rounded up to its chunk, correction for whole vectors.
  // between(context, rows done) is called after every few rows: tile products that the caller does there run beside the
  // exponentials of other rows.
  using SoftmaxBlock = void (*)(int64_t rows, int64_t n, float unit, float* s, int64_t lds, float* max, float* sum,
                                float* correction, void* packed, void (*between)(void*, int64_t), void* context);
  SoftmaxBlock softmax_block_f32, softmax_block_bf16;
  PackedKvKernels packed;
  void (*convert)(int64_t n, const void* src, DType from, void* dst, DType to);  // among f32, bf16, f16
};

const Kernels& kernels();
Isa isa();                                  // of kernels(); other tables (quantized formats) index by it
const char* isa_name();                     // "avx2"
std::vector<std::string> available_isas();  // on this machine and in this build, best first
void select_isa(std::string_view name);     // for tests and benchmarks; not while other threads compute

}  // namespace ef
