#pragma once

#include <optional>

#include <common/bytes.hpp>
#include <trie/walk.hpp>

namespace fastsync::devnet {

struct PickedEntry {
    Hash256 key;
    Bytes value;
};

/// An entry of a trie whose keys are hashes, near a given key: a random key gives a random entry.
/// Nothing when the trie is empty.
/// @return kNotFound, kBadState naming the node
[[nodiscard]] Result<std::optional<PickedEntry>> pick_entry(const Hash256& root,
                                                            const trie::NodeSource& source,
                                                            const Hash256& near);

}  // namespace fastsync::devnet
