#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <storage/state_store.hpp>
#include <sync/state_sync.hpp>

namespace fastsync::sync {

/// What a restart needs: the pivot worked on with the headers up to the head, and the running
/// totals.
struct SyncCheckpoint {
    Hash256 state_root;
    std::vector<Bytes> headers;  ///< raw, pivot ... head; empty for a pinned root
    std::uint64_t moves = 0;     ///< how often the pivot moved
    SyncCounters counters;
    SeenState seen{};  ///< nothing in records of earlier versions

    friend bool operator==(const SyncCheckpoint&, const SyncCheckpoint&) = default;
};

/// A state that is whole in the database.
struct CompletedPivot {
    Hash256 state_root;
    std::vector<Bytes> headers;      ///< raw, pivot ... head; empty for a pinned root
    std::uint64_t completed_at = 0;  ///< Unix seconds
    SyncCounters counters;

    friend bool operator==(const CompletedPivot&, const CompletedPivot&) = default;
};

/// Records of the store's small named values, as RLP. kCorrupt naming the record when it does not
/// decode.
[[nodiscard]] Result<void> save_checkpoint(storage::StateStore& store,
                                           const SyncCheckpoint& record);
/// What save_checkpoint() saves, to be saved later.
[[nodiscard]] storage::MetaRecord to_record(const SyncCheckpoint& checkpoint);
[[nodiscard]] Result<std::optional<SyncCheckpoint>> load_checkpoint(
    const storage::StateStore& store);
/// Written before "complete" is reported. The last one is the state that verify and queries use.
[[nodiscard]] Result<void> save_completed(storage::StateStore& store, const CompletedPivot& record);
[[nodiscard]] Result<std::optional<CompletedPivot>> load_completed(
    const storage::StateStore& store);

/// No error when there is none.
[[nodiscard]] Result<void> remove_completed(storage::StateStore& store);
[[nodiscard]] Result<void> remove_checkpoint(storage::StateStore& store);

/// Decodes stored raw headers. kCorrupt when one does not decode or they do not link.
[[nodiscard]] Result<std::vector<chain::BlockHeader>> decode_headers(const std::vector<Bytes>& raw);

}  // namespace fastsync::sync
