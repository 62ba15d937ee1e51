#include <array>
#include <fstream>

#include <catch2/catch.hpp>

#include <daemon/config_source.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;

namespace {

constexpr std::array<KnownKey, 3> kKeys{{
    {"one", KnownKey::Kind::kValue},
    {"many", KnownKey::Kind::kRepeatable},
    {"flag", KnownKey::Kind::kSwitch},
}};

}  // namespace

TEST_CASE("parse_config_text: keys, values and where they stand", "[daemon]") {
    const auto got = parse_config_text("one = a=b #c\n\n\tmany=x#y\nmany = z", "f", kKeys);
    REQUIRE(got);
    REQUIRE(got->size() == 3);
    CHECK((*got)[0].value == "a=b");
    CHECK((*got)[0].origin == "f:1: one");
    CHECK((*got)[1].value == "x#y");  // a # inside a word is no comment
    CHECK((*got)[2].origin == "f:4: many");
}

TEST_CASE("parse_arguments: a switch alone is true and does not eat what follows", "[daemon]") {
    const std::array<std::string, 4> arguments{"--flag", "--one", "v", "--many=w"};
    const auto got = parse_arguments(arguments, kKeys);
    REQUIRE(got);
    REQUIRE(got->size() == 3);
    CHECK((*got)[0].value == "true");
    CHECK((*got)[1].value == "v");
    CHECK((*got)[2].origin == "--many");
}

TEST_CASE("parse_arguments: short options and lone words are refused", "[daemon]") {
    for (const char* word : {"-o", "word", "-", "/one"}) {
        CAPTURE(word);
        const std::array<std::string, 1> arguments{word};
        CHECK_FALSE(parse_arguments(arguments, kKeys));
    }
}

TEST_CASE("parse_arguments: whatever a word holds, it is refused by name and at once", "[daemon]") {
    const auto refusal = [](std::vector<std::string> arguments) {
        const auto got = parse_arguments(arguments, kKeys);
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Errc::kConfig);
        return got.error().detail;
    };
    CHECK(refusal({"--other", "v"}) == "unknown option '--other'");
    CHECK(refusal({"--on", "v"}) == "unknown option '--on'");
    CHECK(refusal({"--one"}) == "--one: has no value");
    CHECK(refusal({"--one="}) == "--one: has no value");
    CHECK(refusal({"--one", "--flag"}) == "--one: has no value");
    CHECK(refusal({"--"}) == "unexpected argument '--'");
    // A library that was used here looped for ever over the words of its own templates.
    CHECK(refusal({"--x%prefix%original_token%"}) == "unknown option '--x%prefix%original_token%'");
}

TEST_CASE("parse_arguments: a value may begin with a dash, or hold anything behind =", "[daemon]") {
    const std::array<std::string, 3> arguments{"--one", "-5", "--many=--a=b"};
    const auto got = parse_arguments(arguments, kKeys);
    REQUIRE(got);
    CHECK((*got)[0].value == "-5");
    CHECK((*got)[1].value == "--a=b");
}

TEST_CASE("read_config_file: 1 MiB is read, one byte more is refused", "[daemon]") {
    const test::TempDir folder;
    const auto path = folder.path() / "f";
    const std::string start = "one = a\n#";
    std::ofstream(path) << start << std::string(kMaxConfigFile - start.size(), 'x');
    CHECK(read_config_file(path, kKeys)->size() == 1);
    std::ofstream(path, std::ios::app) << 'x';
    const auto refused = read_config_file(path, kKeys);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("larger than 1 MiB") != std::string::npos);
}
