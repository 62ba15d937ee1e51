// A state sync among peers that do what the input says: come and go, answer in part, with nothing,
// twice, with other states, with junk, too late; the root changes, the store crashes. The books are
// right after every step, and an honest peer always brings it to its end.

#include <crypto/keccak.hpp>
#include <sync/invariants.hpp>
#include <sync/state_sync.hpp>

#include "fuzz_input.hpp"
#include "support/fake_peer.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using sync::OpenRequest;
using sync::PeerId;
using sync::RequestId;
using test::BuiltState;

constexpr std::size_t kMaxSteps = 400;
constexpr std::size_t kMaxPeers = 6;

/// Three states that share most of what they hold.
const std::vector<BuiltState>& states() {
    static const std::vector<BuiltState> all = [] {
        test::StateGenerator generator{11};
        test::StateModel model = generator.make(40);
        std::vector<BuiltState> made;
        for (int i = 0; i < 3; ++i) {
            made.push_back(test::build(model));
            generator.mutate(model, 12);
        }
        return made;
    }();
    return all;
}

class World {
  public:
    explicit World(Script& script) : script_(script) { begin(0); }

    void step() {
        switch (script_.byte() % 11U) {
            case 0:
                return join();
            case 1:
                return leave();
            case 2:
                return assign();
            case 3:
            case 4:
            case 5:
                return answer();
            case 6:
                return time_out();
            case 7:
                return stray();
            case 8:
                return move();
            case 9:
                state_sync_->pardon();
                return;
            default:
                now_ += std::chrono::milliseconds{1ULL << (script_.byte() % 15U)};
        }
    }
    void check() const {
        const std::string wrong = sync::check_invariants(*state_sync_, ledger_);
        if (!wrong.empty()) std::fprintf(stderr, "invariant: %s\n", wrong.c_str());
        FASTSYNC_ASSERT(wrong.empty());
    }
    /// With one peer that has everything.
    void finish() {
        state_sync_->pardon();
        const PeerId honest{next_peer_++};
        ledger_.join(honest);
        for (int rounds = 0; !state_sync_->complete(); ++rounds) {
            FASTSYNC_ASSERT(rounds < 10'000);
            FASTSYNC_ASSERT(!state_sync_->lost_task());
            for (const auto& id : open_ids())
                if (ledger_.requests().at(id).peer != honest) expire(id);
            assign();
            for (const auto& id : open_ids())
                reply(id, blobs_of(ledger_.requests().at(id), states()[state_]));
        }
        check();
        FASTSYNC_ASSERT(test::missing_from(store_, states()[state_]).empty());
    }

  private:
    void begin(std::size_t state) {
        state_ = state;
        auto started =
            sync::StateSync::start(states()[state].root, store_, ledger_, counters_, ++epoch_);
        FASTSYNC_ASSERT(started.has_value());
        state_sync_.emplace(*std::move(started));
    }
    [[nodiscard]] std::vector<RequestId> open_ids() const {
        std::vector<RequestId> ids;
        for (const auto& [id, request] : ledger_.requests())
            ids.push_back(id);
        return ids;
    }
    [[nodiscard]] std::optional<RequestId> some_request() {
        const auto ids = open_ids();
        if (ids.empty()) return std::nullopt;
        return ids[script_.byte() % ids.size()];
    }
    [[nodiscard]] std::optional<PeerId> some_peer() {
        if (ledger_.size() == 0) return std::nullopt;
        auto at = ledger_.peers().begin();
        std::advance(at, script_.byte() % ledger_.size());
        return at->first;
    }
    static std::vector<Bytes> blobs_of(const OpenRequest& request, const BuiltState& state) {
        std::vector<Bytes> out;
        for (const auto& task : request.tasks) {
            if (const Bytes* blob = state.find(task.hash)) out.push_back(*blob);
        }
        return out;
    }

    void join() {
        if (ledger_.size() < kMaxPeers) ledger_.join(PeerId{next_peer_++});
    }
    void leave() {
        const auto peer = some_peer();
        if (!peer) return;
        for (const OpenRequest& request : ledger_.leave(*peer))
            state_sync_->on_returned(request);
    }
    void assign() {
        for (const RequestId id : state_sync_->assign(now_))
            FASTSYNC_ASSERT(!ledger_.requests().at(id).tasks.empty());
    }
    void reply(RequestId id, const std::vector<Bytes>& blobs) {
        now_ += std::chrono::milliseconds{5};
        const auto closed = ledger_.close(id);
        FASTSYNC_ASSERT(closed.has_value());
        const auto verdict = state_sync_->on_answer(*closed, test::answer_of(blobs, now_));
        FASTSYNC_ASSERT(verdict.has_value());
    }
    void expire(RequestId id) {
        const auto closed = ledger_.close(id);
        FASTSYNC_ASSERT(closed.has_value());
        (void)state_sync_->on_timeout(*closed);
    }
    void answer() {
        const auto id = some_request();
        if (id) reply(*id, mangled(ledger_.requests().at(*id)));
    }
    void time_out() {
        const auto id = some_request();
        if (id) expire(*id);
    }
    void stray() {
        const auto peer = some_peer();
        if (!peer) return;
        std::vector<Bytes> blobs;
        const BuiltState& state = states()[script_.byte() % states().size()];
        auto at = state.nodes.begin();
        std::advance(at, script_.below(65536) % state.nodes.size());
        for (std::size_t n = script_.byte() % 8U; n > 0 && at != state.nodes.end(); --n, ++at)
            blobs.push_back(at->second);
        const auto taken = state_sync_->on_stray(*peer, test::answer_of(blobs, now_));
        FASTSYNC_ASSERT(taken.has_value());
    }
    /// Another root; or a crash, after which the same is begun anew.
    void move() {
        const std::size_t to = script_.byte() % 4U;
        if (to == 3) store_.crash();
        if (script_.byte() % 2U == 0) FASTSYNC_ASSERT(store_.flush().has_value());
        begin(to == 3 ? state_ : to);
    }
    std::vector<Bytes> mangled(const OpenRequest& request) {
        const std::size_t manner = script_.byte() % 7U;
        std::vector<Bytes> blobs =
            blobs_of(request, states()[manner == 0 ? script_.byte() % 3U : state_]);
        if (manner == 1) blobs.clear();
        if (manner == 2 && !blobs.empty()) blobs.resize(script_.byte() % blobs.size());
        if (manner == 3) std::reverse(blobs.begin(), blobs.end());
        if (manner == 4) blobs.insert(blobs.end(), blobs.begin(), blobs.end());
        if (manner == 5 && !blobs.empty()) {
            Bytes& one = blobs[script_.byte() % blobs.size()];
            if (!one.empty()) one[script_.byte() % one.size()] ^= 0x10;
        }
        if (manner == 6) blobs.push_back(to_bytes(script_.bytes()));
        return blobs;
    }

    Script& script_;
    test::CheckingStore store_;
    sync::PeerLedger ledger_;
    sync::SyncCounters counters_;
    std::optional<sync::StateSync> state_sync_;
    std::size_t state_ = 0;
    std::uint64_t epoch_ = 0;
    std::uint64_t next_peer_ = 1;
    TimePoint now_{std::chrono::hours{1}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    World world{script};
    for (std::size_t i = 0; i < kMaxSteps && !script.empty(); ++i) {
        world.step();
        world.check();
    }
    world.finish();
    return 0;
}
