#include <fstream>
#include <string>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <common/regular_file.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;

TEST_CASE("read_regular_file: all of a file, and not a byte more than is allowed", "[common]") {
    const test::TempDir folder;
    const auto file = folder.path() / "f";
    const std::string text(100'000, 'x');
    std::ofstream{file} << text;
    CHECK(read_regular_file(file, text.size()).value() == text);
    CHECK(read_regular_file(file, text.size() - 1).error().code == Errc::kTooLarge);
    std::ofstream{file, std::ios::trunc};
    CHECK(read_regular_file(file, 0).value().empty());
    std::filesystem::create_symlink(file, folder.path() / "link");
    CHECK(read_regular_file(folder.path() / "link", 0).has_value());
}

TEST_CASE("read_regular_file: what is no regular file is refused without waiting for it",
          "[common]") {
    const test::TempDir folder;
    const auto complaint = [](const std::filesystem::path& file) {
        return read_regular_file(file, 10).error();
    };
    CHECK(complaint(folder.path() / "no") == Error{Errc::kStorage, "No such file or directory"});
    CHECK(complaint(folder.path()).detail == "it is a directory");
    const auto fifo = folder.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(complaint(fifo).detail == "it is a FIFO, not a regular file");
    std::filesystem::create_symlink(fifo, folder.path() / "link");
    CHECK(complaint(folder.path() / "link").detail == "it is a FIFO, not a regular file");
    CHECK(complaint("/dev/zero").detail == "it is a device, not a regular file");
}
