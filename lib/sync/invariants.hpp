#pragma once

#include <string>

#include <storage/state_store.hpp>
#include <sync/peer_ledger.hpp>
#include <sync/state_sync.hpp>

/// The promises of the scheduler, as checks of its books against each other. Slow (all that is
/// pending is walked): for tests, fuzzers and debug builds. An empty string means sound, else it
/// says which promise is broken.
namespace fastsync::sync {

/// Builds that check them while they sync.
#ifdef NDEBUG
inline constexpr bool kCheckInvariants = false;
#else
inline constexpr bool kCheckInvariants = true;
#endif

/// - What is wanted is in exactly one place: queued, asked of one peer (two, when the second takes
///   over what the first owes), to be asked again, or waiting for its children.
/// - No peer is asked for more than its largest window, in batches of at most PeerRate::kMaxBatch.
/// - No peer is asked for what it lacked.
/// - The books of the trie sync add up, the key space among them.
/// - What may be held in memory is within its limits: see Held.
/// - What was committed is in the store, whatever pivots there were since: see CommittedSample.
[[nodiscard]] std::string check_invariants(const StateSync& sync, const PeerLedger& ledger);

/// Each blob has the hash it is stored under, and everything it refers to is stored or stands
/// before it in the batch.
[[nodiscard]] std::string check_batch(const storage::NodeBatch& batch,
                                      const storage::NodeReader& store);

/// The end of the program, after a line in the log, unless `wrong` is empty.
void must_hold(const std::string& wrong);

}  // namespace fastsync::sync
