#include <deque>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include <eth/request_tracker.hpp>

#include "numbered_blobs.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using Kind = Match::Kind;
using test::blob_of;
using test::hash_of;
using test::hashes_of;

namespace {

constexpr TimePoint kStart{1h};

Match open(RequestId id) {
    return {Kind::kOpen, id};
}

/// What a server makes of the requests it gets.
enum class Manner {
    kComplete,  ///< answers everything, with an empty answer if need be (go-ethereum)
    kSilent,    ///< says nothing where it has nothing (aleth), and loses some requests
};

/// A server that answers in order after a while, and what became of our requests.
class Oracle {
  public:
    Oracle(Manner manner, unsigned seed) : manner_(manner), random_(seed) {}

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            const unsigned dice = draw(100);
            if (dice < 35 && waiting_.size() < 8 &&
                late_.size() + waiting_.size() < kMaxLateRequests)
                ask();
            if (dice >= 35 && dice < 75) answer_next();
            if (dice >= 75 && dice < 80) duplicate();
            if (dice >= 80 && dice < 85) junk();
            now_ += std::chrono::milliseconds{draw(400)};
            expire();
            REQUIRE(tracker_.open_node_data() == waiting_.size());
        }
        now_ += kDeadline;
        expire();
        REQUIRE(waiting_.empty());
        REQUIRE(tracker_.open_node_data() == 0);
    }

    int resolved = 0;
    int late_ones = 0;
    int duplicates = 0;

  private:
    struct Pending {
        RequestId id{};
        std::vector<std::uint32_t> answer;
    };

    struct Asked {
        TimePoint deadline;
        std::vector<std::uint32_t> numbers;
    };

    static constexpr Duration kDeadline = 2s;

    unsigned draw(unsigned below) {
        return std::uniform_int_distribution<unsigned>{0, below - 1}(random_);
    }

    void ask() {
        // Some hashes were asked before, as after a time-out; each request has one of its own.
        const std::uint32_t own = next_++;
        std::vector<std::uint32_t> numbers{own};
        for (unsigned n = draw(4); n > 0; --n)
            numbers.push_back(draw(2) == 0 ? next_++ : draw(next_));
        std::shuffle(numbers.begin(), numbers.end(), random_);
        const RequestId id = tracker_.sent_node_data(hashes_of(numbers));
        waiting_[id] = {now_ + kDeadline, numbers};
        const bool lost = manner_ == Manner::kSilent && draw(5) == 0;
        const bool lacks_all = draw(4) == 0;
        if (lost || (lacks_all && manner_ == Manner::kSilent)) return;
        // A server that loses requests is told apart only by what just one request asked for.
        std::erase_if(numbers, [&](std::uint32_t n) {
            return lacks_all || (draw(4) == 0 && !(manner_ == Manner::kSilent && n == own));
        });
        server_.push_back({id, numbers});
    }

    void answer_next() {
        if (server_.empty()) return;
        const Pending pending = server_.front();
        server_.pop_front();
        const Match match = deliver(pending.answer);
        late_.erase(pending.id);
        if (waiting_.erase(pending.id) == 1) {
            REQUIRE(match == open(pending.id));
            ++resolved;
        } else {
            REQUIRE(match.kind != Kind::kOpen);
            if (match.kind == Kind::kLate) {
                REQUIRE(match.id == pending.id);
                ++late_ones;
            }
        }
        if (!pending.answer.empty()) last_ = pending.answer;
    }

    /// A second copy of an answer counts for no request that did not ask for its blobs.
    void duplicate() {
        const auto asked = [&](std::uint32_t number) {
            const auto holds = [&](const auto& request) {
                const auto& numbers = request.second.numbers;
                return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
            };
            return std::any_of(waiting_.begin(), waiting_.end(), holds) ||
                   std::any_of(late_.begin(), late_.end(), holds);
        };
        if (last_.empty() || std::any_of(last_.begin(), last_.end(), asked)) return;
        REQUIRE(deliver(last_).kind != Kind::kOpen);
        ++duplicates;
    }

    void junk() { REQUIRE(deliver({0xffff00 + draw(200)}).kind == Kind::kStray); }

    Match deliver(const std::vector<std::uint32_t>& numbers) {
        std::vector<Bytes> blobs;
        for (const std::uint32_t n : numbers)
            blobs.push_back(blob_of(n));
        const std::vector<ByteView> views{blobs.begin(), blobs.end()};
        return tracker_.match_node_data(views, now_);
    }

    void expire() {
        std::erase_if(late_, [&](const auto& request) {
            return request.second.deadline + kDeadline + kLateRequestLife < now_;
        });
        for (auto it = waiting_.begin(); it != waiting_.end();) {
            if (it->second.deadline > now_) {
                ++it;
                continue;
            }
            tracker_.time_out(it->first, now_);
            late_[it->first] = it->second;
            it = waiting_.erase(it);
        }
    }

    Manner manner_;
    std::mt19937 random_;
    RequestTracker tracker_;
    TimePoint now_ = kStart;
    std::uint32_t next_ = 0;
    std::map<RequestId, Asked> waiting_;  ///< our open requests
    std::map<RequestId, Asked> late_;     ///< those that timed out within memory
    std::deque<Pending> server_;          ///< answers the server has still to give, in order
    std::vector<std::uint32_t> last_;     ///< the last answer that held something
};

}  // namespace

TEST_CASE("RequestTracker: no order of answers, losses, delays and copies mismatches a request",
          "[eth][property]") {
    const auto manner = GENERATE(Manner::kComplete, Manner::kSilent);
    int resolved = 0;
    int late_ones = 0;
    int duplicates = 0;
    for (unsigned seed = 0; seed < 60; ++seed) {
        CAPTURE(static_cast<int>(manner), seed);
        Oracle oracle{manner, seed};
        oracle.run(600);
        resolved += oracle.resolved;
        late_ones += oracle.late_ones;
        duplicates += oracle.duplicates;
    }
    // Otherwise nothing was tested.
    CHECK(resolved > 2000);
    CHECK(late_ones > 100);
    CHECK(duplicates > 100);
}
