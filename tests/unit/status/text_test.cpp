#include <limits>

#include <catch2/catch.hpp>

#include <status/text.hpp>

#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using fastsync::test::full_snapshot;

TEST_CASE("status text: numbers in the units of a person", "[status]") {
    CHECK(show_seconds(59) == "59 s");
    CHECK(show_seconds(60) == "1m00s");
    CHECK(show_seconds(3599) == "59m59s");
    CHECK(show_seconds(3600) == "1h00m");
    CHECK(show_seconds(86400 + 7200) == "1d02h");
    CHECK(show_bytes(1023) == "1023 B");
    CHECK(show_bytes(1024) == "1.0 KiB");
    CHECK(show_bytes(3.5 * 1024 * 1024) == "3.5 MiB");
    CHECK(show_bytes(-1) == "0 B");
    CHECK(show_bytes(std::numeric_limits<double>::infinity()) == "0 B");
    CHECK(show_count(0) == "0");
    CHECK(show_count(999) == "999");
    CHECK(show_count(1000) == "1,000");
    CHECK(show_count(1234567) == "1,234,567");
}

TEST_CASE("status text: the progress line shows bar, counts, rates and time left", "[status]") {
    StatusSnapshot s = full_snapshot();
    s.waiting_for.clear();
    CHECK(progress_line(s, 200) ==
          "[######..................]  25.00 %  9 items, 12 B  18 items/s, 20 B/s, 8 s left  "
          "21/20 peers  pivot #200, 64 behind head");
    CHECK(progress_line(s, 30).size() == 30);
    // A terminal of 80 columns: what matters is still there, and only then what is waited for.
    CHECK(progress_line(s, 80) ==
          "[#.....] 25.00 %  18 items/s, 8 s left  21/20 peers  pivot #200, -64");
    s.waiting_for = std::string(100, 'w');
    CHECK(progress_line(s, 80) ==
          "[#.....] 25.00 %  18 items/s, 8 s left  21/20 peers  pivot #200, -64  waiting: w");
    CHECK(progress_line(s, 130).starts_with("[######....."));
    s.waiting_for.clear();
    const std::string_view kPeers = "21/20 peers";
    s.head.reset();
    CHECK(progress_line(s, 200).ends_with("21/20 peers  pivot #200"));
    s.head = HeadStatus{199, {}};  // not yet heard of
    CHECK(progress_line(s, 200).ends_with("21/20 peers  pivot #200"));
    s.pivot->number.reset();
    CHECK(progress_line(s, 200).ends_with(kPeers));
    s.pivot.reset();
    CHECK(progress_line(s, 200).ends_with(kPeers));
}

TEST_CASE("status text: 100 % is shown for a complete state only", "[status]") {
    StatusSnapshot s = full_snapshot();
    s.progress.fraction = 0.999999;
    CHECK(progress_line(s, 200).find(" 99.99 %") != std::string::npos);
    s.progress.fraction = 1;
    s.phase = Phase::kComplete;
    CHECK(progress_line(s, 200).find("100.00 %") != std::string::npos);
    CHECK(progress_line(s, 200).find("complete") != std::string::npos);
}

TEST_CASE("status text: without progress the line says what is awaited", "[status]") {
    StatusSnapshot s;
    s.phase = Phase::kFindingPeers;
    s.waiting_for = "a first peer";
    CHECK(progress_line(s, 200) == "finding_peers  0/0 peers  waiting: a first peer");
}

TEST_CASE("status text: bootnodes whose names lead nowhere are told of", "[status]") {
    CHECK(describe(full_snapshot()).find("bootnode  cannot resolve it\n") != std::string::npos);
}

TEST_CASE("status text: bytes of others cannot steer the terminal", "[status]") {
    StatusSnapshot s = full_snapshot();
    s.waiting_for = "x\x1b[2J\r\ny";
    s.version = "\x1b]0;pwned\x07";
    for (const std::string& text : {progress_line(s, 500), describe(s)}) {
        CHECK(text.find('\x1b') == std::string::npos);
        CHECK(text.find('\r') == std::string::npos);
        CHECK(text.find('\x07') == std::string::npos);
    }
}

TEST_CASE("status text: the description names head, pivot and root", "[status]") {
    const std::string text = describe(full_snapshot());
    CHECK(text.find("network xdc (50)") != std::string::npos);
    CHECK(text.find("phase     syncing since 2026-02-03T04:05:06Z") != std::string::npos);
    CHECK(text.find("head      #264 0x2222") != std::string::npos);
    CHECK(text.find("pivot     #200 0x3333") != std::string::npos);
    CHECK(text.find("root      0x4444") != std::string::npos);
    CHECK(text.find("lost      3 tasks\n") != std::string::npos);
    CHECK(describe(StatusSnapshot{}).find("lost") == std::string::npos);
    CHECK(text.find("peers     20 connected, 21 serving, 22 banned\n") != std::string::npos);
    CHECK(text.find("dials     23 begun, 24 came to us, 26 led to a session\n") !=
          std::string::npos);
    CHECK(text.find("discovery 29 nodes known, 30 found, 34 packets in, 33 out\n") !=
          std::string::npos);
    CHECK(describe(StatusSnapshot{}).find("pivot") == std::string::npos);
    CHECK(describe(StatusSnapshot{}).find("discovery") == std::string::npos);
}
