#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string_view>

#include <daemon/config_value.hpp>

#include "command.hpp"

namespace fastsync::app {

/// An option of a command, and what it does to the command's `Options`.
template <class Options>
struct Option {
    daemon::KnownKey key;
    Result<void> (*apply)(Options&, const daemon::GivenValue&);
};

template <class Member>
struct MemberOf;
template <class Options, class Value>
struct MemberOf<Value Options::*> {
    using Owner = Options;
};
template <auto Member>
using OwnerOf = typename MemberOf<decltype(Member)>::Owner;

/// `--key` alone, which sets a bool.
template <auto Member>
constexpr Option<OwnerOf<Member>> flag(std::string_view key) {
    return {{key, daemon::KnownKey::Kind::kSwitch},
            [](OwnerOf<Member>& out, const daemon::GivenValue& given) -> Result<void> {
                if (given.value != "true")
                    return Error{Errc::kConfig, given.origin + ": takes no value"};
                out.*Member = true;
                return {};
            }};
}

/// `--key PATH`.
template <auto Member>
constexpr Option<OwnerOf<Member>> path(std::string_view key) {
    return {{key, daemon::KnownKey::Kind::kValue},
            [](OwnerOf<Member>& out, const daemon::GivenValue& given) -> Result<void> {
                out.*Member = given.value;
                return {};
            }};
}

/// `--key 0xHASH`.
template <auto Member>
constexpr Option<OwnerOf<Member>> hash(std::string_view key) {
    return {{key, daemon::KnownKey::Kind::kValue},
            [](OwnerOf<Member>& out, const daemon::GivenValue& given) -> Result<void> {
                FASTSYNC_TRY(out.*Member, daemon::hash_of(given, given.value));
                return {};
            }};
}

/// What the arguments of a command make of its options.
/// @return kConfig naming the option
template <class Options, std::size_t N>
[[nodiscard]] Result<Options> parse_options(Arguments arguments,
                                            const std::array<Option<Options>, N>& table,
                                            Options out = {}) {
    std::array<daemon::KnownKey, N> keys;
    for (std::size_t i = 0; i < N; ++i)
        keys[i] = table[i].key;
    FASTSYNC_TRY(const auto given, daemon::parse_arguments(arguments, keys));
    for (const daemon::GivenValue& one : given) {
        for (const Option<Options>& option : table)
            if (option.key.key == one.key) FASTSYNC_CHECK(option.apply(out, one));
    }
    return out;
}

/// kConfig when the command was not told where the database is.
[[nodiscard]] inline Result<void> need_data_dir(const std::filesystem::path& data_dir) {
    if (data_dir.empty()) return Error{Errc::kConfig, "give --data-dir DIR"};
    return {};
}

}  // namespace fastsync::app
