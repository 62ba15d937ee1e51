#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <common/result.hpp>

namespace fastsync {

/// Reads a whole file, which has to be a regular one: to open a FIFO, a terminal or a socket could
/// mean to wait for ever.
///
/// @param most  bytes; a longer file is kTooLarge
/// @return kStorage with a sentence without the name: "it is a directory", "No such file or
///         directory"
[[nodiscard]] Result<std::string> read_regular_file(const std::filesystem::path& file,
                                                    std::size_t most);

}  // namespace fastsync
