#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <common/u256.hpp>

#include "command.hpp"

namespace fastsync::app {

enum class ExportFormat { kJsonLines, kCsv };
enum class ExportRows { kAccounts, kStorage, kCodes };

/// All that `fastsyncd export` is told, checked.
struct ExportOptions {
    std::filesystem::path data_dir;
    std::optional<Hash256> root;
    ExportFormat format = ExportFormat::kJsonLines;
    ExportRows rows = ExportRows::kAccounts;
    std::string output = "-";
    std::filesystem::path preimages;
    U256 min_balance = 0;              ///< wei
    Hash256 start_key;                 ///< of an account
    Hash256 start_slot;                ///< in the account of `start_key`
    std::uint64_t limit = UINT64_MAX;  ///< rows
};

[[nodiscard]] std::string export_help();
/// kConfig with a sentence that names the option.
[[nodiscard]] Result<ExportOptions> parse_export(Arguments arguments);

}  // namespace fastsync::app
