#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <daemon/node_key.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;

namespace {

/// Bytes 1, 2, 3, ...: a valid key, the same each time.
struct CountingEntropy : crypto::EntropySource {
    void fill(std::span<Byte> out) override {
        for (Byte& b : out)
            b = ++last;
    }
    Byte last = 0;
};

}  // namespace

TEST_CASE("node key: made once, readable by its owner alone, then read back", "[daemon]") {
    const test::TempDir folder;
    const auto file = folder.path() / "deep" / "er" / "node.key";
    CountingEntropy entropy;
    const auto made = load_or_create_node_key(file, entropy);
    REQUIRE(made);
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600U);
    CHECK(test::read_text(file) == to_hex(made->bytes()) + "\n");
    const auto read = load_or_create_node_key(file, entropy);
    REQUIRE(read);
    CHECK(equal(read->bytes(), made->bytes()));
    // Nothing is left that the database in the same folder would not know.
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(file.parent_path())) {
        CHECK(
            (entry.path().filename() == kNodeKeyFile || entry.path().filename() == kNodeKeyDraft));
        ++files;
    }
    CHECK(files == 1);
}

TEST_CASE("node key: a key of another client is read, with and without its newline", "[daemon]") {
    const test::TempDir folder;
    const auto file = folder.path() / "nodekey";
    const std::string digits(64, '1');
    const std::string end = GENERATE("", "\n");
    std::ofstream(file) << digits << end;
    CountingEntropy entropy;
    const auto key = load_or_create_node_key(file, entropy);
    REQUIRE(key);
    CHECK(to_hex(key->bytes()) == digits);
}

TEST_CASE("node key: a file that is no key is refused and left alone", "[daemon]") {
    const test::TempDir folder;
    const auto file = folder.path() / "node.key";
    const std::string text =
        GENERATE(as<std::string>{}, "", "12", std::string(64, '0'), std::string(64, 'g'),
                 std::string(65, '1'), std::string(64, '1') + "\n\n", "0x" + std::string(64, '1'),
                 std::string(64, 'f'), "0x" + std::string(62, '1'));
    CAPTURE(text);
    std::ofstream(file) << text;
    CountingEntropy entropy;
    const auto key = load_or_create_node_key(file, entropy);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Errc::kConfig);
    CHECK(key.error().detail.find(file.string()) != std::string::npos);
    CHECK(test::read_text(file) == text);
}

TEST_CASE("node key: a place that cannot hold it is an error naming it", "[daemon]") {
    const test::TempDir folder;
    std::ofstream(folder.path() / "file") << "x";
    CountingEntropy entropy;
    const auto below_file = load_or_create_node_key(folder.path() / "file" / "node.key", entropy);
    REQUIRE_FALSE(below_file);
    CHECK(below_file.error().detail.find("node.key") != std::string::npos);
    CHECK_FALSE(load_or_create_node_key(folder.path(), entropy));
}
