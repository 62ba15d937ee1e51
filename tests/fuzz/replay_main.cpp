// Runs a fuzzer's entry point over the files of its corpus, where there is no libFuzzer.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <common/bytes.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

int replay(const std::filesystem::path& corpus) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::vector<char> text{std::istreambuf_iterator<char>(in),
                                     std::istreambuf_iterator<char>()};
        // An exact copy on the heap, so that AddressSanitizer sees a read past its end.
        const fastsync::Bytes input(text.begin(), text.end());
        if (LLVMFuzzerTestOneInput(input.data(), input.size()) != 0) return 1;
        ++files;
    }
    std::printf("replayed %zu inputs of %s\n", files, corpus.c_str());
    return files == 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s <corpus folder>\n", argv[0]);
        return 1;
    }
    try {
        return replay(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
