#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <chain/header.hpp>
#include <storage/rocks_store.hpp>

namespace fastsync::app {

/// A database with a state that can be asked.
struct OpenState {
    std::unique_ptr<storage::RocksStore> store;
    Hash256 root;
    std::optional<chain::BlockHeader> block;  ///< nothing for a bare root
};

/// Opens the database and finds the state that was completed last, or takes the one of `root`.
/// @return what RocksStore says; kStorage when no state is complete
[[nodiscard]] Result<OpenState> open_state(const std::filesystem::path& data_dir,
                                           const std::optional<Hash256>& root);

/// An exit code for an error of reading a state.
[[nodiscard]] int fail_reading(std::string_view command, const Error& error);

}  // namespace fastsync::app
