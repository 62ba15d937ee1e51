#pragma once

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace fastsync::bench {

/// CPU seconds of the calling thread.
[[nodiscard]] inline double thread_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// CPU seconds of all threads of the process.
[[nodiscard]] inline double process_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// One part's cost beside the cost of what it cannot do without.
struct Figure {
    std::string part;
    double seconds = 0;
    std::string limit{};  ///< the part that bounds it; empty: it is a bound itself
};

/// Prints a table of ns per item and MB/s, each part as a multiple of its limit, and the same as
/// JSON.
class Table {
  public:
    Table(double items, double bytes) : items_(items), bytes_(bytes) {}

    /// Runs `body` three times; the fastest counts. `clock` says whose CPU time is taken.
    template <class Body>
    void measure(std::string part, std::string limit, Body&& body,
                 double (*clock)() = &thread_seconds) {
        double best = 0;
        for (int run = 0; run < 3; ++run) {
            const double before = clock();
            body();
            const double spent = clock() - before;
            if (run == 0 || spent < best) best = spent;
        }
        add({std::move(part), best, std::move(limit)});
    }

    void add(Figure figure) {
        const double limit = seconds_of(figure.limit);
        std::printf("%-34s %8.0f ns/item %9.0f MB/s", figure.part.c_str(),
                    figure.seconds / items_ * 1e9, bytes_ / figure.seconds / 1e6);
        if (limit > 0) {
            std::printf("   %.2f times %s", figure.seconds / limit, figure.limit.c_str());
        }
        std::printf("\n");
        std::fflush(stdout);
        figures_.push_back(std::move(figure));
    }

    [[nodiscard]] nlohmann::json json() const {
        nlohmann::json parts = nlohmann::json::array();
        for (const Figure& f : figures_) {
            nlohmann::json part{{"part", f.part},
                                {"ns_per_item", f.seconds / items_ * 1e9},
                                {"mb_per_s", bytes_ / f.seconds / 1e6}};
            if (!f.limit.empty()) {
                part["limit"] = f.limit;
                part["times_limit"] = f.seconds / seconds_of(f.limit);
            }
            parts.push_back(std::move(part));
        }
        return {{"items", items_}, {"bytes", bytes_}, {"parts", std::move(parts)}};
    }

  private:
    [[nodiscard]] double seconds_of(const std::string& part) const {
        for (const Figure& f : figures_) {
            if (f.part == part) return f.seconds;
        }
        return 0;
    }

    double items_;
    double bytes_;
    std::vector<Figure> figures_;
};

}  // namespace fastsync::bench
