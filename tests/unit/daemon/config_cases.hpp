#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <daemon/config.hpp>

#include "support/shared_files.hpp"

/// What the tests of the configuration share.
namespace fastsync::test {

using Arguments = std::vector<std::string>;

inline const std::string kEnode =
    "enode://79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fb"
    "fc0e1108a8fd17b448a68554199c47d08ffb10d4b8@192.0.2.1:";
inline const std::string kHash =
    "0xabababababababababababababababababababababababababababababababab";

/// A command line that is complete, followed by `more`.
inline Arguments complete(Arguments more) {
    Arguments out{"--data-dir", "/d", "--network", "xdc"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

inline daemon::RunConfig good(const Arguments& arguments, const Arguments& environment = {}) {
    auto config = daemon::parse_run_config(arguments, environment);
    if (!config) FAIL(config.error().message());
    return *std::move(config);
}

inline std::string error_of(const Arguments& arguments, const Arguments& environment = {}) {
    const auto config = daemon::parse_run_config(arguments, environment);
    REQUIRE_FALSE(config);
    CHECK(config.error().code == Errc::kConfig);
    return config.error().detail;
}

/// A configuration file with the given text, removed at the end of the scope.
struct ConfigFile {
    explicit ConfigFile(const std::string& text) : path(folder.path() / "f.toml") {
        std::ofstream(path, std::ios::binary) << text;
    }
    TempDir folder;
    std::filesystem::path path;
};

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace fastsync::test
