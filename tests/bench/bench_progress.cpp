// How well the progress is told: whole syncs of made-up states with heavy-tailed storage, without a
// network, and beside each other what is estimated and what turns out to be true. The order in
// which items come is that of peers who answer at once, at a steady rate.
//
// usage: bench_progress [ACCOUNTS [CONTRACTS [STATES]]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <devnet/state_generator.hpp>
#include <storage/memory_store.hpp>
#include <sync/trie_sync.hpp>

using namespace fastsync;

namespace {

constexpr std::size_t kBatch = 384;

struct Sample {
    double done = 0;  ///< items
    sync::WorkEstimate::Work work;
    double key_space = 0;
    double shown = 0;
};

/// A whole sync; a sample for each 0.1 % of the items.
std::vector<Sample> samples_of(const devnet::ItemStore& items, const Hash256& root) {
    storage::MemoryStore store;
    auto sync = *sync::TrieSync::start(root, store);
    std::vector<Sample> out;
    sync::ShownFraction shown;
    std::size_t committed = 0;
    while (!sync.done()) {
        for (const sync::NodeTask& task : sync.missing(kBatch)) {
            if (!sync.process(task.hash, items.find(task.hash)->bytes())) std::abort();
        }
        const storage::NodeBatch batch = sync.take_complete();
        committed += batch.size();
        if (!store.commit(batch)) std::abort();
        const auto work = sync.work();
        shown.update(work.known ? sync::share_done(work.done, work.left)
                                : sync::as_fraction(sync.finished()));
        out.push_back({static_cast<double>(committed), work, sync::as_fraction(sync.finished()),
                       shown.value()});
    }
    return out;
}

struct Errors {
    double shown = 0;        ///< largest distance of the shown fraction, points, from 5 % on
    double key_space = 0;    ///< the same of the share of the key space
    double within = 0;       ///< of the samples from 5 % on: within 3 points
    double covered = 0;      ///< of the samples from 5 % on: the truth in the range
    double width = 0;        ///< mean width of the range, points
    double left = 0;         ///< largest relative error of what is left, from 10 to 98 %
    double left_within = 0;  ///< of those samples: within 20 %
};

Errors errors_of(const std::vector<Sample>& samples) {
    const double all = samples.back().done;
    Errors e;
    double n = 0;
    double n_left = 0;
    for (const Sample& s : samples) {
        const double truth = s.done / all;
        if (truth < 0.05 || truth == 1) continue;
        ++n;
        const double off = 100 * std::abs(s.shown - truth);
        e.shown = std::max(e.shown, off);
        e.key_space = std::max(e.key_space, 100 * std::abs(s.key_space - truth));
        e.within += off <= 3 ? 1 : 0;
        const double low = sync::share_done(s.work.done, s.work.most);
        const double high = sync::share_done(s.work.done, s.work.least);
        e.covered += low - 0.005 <= truth && truth <= high + 0.005 ? 1 : 0;
        e.width += 100 * (high - low);
        if (truth < 0.1 || truth > 0.98) continue;
        ++n_left;
        const double wrong = std::abs(s.work.left / (all - s.done) - 1);
        e.left = std::max(e.left, wrong);
        e.left_within += wrong <= 0.2 ? 1 : 0;
    }
    e.within *= 100 / n;
    e.covered *= 100 / n;
    e.width /= n;
    e.left *= 100;
    e.left_within *= 100 / n_left;
    return e;
}

/// Where in the work the largest storage trie begins to show: the first sample with a large fall.
void print(const std::string& what, const std::vector<Sample>& samples, bool curve) {
    const Errors e = errors_of(samples);
    std::printf("%-22s %9.0f  %6.1f %6.1f %6.0f %7.0f %6.1f %7.0f %6.0f\n", what.c_str(),
                samples.back().done, e.key_space, e.shown, e.within, e.covered, e.width, e.left,
                e.left_within);
    if (!curve) return;
    double next = 0.05;
    for (const Sample& s : samples) {
        const double truth = s.done / samples.back().done;
        if (truth < next) continue;
        next += 0.05;
        std::printf("    true %5.1f  shown %5.1f  range %5.1f ... %5.1f  key space %5.1f\n",
                    100 * truth, 100 * s.shown, 100 * sync::share_done(s.work.done, s.work.most),
                    100 * sync::share_done(s.work.done, s.work.least), 100 * s.key_space);
    }
}

std::uint64_t number(int argc, char** argv, int at, std::uint64_t usual) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : usual;
}

}  // namespace

int main(int argc, char** argv) {
    devnet::StateSize size;
    size.accounts = number(argc, argv, 1, 200'000);
    size.contracts = number(argc, argv, 2, 20'000);
    const std::uint64_t states = number(argc, argv, 3, 8);
    const bool curves = std::getenv("CURVES") != nullptr;
    std::printf("%-22s %9s  %6s %6s %6s %7s %6s %7s %6s\n", "", "items", "key sp", "shown", "<= 3",
                "covered", "width", "left", "<= 20");
    for (const bool giant : {false, true}) {
        for (std::uint64_t seed = 1; seed <= states; ++seed) {
            size.seed = seed;
            size.giant = giant;
            devnet::ItemStore items;
            const auto root = devnet::generate_state(size, items);
            if (!root) return 1;
            print((giant ? "a giant, seed " : "Zipf, seed ") + std::to_string(seed),
                  samples_of(items, *root), curves);
        }
    }
}
