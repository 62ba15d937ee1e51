#include <string>

#include <catch2/catch.hpp>

#include <common/log.hpp>

using namespace fastsync;
using namespace fastsync::log;

namespace {

Level level_of(const Levels& levels, Component component) {
    return levels.of[component.index()];
}

std::string complaint(std::string_view text) {
    const auto read = parse_levels(text);
    return read ? "" : read.error().detail;
}

}  // namespace

TEST_CASE("log levels: one for all", "[common]") {
    for (const auto& [text, level] : {std::pair{"trace", Level::kTrace},
                                      {"debug", Level::kDebug},
                                      {"info", Level::kInfo},
                                      {"warn", Level::kWarn},
                                      {"error", Level::kError},
                                      {"off", Level::kOff}}) {
        CHECK(parse_levels(text).value() == Levels{level});
        CHECK(to_string(level) == text);
    }
}

TEST_CASE("log levels: one for a component, beside that for the rest", "[common]") {
    const Levels both = parse_levels("warn,eth=debug,discovery=off").value();
    CHECK(level_of(both, "eth") == Level::kDebug);
    CHECK(level_of(both, "discovery") == Level::kOff);
    CHECK(level_of(both, "sync") == Level::kWarn);
    const Levels alone = parse_levels("eth=debug").value();
    CHECK(level_of(alone, "eth") == Level::kDebug);
    CHECK(level_of(alone, "sync") == Level::kInfo);
    CHECK(parse_levels(" info , eth = debug ").value() == alone);
    for (const std::string_view name : kComponents)
        CHECK(parse_levels(std::string{name} + "=trace").has_value());
}

TEST_CASE("log levels: what is wrong is named", "[common]") {
    CHECK(complaint("loud") == "'loud' is no level: they are trace, debug, info, warn, error, off");
    CHECK(complaint("info,eht=debug") ==
          "'eht' is no component: they are daemon, devnet, discovery, eth, net, peers, pivot, "
          "status, sync");
    CHECK(complaint("info,eth=loud").find("'loud' is no level") == 0);
    CHECK(complaint("eth=").find("'' is no level") == 0);
    CHECK(complaint("=debug").find("'' is no component") == 0);
    CHECK(complaint("").find("'' is no level") == 0);
    CHECK(complaint("info,").find("'' is no level") == 0);
    CHECK(complaint("info,debug") == "'debug': the level for all comes first");
    CHECK(complaint("eth=debug,info") == "'info': the level for all comes first");
    CHECK(complaint("eth=debug,eth=warn") == "'eth' is given twice");
}

TEST_CASE("log: a component writes from its own level on", "[common]") {
    set_levels(parse_levels("error,eth=debug,sync=off").value());
    CHECK(enabled(Level::kDebug, "eth"));
    CHECK_FALSE(enabled(Level::kTrace, "eth"));
    CHECK_FALSE(enabled(Level::kWarn, "peers"));
    CHECK(enabled(Level::kError, "peers"));
    CHECK_FALSE(enabled(Level::kError, "sync"));
    set_levels(Level::kOff);
    CHECK_FALSE(enabled(Level::kError, "eth"));
}
