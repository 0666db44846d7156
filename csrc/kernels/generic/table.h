// The table of one instruction set, from the loops above. Included inside its namespace after the other generic
// headers.

constexpr int panel_depth(size_t item) {  // half of a small L2
  return (256 << 10) / int(item * kW * kTileVectors);
}
constexpr PanelKernels panel_table_f32() {
  return {kW,
          kTileRows,
          kTileVectors,
          kWideRows,
          kWideVectors,
          1,
          16,
          panel_depth(sizeof(float)),
          sizeof(float),
          pack_a,
          pack_b,
          panel_any<FormF32>,
          true,
          nullptr,
          nullptr};
}
#define EF_EACH_UNARY(fn)                                                                                             \
  {                                                                                                                   \
    fn<OpExp>, fn<OpLog>, fn<OpRelu>, fn<OpRelu2>, fn<OpSigmoid>, fn<OpTanh>, fn<OpSilu>, fn<OpGelu>, fn<OpGeluTanh>, \
        fn<OpQuickGelu>, fn<OpSoftplus>, fn<OpMish>, fn<OpErf>, fn<OpHardSigmoid>, fn<OpHardSwish>                    \
  }

constexpr Kernels make_table(Isa isa, const char* name) {
  return {
      .isa = isa,
      .name = name,
      .panel_f32 = panel_table_f32(),
#ifdef EF_BF16_DOT
      .panel_bf16 = {kW, kTileRows, kTileVectors, kWideRows, kWideVectors, 1, 32, panel_depth(sizeof(bfloat16)),
                     sizeof(bfloat16), pack_a_bf16, pack_b_bf16, panel_any<FormBf16>, false, nullptr, nullptr},
#else
      .panel_bf16 = panel_table_f32(),
#endif
      .dot_f32 = {kQuadF32.rows ? 2 : 12, 16, sizeof(float), dot_pack_f32, dot_any<DotF32<float>>},
#ifdef EF_BF16_DOT
      .dot_bf16 = {kQuadBf16.rows ? 6 : 16, 32, sizeof(bfloat16), dot_pack_bf16, dot_any<DotBf16>},
#else
      .dot_bf16 = {16, 16, sizeof(float), dot_pack_f32, dot_any<DotF32<bfloat16>>},
#endif
      .dot_f16 = {16, 16, sizeof(float), dot_pack_f32, dot_any<DotF32<float16>>},
      .stream_f32 = {64, kStreamChunk, stream_pack_f32, stream_run_f32},
      .stream_bf16 = {0, 1, nullptr, nullptr},
      .quad_f32 = kQuadF32,
      .quad_bf16 = kQuadBf16,
      .direct_f32 = direct_any<float>,
      .direct_bf16 = direct_any<bfloat16>,
      .direct_f16 = direct_any<float16>,
      .rows =
          {
              .unary = EF_EACH_UNARY(map),
              .unary_grad = EF_EACH_UNARY(map_grad),
              .glu = EF_EACH_UNARY(glu),
              .glu_grad = EF_EACH_UNARY(glu_grad),
              .add = add,
              .sub = sub,
              .mul = mul,
              .scale = scale,
              .scale_add = scale_add,
              .add_scalar = add_scalar,
              .add_product = add_product,
              .add_gain = add_gain,
              .max = row_max,
              .argmax = row_argmax,
              .sum = row_sum,
              .dot = row_dot,
              .exp_sum = exp_sum,
              .rms_norm = rms_norm,
              .rms_norm_grad = rms_norm_grad,
              .layer_norm = layer_norm,
              .layer_norm_grad = layer_norm_grad,
              .softmax_grad = softmax_grad,
              .rope_half = rope_half,
              .rope_interleaved = rope_interleaved,
          },
      .softmax_chunk = softmax_chunk,
      .merge_chunks = merge_chunks,
      .decode_f32 = decode_table<DotF32<float>>(),
#ifdef EF_BF16_DOT
      .decode_bf16 = decode_table<DotBf16>(),
#else
      .decode_bf16 = decode_table<DotF32<bfloat16>>(),
#endif
      .decode_f16 = decode_table<DotF32<float16>>(),
      .decode_tiles = {0, 1, nullptr, nullptr, nullptr, nullptr, nullptr},
      .softmax_block_f32 = softmax_block<PartsF32>,
      .softmax_block_bf16 = softmax_block<PartsBf16>,
      .packed = {kQueryRows, packed_query, packed_scores, packed_values, unpack_codes},
      .convert = convert,
  };
}
#undef EF_EACH_UNARY
