#include <cmath>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <common/log_json.hpp>

using namespace fastsync::log;
using nlohmann::json;

namespace {

template <class... Args>
std::string line_of(fmt::format_string<Args...> format, const Args&... args) {
    using std::chrono::milliseconds;
    const std::chrono::system_clock::time_point time{milliseconds{1'764'506'297'042}};
    return json_line({Level::kDebug, "peers", time, format, fmt::make_format_args(args...)});
}

template <class... Args>
json read(fmt::format_string<Args...> format, const Args&... args) {
    return json::parse(line_of<Args...>(format, args...));
}

}  // namespace

TEST_CASE("log as JSON: what every line has, and a member for each key", "[common]") {
    CHECK(line_of("pivot number={} hash={} moved", 7, std::string{"0xab"}) ==
          R"({"time":"2025-11-30T12:38:17.042Z","level":"debug","component":"peers",)"
          R"("event":"pivot moved","number":7,"hash":"0xab"})");
    CHECK(line_of("stopped") ==
          R"({"time":"2025-11-30T12:38:17.042Z","level":"debug","component":"peers",)"
          R"("event":"stopped"})");
}

TEST_CASE("log as JSON: numbers are numbers, all else is text", "[common]") {
    const json line = read("x a={} b={:.1f} c={} d={:o} e=\"{}\" f={} g={} h={}", -1, 2.345, true,
                           8U, 5, std::nan(""), UINT64_MAX, 'x');
    CHECK(line["a"] == -1);
    CHECK(line["b"] == 2.3);
    CHECK(line["c"] == true);
    CHECK(line["d"] == "10");
    CHECK(line["e"] == "5");
    CHECK(line["f"] == "nan");
    CHECK(line["g"] == UINT64_MAX);
    CHECK(line["h"] == "x");
    CHECK(line["event"] == "x");
}

TEST_CASE("log as JSON: words with values in them stay words", "[common]") {
    CHECK(read("refused: {}", std::string{"no"})["event"] == "refused: no");
    CHECK(read("{}", std::string{"12 % peers=3"})["event"] == "12 % peers=3");
    CHECK(read("shorter than {} blocks: {{so}}", 1)["event"] == "shorter than 1 blocks: {so}");
    CHECK(read("x a={1} b={0}", 1, 2)["a"] == 2);
    CHECK(read("peer={} does not link", std::string{"ab"})["event"] == "does not link");
    CHECK(read("whole root={}: merging {} runs", std::string{"ab"}, 2)["event"] ==
          "whole: merging 2 runs");
    // A key that every line has is not written twice.
    CHECK(read("went to level={}", 3)["level"] == "debug");
    CHECK(read("went to level={}", 3)["event"] == "went to level=3");
}

TEST_CASE("log as JSON: whatever a peer sends stays a value on one line of ASCII", "[common]") {
    std::string hostile =
        "\" penalty=0 level=\"error\"} {\n\r\t\x1b[2J\\\x7f\xff\xc0\xaf\xe2\x80\xa8";
    hostile.push_back('\0');
    const std::string line = line_of("joined client=\"{}\" eth={}", hostile, 66);
    CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 0x7f; }));
    const json read = json::parse(line);
    CHECK(read.size() == 6);
    CHECK(read["level"] == "debug");
    CHECK(read["eth"] == 66);
    const auto client = read["client"].get<std::string>();
    CHECK(client.starts_with("\" penalty=0 level=\"error\"} {\n\r\t\x1b[2J\\\x7f\xef\xbf\xbd"));
    CHECK(client.ends_with(std::string("\xe2\x80\xa8\0", 4)));
    const std::string bare = line_of("unserved: {}", hostile);
    CHECK(json::parse(bare).size() == 4);
}

TEST_CASE("log as JSON: lines left out are counted", "[common]") {
    const std::string line = json_line({Level::kWarn, "net", {}, "x", {}, 12});
    CHECK(json::parse(line)["left_out"] == 12);
    CHECK(json::parse(line)["level"] == "warn");
}
