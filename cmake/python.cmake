# The extension module eigenformers._core. Layers are linked whole: the registries name what they hold explicitly.
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 3.0 CONFIG REQUIRED)
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/csrc/bindings/*.cpp)
pybind11_add_module(_core MODULE NO_EXTRAS ${sources})
target_compile_definitions(_core PRIVATE EF_VERSION="${PROJECT_VERSION}")
target_include_directories(_core PRIVATE ${PROJECT_SOURCE_DIR}/csrc)
target_link_libraries(_core PRIVATE ef_generation ef_checkpoint ef_tokenizers ef_models ef_peft ef_optim)
target_precompile_headers(_core PRIVATE ${EF_COMMON_HEADERS} <pybind11/pybind11.h> <pybind11/stl.h> <pybind11/numpy.h>)
target_compile_options(_core PRIVATE -O1)  # glue, no loops: a third less time to compile, as fast to call
install(TARGETS _core DESTINATION eigenformers)
