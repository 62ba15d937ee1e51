#pragma once

#include <chrono>
#include <string_view>

#include <storage/repair_files.hpp>
#include <sync/repair.hpp>
#include <sync/verify.hpp>

namespace fastsync::app {

/// All that a repair found and did.
struct RepairReport {
    storage::FilesReport files;
    sync::ItemsRepair items;
    sync::RecordsRepair records;
    bool complete = false;  ///< a state is recorded as complete, and it is
};

/// Reports on standard output, for a person or as one JSON object.
void show(const sync::VerifyReport& report, bool json);
void show(const sync::ItemsReport& report, bool json);
void show(const RepairReport& report, bool json);

/// Names bad items on standard error, and how many more there are.
void name_bad(std::string_view what, const sync::BadItems& bad);

/// Names damaged tables on standard error, and why the list of tables was made anew.
void name_damaged(const storage::FilesReport& files);

/// Counts on a terminal's last line, twice a second; nothing where standard error is none.
class Ticker {
  public:
    explicit Ticker(std::string_view doing) : doing_{doing} {}
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    ~Ticker();

    sync::VerifyStep operator()(const sync::VerifyReport& so_far) {
        return draw(so_far.items, so_far.bytes);
    }
    sync::VerifyStep operator()(const sync::ItemsReport& so_far) {
        return draw(so_far.items(), so_far.bytes);
    }

  private:
    sync::VerifyStep draw(std::uint64_t items, std::uint64_t bytes);

    std::string_view doing_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace fastsync::app
