#pragma once

#include <filesystem>
#include <istream>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/bytes.hpp>

namespace fastsync::state {

/// Addresses and slots that are known, by their hashes: the keys of a state are hashes, and nothing
/// in it says of what.
class Preimages {
  public:
    /// Longest line of a file, bytes, and most lines with a preimage: about 6 GiB of memory.
    static constexpr std::size_t kMaxLine = 128;
    static constexpr std::size_t kMaxPreimages = 64U * 1024 * 1024;

    /// Reads lines of hex, with or without 0x: 20 bytes are an address, 32 a slot. Blank lines and
    /// what follows a # are left out.
    /// @param name  how errors call the file
    /// @return kConfig naming file and line
    [[nodiscard]] static Result<Preimages> read(std::istream& in, const std::string& name,
                                                std::size_t most = kMaxPreimages);
    /// The same of a file; kConfig when it cannot be read.
    [[nodiscard]] static Result<Preimages> load(const std::filesystem::path& file);

    [[nodiscard]] std::optional<Address> address(const Hash256& hash) const;
    [[nodiscard]] std::optional<Hash256> slot(const Hash256& hash) const;
    [[nodiscard]] std::size_t size() const noexcept { return addresses_.size() + slots_.size(); }

  private:
    boost::unordered_flat_map<Hash256, Address, FixedHasher<Hash256>> addresses_;
    boost::unordered_flat_map<Hash256, Hash256, FixedHasher<Hash256>> slots_;
};

}  // namespace fastsync::state
