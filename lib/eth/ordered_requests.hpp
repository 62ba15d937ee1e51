#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <common/time.hpp>
#include <eth/request_id.hpp>

namespace fastsync::eth {

/// Whose answer it is. Late: of a request that timed out. Stray: of none we know.
struct Match {
    enum class Kind : std::uint8_t { kOpen, kLate, kStray };

    Kind kind = Kind::kStray;
    RequestId id{};  ///< which request, unless stray

    friend bool operator==(const Match&, const Match&) = default;
};

/// Requests that timed out and are remembered, of one kind and peer, and how long.
inline constexpr std::size_t kMaxLateRequests = 16;
inline constexpr Duration kLateRequestLife = std::chrono::minutes{1};

/// Requests of one kind to one peer: the order they were sent in, and what became of each.
///
/// A request that timed out stays as a late one, so that its answer does not count for the next.
/// Where answers name no request they come strictly in order: one that was passed over (a later one
/// was answered) will not be answered in order any more.
template <class Question>
class OrderedRequests {
  public:
    void sent(RequestId id, Question question) {
        entries_.push_back({id, std::move(question), State::kOpen, TimePoint::max()});
    }

    [[nodiscard]] std::size_t open_count() const noexcept {
        return static_cast<std::size_t>(
            std::count_if(entries_.begin(), entries_.end(),
                          [](const Entry& e) { return e.state != State::kLate; }));
    }

    /// The deadline of `id` passed. Nothing happens when it was answered.
    void time_out(RequestId id, TimePoint now) {
        const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& e) { return e.id == id; });
        if (entry == entries_.end() || entry->state == State::kLate) return;
        if (entry->state == State::kPassed) {
            entries_.erase(entry);
            return;
        }
        entry->state = State::kLate;
        entry->forget_at = now + kLateRequestLife;
        forget(now);
    }

    /// Drops late requests whose time is over, and the oldest beyond their limit.
    void forget(TimePoint now) {
        std::erase_if(entries_, [&](const Entry& e) { return e.forget_at <= now; });
        const auto late = [](const Entry& e) { return e.state == State::kLate; };
        auto excess = std::count_if(entries_.begin(), entries_.end(), late) -
                      static_cast<std::ptrdiff_t>(kMaxLateRequests);
        std::erase_if(entries_, [&](const Entry& e) { return late(e) && excess-- > 0; });
    }

    /// The requests `fits(question)` holds for, as a set to narrow down.
    template <class Predicate>
    [[nodiscard]] std::vector<std::size_t> candidates(Predicate fits) const {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < entries_.size(); ++i)
            if (fits(entries_[i].question)) found.push_back(i);
        return found;
    }

    [[nodiscard]] const Question& question(std::size_t index) const {
        return entries_[index].question;
    }

    /// Gives the answer to the oldest candidate that was not passed over, else to the oldest.
    [[nodiscard]] Match take_first_of(const std::vector<std::size_t>& candidates) {
        if (candidates.empty()) return {};
        const auto in_order =
            std::find_if(candidates.begin(), candidates.end(),
                         [&](std::size_t i) { return entries_[i].state != State::kPassed; });
        return take(in_order != candidates.end() ? *in_order : candidates.front());
    }

    /// Gives the answer to the request it names; the others wait on.
    [[nodiscard]] Match take_named(RequestId id) {
        const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& e) { return e.id == id; });
        if (entry == entries_.end()) return {};
        const Match match = match_of(*entry);
        entries_.erase(entry);
        return match;
    }

    /// Gives an answer that tells nothing about itself to the request whose turn it is.
    [[nodiscard]] Match take_next() {
        const auto next = std::find_if(entries_.begin(), entries_.end(),
                                       [](const Entry& e) { return e.state != State::kPassed; });
        if (next == entries_.end()) return {};
        return take(static_cast<std::size_t>(next - entries_.begin()));
    }

  private:
    enum class State : std::uint8_t { kOpen, kPassed, kLate };

    struct Entry {
        RequestId id{};
        Question question;
        State state = State::kOpen;
        TimePoint forget_at;
    };

    static Match match_of(const Entry& entry) {
        return {entry.state == State::kLate ? Match::Kind::kLate : Match::Kind::kOpen, entry.id};
    }

    Match take(std::size_t index) {
        const auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(index);
        const Match match = match_of(*entry);
        for (auto earlier = entries_.begin(); earlier != entry; ++earlier)
            if (earlier->state == State::kOpen) earlier->state = State::kPassed;
        // Late ones that were passed over have nothing left to wait for.
        entries_.erase(std::remove_if(entries_.begin(), entry,
                                      [](const Entry& e) { return e.state == State::kLate; }),
                       entry + 1);
        return match;
    }

    std::vector<Entry> entries_;  ///< in the order sent
};

}  // namespace fastsync::eth
