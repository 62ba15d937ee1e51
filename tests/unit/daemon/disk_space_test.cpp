#include <fstream>

#include <catch2/catch.hpp>

#include <daemon/disk_space.hpp>
#include <daemon/process_figures.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;

TEST_CASE("disk space: enough is enough, and one byte less is told with the folder", "[daemon]") {
    const test::TempDir folder;
    const auto below = folder.path() / "not" / "there" / "yet";
    CHECK(check_free(kLeastDiskSpace, below));
    CHECK(check_free(kLeastDiskSpace - 1, below).error().detail ==
          "the disk is full: 8388607 bytes are free in " + below.string() + ", 8388608 are needed");
    CHECK(check_disk_space(below, 0));
    const auto refused = check_disk_space(below, UINT64_MAX);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kStorage);
    CHECK(refused.error().detail.find("the disk is full: ") == 0);
    CHECK(refused.error().detail.find(below.string()) != std::string::npos);
}

TEST_CASE("disk space: a file system that cannot be asked is no reason to stop", "[daemon]") {
    CHECK(check_disk_space(std::string(5000, 'x'), UINT64_MAX));
}

TEST_CASE("process figures: memory, time, files and room of this process", "[daemon]") {
    const auto before = process_figures("/tmp/not/there/yet");
    REQUIRE(before);
    CHECK(before->resident_bytes > std::uint64_t{1} << 20U);
    CHECK(before->open_files >= 3);
    CHECK(before->cpu_s > 0);
    CHECK(before->disk_free_bytes > 0);
    const std::ifstream one_more{"/proc/self/statm"};
    const auto after = process_figures("/tmp");
    REQUIRE(after);
    CHECK(after->open_files == before->open_files + 1);
    CHECK(after->cpu_s >= before->cpu_s);
}
