#include <array>
#include <fstream>

#include <catch2/catch.hpp>

#include <daemon/config_source.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;

namespace {

constexpr std::array<KnownKey, 4> kKeys{{
    {"one", KnownKey::Kind::kValue},
    {"many", KnownKey::Kind::kRepeatable},
    {"flag", KnownKey::Kind::kSwitch},
    {"count", KnownKey::Kind::kNumber},
}};

std::string refusal_of(std::string_view text) {
    const auto got = parse_config_text(text, "f", kKeys);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::kConfig);
    return got.error().detail;
}

bool is_read(std::string_view text) {
    return parse_config_text(text, "f", kKeys).has_value();
}

}  // namespace

TEST_CASE("parse_config_text: keys, values and where they stand", "[daemon]") {
    const auto got = parse_config_text(
        "one = 'a=b' #c\n\n\tcount=0x10\nmany = ['x#y',\n\"z\\u00e4\"]\nflag = true", "f", kKeys);
    REQUIRE(got);
    REQUIRE(got->size() == 5);
    CHECK((*got)[0].value == "a=b");
    CHECK((*got)[0].origin == "f:1: one");
    CHECK((*got)[0].source == "f:1");
    CHECK((*got)[1].value == "16");
    CHECK((*got)[2].value == "x#y");
    CHECK((*got)[3].value == "z\xc3\xa4");
    CHECK((*got)[3].origin == "f:5: many");
    CHECK((*got)[4].value == "true");
    CHECK(parse_config_text("", "f", kKeys)->empty());
    CHECK(parse_config_text("\xef\xbb\xbf# with a mark of its encoding\n", "f", kKeys)->empty());
}

TEST_CASE("parse_config_text: a zero byte is refused, raw or written", "[daemon]") {
    using namespace std::string_view_literals;
    CHECK(refusal_of("count = 1\n# \0\n"sv) == "f:2: holds a zero byte");
    CHECK(refusal_of("one = 'a\0'"sv) == "f:1: holds a zero byte");
    CHECK(refusal_of("one = \"a\\u0000\"") == "f:1: one: holds a zero byte");
    CHECK(refusal_of("many = ['a',\n\"\\u0000\"]") == "f:2: many: holds a zero byte");
}

TEST_CASE("parse_config_text: control characters are refused, tabs and line ends are none",
          "[daemon]") {
    // The library that reads TOML took this for impossible and ended the process.
    CHECK(refusal_of("[\x1d_]]\n") == "f:1: holds a control character");
    CHECK(refusal_of("count = 1\n# \x7f") == "f:2: holds a control character");
    CHECK(is_read("\tcount\t=\t1\r\n# \xc3\xa4\r\n"));
    CHECK(is_read("one = \"a\\u001d\""));
}

TEST_CASE("parse_config_text: lists may lie 4 deep and no deeper", "[daemon]") {
    const auto nested = [](std::size_t depth) {
        return "one = " + std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(refusal_of(nested(kMaxConfigNesting)) ==
          "f:1: one: must be a text in quotes, not a list");
    const std::string deeper = refusal_of(nested(kMaxConfigNesting + 1));
    CHECK(deeper.starts_with("f:1: one: is not TOML: "));
    CHECK(deeper.find("nested value depth") != std::string::npos);
    CHECK_FALSE(is_read(nested(100'000)));
}

TEST_CASE("parse_config_text: 256 dots of a line are read, one more is refused", "[daemon]") {
    const auto dots = [](std::size_t count) { return "one = '" + std::string(count, '.') + "'"; };
    CHECK(is_read(dots(kMaxConfigDots)));
    CHECK(refusal_of(dots(kMaxConfigDots + 1)) == "f:1: holds more than 256 dots");
    CHECK(is_read("# " + std::string(1000, '.')));
    // Without the limit each is a table in a table: whoever destroys them runs out of stack.
    std::string deep;
    while (deep.size() < kMaxConfigFile - 10)
        deep += "a.";
    CHECK(refusal_of(deep + "a = 1") == "f:1: holds more than 256 dots");
    CHECK(refusal_of("[" + deep + "a]") == "f:1: holds more than 256 dots");
}

TEST_CASE("parse_config_text: what is no TOML is refused with its line and key", "[daemon]") {
    CHECK(refusal_of("count = 1\none = \"x\n").starts_with("f:2: one: is not TOML: "));
    CHECK(refusal_of("one\n").starts_with("f:1: is not TOML: "));
    CHECK(refusal_of("count = 1\ncount = 2\n").starts_with("f:2: count: is not TOML: "));
    CHECK(refusal_of("one = '\xff'").starts_with("f:1: "));
    // Letters that are no ASCII: undefined behaviour in the library, seen by a sanitizer.
    CHECK(refusal_of("\xcd\x9c = 1").starts_with("f:1: is not TOML: "));
    CHECK(refusal_of("count = 1\none = 'a'\xc3\xa4").starts_with("f:2: one: is not TOML: "));
    CHECK(refusal_of("count = 9223372036854775808").starts_with("f:1: count: is not TOML: "));
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
    const std::string start = "one = 'a'\n#";
    std::ofstream(path) << start << std::string(kMaxConfigFile - start.size(), 'x');
    CHECK(read_config_file(path, kKeys)->size() == 1);
    std::ofstream(path, std::ios::app) << 'x';
    const auto refused = read_config_file(path, kKeys);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("larger than 1 MiB") != std::string::npos);
}
