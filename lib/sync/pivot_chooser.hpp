#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>
#include <sync/gather.hpp>
#include <sync/pivot.hpp>
#include <sync/state_peer.hpp>

namespace fastsync::sync {

using PeerList = std::vector<std::shared_ptr<StatePeer>>;

struct PivotPolicy {
    PivotPin pin;
    /// Further peers that must hold the pivot header, where so many are connected and know their
    /// own head.
    std::size_t confirmations = 1;
};

/// Asks peers for headers and settles on a pivot. One use, one answer.
class PivotChooser {
  public:
    static constexpr Duration kHeaderTimeout = std::chrono::seconds{10};
    /// Once one peer has answered, the others have until so long after the question.
    static constexpr Duration kHeadPatience = std::chrono::seconds{3};
    /// go-ethereum answers at most 192 headers.
    static constexpr std::uint64_t kMaxHeaders = 192;
    /// How far behind its true head an announced head may be: rounds of kMaxHeaders.
    static constexpr int kMaxCatchUpRounds = 64;

    /// @param keep        a pivot to stay with as long as it is on the best chain and not stale
    /// @param stragglers  where questions for heads go on that the choice does not wait for; they
    ///                    need the peers and the clock, not the chooser
    PivotChooser(PeerList peers, PivotPolicy policy, std::optional<chain::BlockHeader> keep,
                 async::Clock& clock, async::TaskScope& stragglers);

    /// @return kNotFound with a sentence for the operator when nobody knows what we look for or
    ///         peers contradict each other
    [[nodiscard]] async::Task<Result<Pivot>> choose();
    /// Somebody comes while choose() runs: asked too, as long as heads are looked for.
    void add(std::shared_ptr<StatePeer> peer);

  private:
    using Headers = std::vector<chain::BlockHeader>;
    struct Candidate {
        std::shared_ptr<StatePeer> peer;
        chain::BlockHeader head;
        Headers chain;  ///< pivot ... head, once find_chains() has asked for it
    };

    /// Asks all peers at once; one entry per peer, empty where there was no answer in time.
    [[nodiscard]] async::Task<std::vector<Headers>> ask_all(PeerList peers, HeaderRequest request);
    [[nodiscard]] async::Task<void> find_heads();
    [[nodiscard]] static async::Task<std::optional<Candidate>> find_head(
        std::shared_ptr<StatePeer> peer, async::Clock& clock);
    [[nodiscard]] async::Task<Result<Pivot>> below_head();
    [[nodiscard]] async::Task<void> find_chains();
    [[nodiscard]] static async::Task<std::optional<Headers>> find_chain(
        Candidate candidate, std::optional<chain::BlockHeader> keep, async::Clock& clock);
    [[nodiscard]] async::Task<bool> confirmed(const Candidate& source);
    [[nodiscard]] async::Task<Result<Pivot>> by_number(chain::BlockNumber number);
    [[nodiscard]] async::Task<Result<Pivot>> by_hash(Hash256 hash);
    [[nodiscard]] async::Task<Pivot> with_head(chain::BlockHeader pivot);

    PeerList peers_;
    PivotPolicy policy_;
    std::optional<chain::BlockHeader> keep_;
    async::Clock& clock_;
    async::TaskScope& stragglers_;
    async::Executor executor_;
    std::shared_ptr<Gathering<Candidate>> heads_;  // while they are looked for
    std::vector<Candidate> candidates_;            // best first
};

}  // namespace fastsync::sync
