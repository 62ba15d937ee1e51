#include "support/shared_files.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

namespace fastsync::test {

std::optional<std::filesystem::path> shared_file(std::string_view relative) {
    const char* chosen = std::getenv("FASTSYNC_SHARED_DIR");
    const std::filesystem::path root =
        chosen != nullptr ? std::filesystem::path{chosen}
                          : std::filesystem::path{FASTSYNC_SOURCE_DIR}.parent_path() / "shared";
    std::filesystem::path file = root / relative;
    if (std::filesystem::exists(file)) return file;
    WARN("skipped: " << file.string() << " is not there");
    return std::nullopt;
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.good());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Bytes read_file(const std::filesystem::path& path) {
    return to_bytes(as_bytes(read_text(path)));
}

Bytes hex(std::string_view text) {
    auto bytes = from_hex(text);
    REQUIRE(bytes);
    return *std::move(bytes);
}

Hash256 hash_of(std::string_view hex_text) {
    auto hash = Hash256::from(hex(hex_text));
    REQUIRE(hash);
    return *hash;
}

TempDir::TempDir() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "fastsync-test-XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    REQUIRE(made != nullptr);
    path_ = made;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace fastsync::test
