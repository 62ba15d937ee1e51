#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <storage/rocks_store.hpp>
#include <support/sanitized.hpp>
#include <support/shared_files.hpp>

#include "store_items.hpp"

namespace fastsync {
namespace {

using namespace std::chrono_literals;
using storage::RocksStore;

/// What the killed process had said.
struct Said {
    std::uint64_t accepted = 0;  ///< batches below were accepted by commit()
    std::uint64_t durable = 0;   ///< batches below were durable
};

class Writer {
  public:
    Writer(const std::string& folder, std::uint64_t first, std::uint64_t seed) {
        int ends[2] = {-1, -1};
        REQUIRE(::pipe(ends) == 0);
        posix_spawn_file_actions_t actions;
        REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        ::posix_spawn_file_actions_addclose(&actions, ends[0]);
        std::string program = STORE_WRITER;
        std::string path = folder;
        std::string from = std::to_string(first);
        std::string random = std::to_string(seed);
        char* arguments[] = {program.data(), path.data(), from.data(), random.data(), nullptr};
        REQUIRE(::posix_spawn(&pid_, STORE_WRITER, &actions, nullptr, arguments, environ) == 0);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        output_ = ends[0];
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { ::close(output_); }

    /// Waits until it has accepted a batch, so that creation and opening are behind it.
    void await_first_line() {
        char c = 0;
        while (c != '\n' && ::read(output_, &c, 1) == 1)
            text_.push_back(c);
        REQUIRE(c == '\n');
    }

    Said kill() {
        REQUIRE(::kill(pid_, SIGKILL) == 0);
        // The pipe may be full of lines that nobody read: drain it before waiting.
        char block[4096];
        for (ssize_t n = 0; (n = ::read(output_, block, sizeof block)) > 0;)
            text_.append(block, static_cast<std::size_t>(n));
        int status = 0;
        REQUIRE(::waitpid(pid_, &status, 0) == pid_);
        REQUIRE(WIFSIGNALED(status));
        REQUIRE(WTERMSIG(status) == SIGKILL);  // otherwise it had failed by itself
        Said said;
        std::istringstream lines{text_};
        char what = 0;
        for (std::uint64_t batch = 0; lines >> what >> batch;) {
            if (what == 'c') said.accepted = batch + 1;
            if (what == 'f') said.durable = batch;
        }
        return said;
    }

  private:
    pid_t pid_ = -1;
    int output_ = -1;
    std::string text_;
};

/// The number of batches that are there; fails unless they are the first ones, whole.
std::uint64_t check_prefix(const RocksStore& store, std::uint64_t limit) {
    std::uint64_t whole = 0;
    while (whole < limit &&
           test::present_of(store, whole) == static_cast<std::int64_t>(test::size_of_batch(whole)))
        ++whole;
    std::uint64_t further = 0;
    for (std::uint64_t batch = whole; batch < limit; ++batch)
        further += test::present_of(store, batch) != 0;
    CHECK(further == 0);
    return whole;
}

}  // namespace

TEST_CASE(
    "RocksStore: kill -9 at any moment leaves a prefix of whole batches, all flushed ones in it",
    "[storage][kill]") {
    constexpr unsigned kKillsOfAStore = 4;  // every one reads all that is there
    std::mt19937_64 random{20240131};
    std::optional<test::TempDir> folder;
    std::string path;
    std::uint64_t kept = 0;
    std::uint64_t most_kept = 0;
    for (unsigned round = 0; round < kKillsOfAStore * test::repeats(6, 2); ++round) {
        if (round % kKillsOfAStore == 0) {
            folder.emplace();
            path = (folder->path() / "store").string();
            kept = 0;
        }
        CAPTURE(round, kept);
        Writer writer{path, kept, random()};
        writer.await_first_line();
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 120'000});
        const Said said = writer.kill();
        auto store = RocksStore::open_or_create(path, test::kTestChain);
        REQUIRE(store);
        // One batch more may have been accepted than was told.
        const std::uint64_t there = check_prefix(**store, std::max(kept, said.accepted) + 2);
        CHECK(there >= std::max(kept, said.durable));
        CHECK(there <= said.accepted + 1);
        const auto record = (*store)->load_meta(test::kDurableRecord);
        REQUIRE(record);
        if (*record) CHECK(test::decode_count(**record) <= there);
        kept = there;
        most_kept = std::max(most_kept, kept);
    }
    CHECK(most_kept > 0);
}

TEST_CASE("RocksStore: kill -9 while the store is being made leaves what the next start completes",
          "[storage][kill]") {
    std::mt19937_64 random{7};
    for (int round = 0; round < static_cast<int>(test::repeats(25, 10)); ++round) {
        CAPTURE(round);
        const test::TempDir folder;
        const std::string path = (folder.path() / "store").string();
        Writer writer{path, 0, 1};
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 40'000});
        const Said said = writer.kill();
        auto store = RocksStore::open_or_create(path, test::kTestChain);
        REQUIRE(store);
        CHECK((*store)->identity() == test::kTestChain);
        CHECK(check_prefix(**store, said.accepted + 2) >= said.durable);
    }
}

}  // namespace fastsync
