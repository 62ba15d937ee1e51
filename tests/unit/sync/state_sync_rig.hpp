#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include <sync/state_sync.hpp>

#include "support/fake_peer.hpp"

namespace fastsync::test {

inline constexpr sync::PeerId kFirst{1};
inline constexpr sync::PeerId kSecond{2};

/// A state sync of a generated state, and the peers' side of it by hand.
struct Rig {
    explicit Rig(std::uint64_t seed = 1, std::size_t accounts = 60)
        : Rig(StateGenerator{seed}.make(accounts)) {}
    explicit Rig(const StateModel& model) : state(build(model)) {
        auto started = sync::StateSync::start(state.root, store, ledger, counters, 1);
        REQUIRE(started);
        state_sync.emplace(*std::move(started));
    }

    std::vector<sync::OpenRequest> assign() {
        std::vector<sync::OpenRequest> requests;
        for (const sync::RequestId id : state_sync->assign(now))
            requests.push_back(ledger.requests().at(id));
        return requests;
    }
    /// Closes the request and answers it with these blobs.
    sync::AnswerVerdict answer(const sync::OpenRequest& request, const std::vector<Bytes>& blobs) {
        now += std::chrono::milliseconds{10};
        const auto closed = ledger.close(request.id);
        REQUIRE(closed);
        auto verdict = state_sync->on_answer(*closed, answer_of(blobs, now));
        REQUIRE(verdict);
        REQUIRE(state_sync->trie().audit() == "");
        return *verdict;
    }
    std::vector<Bytes> blobs(const sync::OpenRequest& request) const {
        std::vector<Bytes> out;
        for (const auto& task : request.tasks)
            out.push_back(*state.find(task.hash));
        return out;
    }
    sync::AnswerVerdict time_out(const sync::OpenRequest& request) {
        const auto closed = ledger.close(request.id);
        REQUIRE(closed);
        return state_sync->on_timeout(*closed);
    }
    /// Answers honestly until `requests` holds something to play with.
    sync::OpenRequest grow(std::size_t items) {
        while (true) {
            const auto requests = assign();
            REQUIRE_FALSE(requests.empty());
            for (std::size_t i = 0; i < requests.size(); ++i) {
                if (requests[i].tasks.size() >= items && i + 1 == requests.size()) {
                    return requests[i];
                }
                answer(requests[i], blobs(requests[i]));
            }
        }
    }
    void finish() {
        while (!state_sync->complete()) {
            REQUIRE_FALSE(state_sync->lost_task());
            const auto requests = assign();
            REQUIRE_FALSE(requests.empty());
            for (const auto& request : requests)
                answer(request, blobs(request));
        }
        CHECK(missing_from(store, state) == "");
    }

    BuiltState state;
    CheckingStore store;
    sync::PeerLedger ledger;
    sync::SyncCounters counters;
    std::optional<sync::StateSync> state_sync;
    TimePoint now{std::chrono::hours{1}};
};

}  // namespace fastsync::test
