#pragma once

#include <cstdint>

#include <storage/schema.hpp>
#include <storage/state_store.hpp>

namespace fastsync::test {

/// Items that both the process that writes them and the one that looks for them can make. Keys look
/// random; blobs tell their key. Their hashes are not Keccak: a store does not look.
struct TestItem {
    storage::ItemKind kind;
    Hash256 hash;
    Bytes blob;
};
[[nodiscard]] TestItem item_of(std::uint64_t batch, std::uint64_t index);

/// Batches are of 1 to 40 items, some of them codes.
[[nodiscard]] std::uint64_t size_of_batch(std::uint64_t batch);
[[nodiscard]] storage::NodeBatch batch_of(std::uint64_t batch);

/// How many of the items of a batch are there with the right bytes. An item of wrong bytes or a
/// failure to read counts as -1000000.
[[nodiscard]] std::int64_t present_of(const storage::NodeReader& store, std::uint64_t batch);

inline const storage::ChainIdentity kTestChain{99001, Hash256{{0x9c, 0x45}}};

/// Record of how many batches were durable when it was written.
inline constexpr std::string_view kDurableRecord = "durable";
[[nodiscard]] Bytes encode_count(std::uint64_t count);
[[nodiscard]] std::uint64_t decode_count(ByteView bytes);

}  // namespace fastsync::test
