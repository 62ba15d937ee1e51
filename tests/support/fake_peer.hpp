#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <sync/state_peer.hpp>

#include "support/state_model.hpp"

namespace fastsync::test {

/// A header chain whose blocks carry given state roots; `roots[n]` is that of block n.
struct FakeChain {
    std::vector<chain::BlockHeader> headers;

    /// `salt` makes the blocks differ from those of another chain of the same roots.
    [[nodiscard]] static FakeChain of(const std::vector<Hash256>& roots, std::uint64_t salt = 0);
    /// Adds a block.
    void extend(const Hash256& root, std::uint64_t salt = 0);
    [[nodiscard]] const chain::BlockHeader& head() const { return headers.back(); }
};

/// How a peer answers GetNodeData.
struct PeerManners {
    enum class Kind : std::uint8_t {
        kHonest,
        kSilent,        ///< never answers
        kEmpty,         ///< answers without blobs
        kJunk,          ///< blobs of other hashes
        kPartial,       ///< at most 3 of what was asked
        kPlaceholders,  ///< empty strings for every second blob
        kDuplicates,    ///< each blob twice
        kShuffled,      ///< in reverse order
        kLate,          ///< after the deadline, as stray data
        kLeaves,        ///< closes at the fifth request
        kFull,          ///< takes no request, and says so at once
        kMute,          ///< does not even answer for headers
    };
    Kind kind = Kind::kHonest;
    Duration latency = std::chrono::milliseconds{50};  ///< of the whole round trip
    double items_per_s = 0;  ///< how fast it looks items up, one request after another; 0: at once
};

/// A peer over FakeChain and BuiltStates in virtual time.
class FakePeer final : public sync::StatePeer {
  public:
    FakePeer(std::uint64_t id, async::Clock& clock, async::Executor executor,
             const FakeChain& chain, std::vector<const BuiltState*> states, PeerManners manners);

    [[nodiscard]] sync::PeerId id() const noexcept override { return sync::PeerId{id_}; }
    [[nodiscard]] std::string name() const override { return "fake-" + std::to_string(id_); }
    [[nodiscard]] std::vector<Hash256> heads() const override {
        return told_.empty() ? std::vector{chain_.head().hash} : told_;
    }
    [[nodiscard]] U256 total_difficulty() const override { return total_difficulty_; }
    [[nodiscard]] async::Task<Result<sync::NodeDataAnswer>> get_node_data(
        std::vector<Hash256> hashes, TimePoint deadline) override;
    [[nodiscard]] async::Task<Result<std::vector<chain::BlockHeader>>> get_headers(
        sync::HeaderRequest request, TimePoint deadline) override;
    void report(sync::Misbehaviour what) override { reports_.push_back(what); }
    void release() override { released_.open(); }

    /// Announced these, the last one first, whatever the chain is.
    void tell_heads(std::vector<Hash256> heads) { told_ = std::move(heads); }
    void claim_difficulty(U256 value) { total_difficulty_ = std::move(value); }
    void serve(std::vector<const BuiltState*> states) { states_ = std::move(states); }
    /// Headers below `number` are not there.
    void prune_headers(chain::BlockNumber number) { first_header_ = number; }
    void behave(PeerManners manners) { manners_ = manners; }

    [[nodiscard]] const std::vector<sync::Misbehaviour>& reports() const noexcept {
        return reports_;
    }
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }
    [[nodiscard]] std::size_t most_in_flight() const noexcept { return most_in_flight_; }
    /// Late answers, to be handed over as stray data by the test.
    [[nodiscard]] std::vector<sync::NodeDataAnswer> take_late();

  private:
    [[nodiscard]] sync::NodeDataAnswer answer(const std::vector<Hash256>& hashes) const;
    [[nodiscard]] const Bytes* find(const Hash256& hash) const;
    /// False when released meanwhile.
    [[nodiscard]] TimePoint answered_at(std::size_t items);
    [[nodiscard]] async::Task<bool> travel(TimePoint until);

    std::uint64_t id_;
    async::Clock& clock_;
    async::Gate released_;
    const FakeChain& chain_;
    std::vector<const BuiltState*> states_;
    PeerManners manners_;
    std::vector<Hash256> told_;
    chain::BlockNumber first_header_ = 0;
    U256 total_difficulty_ = 1000;
    std::vector<sync::Misbehaviour> reports_;
    std::vector<sync::NodeDataAnswer> late_;
    std::size_t requests_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t most_in_flight_ = 0;
    TimePoint busy_until_{};
};

/// An answer of these blobs, as if they had come in one message.
[[nodiscard]] sync::NodeDataAnswer answer_of(const std::vector<Bytes>& blobs, TimePoint arrived);

}  // namespace fastsync::test
