#include <string>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <common/log.hpp>

using namespace fastsync;

TEST_CASE("log: the journal is known by the device and inode that systemd tells", "[common]") {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    struct stat found {};
    REQUIRE(::fstat(pipe[1], &found) == 0);
    const std::string stream = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
    CHECK(log::is_journal(stream.c_str(), pipe[1]));
    CHECK_FALSE(log::is_journal((stream + "1").c_str(), pipe[1]));
    // Inherited by a process whose standard error leads elsewhere.
    CHECK_FALSE(log::is_journal("1:1", pipe[1]));
    CHECK_FALSE(log::is_journal("", pipe[1]));
    CHECK_FALSE(log::is_journal(nullptr, pipe[1]));
    ::close(pipe[0]);
    ::close(pipe[1]);
    CHECK_FALSE(log::is_journal(stream.c_str(), pipe[1]));
}
