#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <common/bytes.hpp>
#include <storage/state_store.hpp>
#include <sync/closure.hpp>

namespace fastsync::sync {

/// Removed items that the next pass over the store still knows by name. With more than these it
/// looks up what nodes refer to instead, which takes longer. 24 to 48 bytes each, twice.
inline constexpr std::size_t kMaxRemembered = std::size_t{1} << 20U;

/// What repair_items() found and took out.
struct ItemsRepair {
    ItemsReport scanned;                 ///< by the first pass
    std::uint64_t removed_false = 0;     ///< items of wrong bytes
    std::uint64_t removed_unclosed = 0;  ///< nodes above something that is not there
    std::uint64_t passes = 0;            ///< over all items
};

/// Restores what a sync relies on, "an item that is there has everything below it", for every
/// stored item: removes false items, nodes that refer to what is not there, nodes that refer to
/// those, and so on, pass after pass until one finds nothing. Each pass is durable at its end. May
/// be killed and called again at any moment.
///
/// @param remember  see kMaxRemembered
/// @return kCorrupt, kStorage: the store cannot be read or written
[[nodiscard]] Result<ItemsRepair> repair_items(storage::StateStore& store,
                                               const ItemsProgress& progress = {},
                                               std::size_t remember = kMaxRemembered);

/// What repair_records() found and did.
struct RecordsRepair {
    std::vector<std::string> dropped;  ///< records that did not decode, by what is wrong with them
    /// The state that was complete and is no longer: to be fetched again.
    std::optional<Hash256> incomplete;
};

/// Makes the records agree with the items, after repair_items(). A state recorded as complete whose
/// root is not there any more becomes one that is being worked on, with its pivot and totals, so
/// that the next run goes on with it. A record that does not decode is removed; when none is left
/// beside items, one without a root takes their place, so that the next run looks for what is
/// there.
///
/// @param has_items  the store is not empty
/// @return kStorage
[[nodiscard]] Result<RecordsRepair> repair_records(storage::StateStore& store, bool has_items);

}  // namespace fastsync::sync
