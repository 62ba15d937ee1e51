#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include <status/exposition.hpp>
#include <status/metrics.hpp>

#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using fastsync::test::full_snapshot;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

bool has(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

/// Holds `text` to the rules of the format: each family once, with HELP and TYPE before its
/// samples, no sample twice, every line of the right form. The number of samples.
std::size_t check_format(const std::string& text) {
    static const std::regex help{R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S.*)"};
    static const std::regex type{R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge))"};
    static const std::regex sample{
        R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\n"])*",?)+\})? )"
        R"((NaN|[+-]Inf|[-+]?[0-9.]+(e[-+]?[0-9]+)?))"};
    std::set<std::string> families;
    std::set<std::string> samples;
    std::string family;
    bool typed = false;
    REQUIRE((text.empty() || text.back() == '\n'));
    for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        std::smatch match;
        if (std::regex_match(line, match, help)) {
            family = match[1];
            typed = false;
            CHECK(families.insert(family).second);
        } else if (std::regex_match(line, match, type)) {
            CHECK(match[1] == family);
            CHECK((match[2] == "counter") == family.ends_with("_total"));
            typed = true;
        } else {
            REQUIRE(std::regex_match(line, match, sample));
            CHECK(typed);
            CHECK(match[1] == family);
            CHECK(samples.insert(line.substr(0, line.rfind(' '))).second);
        }
    }
    return samples.size();
}

}  // namespace

TEST_CASE("Exposition: families with HELP and TYPE, samples with labels", "[status]") {
    Exposition out;
    out.family("a_total", MetricType::kCounter, "What a counts.").sample(std::uint64_t{7});
    out.family("b:c", MetricType::kGauge, "B.")
        .sample(0.5, {{"x", "1"}, {"y", ""}})
        .sample(-1e-300);
    CHECK(out.take() ==
          "# HELP a_total What a counts.\n# TYPE a_total counter\na_total 7\n"
          "# HELP b:c B.\n# TYPE b:c gauge\nb:c{x=\"1\",y=\"\"} 0.5\nb:c -1e-300\n");
}

TEST_CASE("Exposition: numbers keep their value, and what is none has its word", "[status]") {
    Exposition out;
    out.family("n", MetricType::kGauge, "N.");
    out.sample(std::numeric_limits<std::uint64_t>::max()).sample(0.1).sample(1.0);
    out.sample(std::nan("")).sample(std::numeric_limits<double>::infinity());
    out.sample(-std::numeric_limits<double>::infinity());
    const std::string got = out.take();
    for (const char* line : {"n 18446744073709551615", "n 0.1", "n NaN", "n +Inf", "n -Inf"}) {
        CAPTURE(line);
        CHECK(has(got, line));
    }
}

TEST_CASE("Exposition: text of strangers is escaped, and never breaks a line or UTF-8",
          "[status]") {
    const auto label = [](std::string_view value) {
        Exposition out;
        out.family("x", MetricType::kGauge, "X.").sample(std::uint64_t{1}, {{"l", value}});
        const std::string text = out.take();
        CHECK(check_format(text) == 1);
        const std::size_t from = text.find("l=\"") + 3;
        return text.substr(from, text.rfind("\"} 1") - from);
    };
    const std::string replaced = "\xef\xbf\xbd";
    CHECK(label("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x99\x82") ==
          "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x99\x82");
    CHECK(label("a\"b\\c\nd") == "a\\\"b\\\\c\\nd");
    CHECK(label("\xff") == replaced);
    CHECK(label("\xc3") == replaced);
    CHECK(label("\xc0\xaf") == replaced + replaced);                 // overlong
    CHECK(label("\xed\xa0\x80") == replaced + replaced + replaced);  // surrogate
    CHECK(label("\xf4\x90\x80\x80").size() == 4 * replaced.size());  // beyond U+10FFFF
    CHECK(label("x\xe2\x82") == "x" + replaced + replaced);
    Exposition help;
    help.family("h", MetricType::kGauge, "one\ntwo \\ \"three\"");
    CHECK(help.take() == "# HELP h one\\ntwo \\\\ \"three\"\n# TYPE h gauge\n");
}

TEST_CASE("metrics: every figure of the snapshot under its name", "[status]") {
    const std::string text = to_metrics(full_snapshot());
    CHECK(check_format(text) > 40);
    for (const char* line : {
             R"(fastsyncd_build_info{version="1.2.3"} 1)",
             "fastsyncd_uptime_seconds 7",
             R"(fastsyncd_phase{phase="syncing"} 1)",
             R"(fastsyncd_phase{phase="complete"} 0)",
             "fastsyncd_waiting 1",
             "fastsyncd_head_block 264",
             "fastsyncd_pivot_block 200",
             "fastsyncd_completed_block 100",
             "fastsyncd_ready 1",
             "fastsyncd_pivot_moves_total 2",
             "fastsyncd_progress_ratio 0.25",
             "fastsyncd_time_left_seconds 8",
             R"(fastsyncd_committed_items_total{kind="node"} 10)",
             R"(fastsyncd_committed_items_total{kind="code"} 11)",
             "fastsyncd_committed_bytes_total 12",
             "fastsyncd_pending_items 13",
             "fastsyncd_in_flight_items 14",
             "fastsyncd_retries_total 15",
             "fastsyncd_duplicate_items_total 16",
             "fastsyncd_unexpected_items_total 17",
             "fastsyncd_lost_tasks 3",
             "fastsyncd_peers 20",
             "fastsyncd_serving_peers 21",
             "fastsyncd_banned_nodes 22",
             "fastsyncd_dials_total 23",
             R"(fastsyncd_inbound_connections_total{heard="true"} 24)",
             R"(fastsyncd_inbound_connections_total{heard="false"} 25)",
             "fastsyncd_sessions_total 26",
             R"(fastsyncd_connection_ends_total{reason="timeout"} 27)",
             "fastsyncd_discovery_nodes 29",
             "fastsyncd_discovery_found_nodes_total 30",
             "fastsyncd_discovery_lookups_total 32",
             R"(fastsyncd_discovery_packets_total{what="sent"} 33)",
             R"(fastsyncd_discovery_packets_total{what="received"} 34)",
             R"(fastsyncd_discovery_packets_total{what="refused"} 35)",
             "fastsyncd_discovery_dns_records_total 36",
             "fastsyncd_discovery_dns_failures_total 37",
             "process_cpu_seconds_total 38.5",
             "process_resident_memory_bytes 39",
             "process_open_fds 40",
             "fastsyncd_disk_free_bytes 41",
         }) {
        CAPTURE(line);
        CHECK(has(text, line));
    }
}

TEST_CASE("metrics: a daemon that knows nothing yet has metrics, without the unknown", "[status]") {
    const std::string text = to_metrics(StatusSnapshot{});
    CHECK(check_format(text) > 15);
    CHECK(has(text, R"(fastsyncd_phase{phase="starting"} 1)"));
    CHECK(has(text, "fastsyncd_pivot_moves_total 0"));
    CHECK(has(text, "fastsyncd_ready 0"));
    CHECK(text.find("\nfastsyncd_completed_block ") == std::string::npos);
    CHECK(text.find("\nfastsyncd_head_block ") == std::string::npos);
    CHECK(text.find("\nfastsyncd_time_left_seconds ") == std::string::npos);
    CHECK(text.find("discovery") == std::string::npos);
    CHECK(text.find("process_") == std::string::npos);
}
