#include <array>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <daemon/config_source.hpp>
#include <status/text.hpp>
#include <storage/rocks_store.hpp>
#include <sync/checkpoint.hpp>
#include <sync/verify.hpp>

#include "command.hpp"

namespace fastsync::app {
namespace {

using sync::VerifyReport;

struct Options {
    std::filesystem::path data_dir;
    std::optional<Hash256> root;
    bool json = false;
};

std::string help() {
    return "usage: fastsyncd verify --data-dir DIR [--root 0xHASH] [--json]\n\n"
           "Walks the whole state from its root, reads every node and code and hashes it again.\n"
           "No daemon may have the folder open meanwhile.\n\noptions:\n"
           "  --data-dir DIR   folder of the database; needed\n"
           "  --root 0xHASH    state root to start from, instead of the one recorded there\n"
           "  --json           one JSON object on standard output; items that are missing or\n"
           "                   corrupt are named on standard error\n"
           "  --help           this text\n\n"
           "exit codes: 0 complete and sound, 1 options, 2 incomplete, damaged or no database,\n"
           "            3 internal\n";
}

Result<Options> parse(Arguments arguments) {
    using daemon::KnownKey;
    constexpr std::array<KnownKey, 3> kKeys{{
        {"data-dir", KnownKey::Kind::kValue},
        {"root", KnownKey::Kind::kValue},
        {"json", KnownKey::Kind::kSwitch},
    }};
    FASTSYNC_TRY(const auto given, daemon::parse_arguments(arguments, kKeys));
    Options out;
    for (const auto& [key, value, origin] : given) {
        if (key == "data-dir") {
            out.data_dir = value;
        } else if (key == "root") {
            const auto root = fixed_from_hex<Hash256>(value);
            if (!root) return Error{Errc::kConfig, origin + ": must be a hash of 64 hex digits"};
            out.root = *root;
        } else if (value != "true") {
            return Error{Errc::kConfig, origin + ": takes no value"};
        } else {
            out.json = true;
        }
    }
    if (out.data_dir.empty()) return Error{Errc::kConfig, "give --data-dir DIR"};
    return out;
}

/// The state that was completed last; before the first, the one being worked on.
Result<Hash256> recorded_root(const storage::StateStore& store) {
    FASTSYNC_TRY(const auto completed, sync::load_completed(store));
    if (completed) return completed->state_root;
    FASTSYNC_TRY(const auto checkpoint, sync::load_checkpoint(store));
    if (checkpoint) return checkpoint->state_root;
    return Error{Errc::kStorage, "no state is recorded in this database: nothing was synced yet"};
}

std::string to_json(const VerifyReport& r) {
    nlohmann::ordered_json out;
    out["state_root"] = to_hex0x(r.state_root);
    out["complete"] = r.complete;
    out["account_trie_nodes"] = r.account_trie_nodes;
    out["accounts"] = r.accounts;
    out["storage_tries"] = r.storage_tries;
    out["storage_trie_nodes"] = r.storage_trie_nodes;
    out["storage_slots"] = r.storage_slots;
    out["codes"] = r.codes;
    out["items"] = r.items;
    out["bytes"] = r.bytes;
    out["xor_of_hashes"] = to_hex0x(r.xor_of_hashes);
    out["missing"] = r.missing.count;
    out["corrupt"] = r.corrupt.count;
    return out.dump();
}

void print(const VerifyReport& r) {
    const auto line = [](std::string name, const std::string& value) {
        name.resize(20, ' ');
        std::cout << name << value << "\n";
    };
    using status::show_count;
    line("state root", to_hex0x(r.state_root));
    line("account trie nodes", show_count(r.account_trie_nodes));
    line("accounts", show_count(r.accounts));
    line("storage tries", show_count(r.storage_tries));
    line("storage trie nodes", show_count(r.storage_trie_nodes));
    line("storage slots", show_count(r.storage_slots));
    line("codes", show_count(r.codes));
    line("items", show_count(r.items));
    line("bytes", show_count(r.bytes));
    line("xor of hashes", to_hex0x(r.xor_of_hashes));
    line("missing", show_count(r.missing.count));
    line("corrupt", show_count(r.corrupt.count));
    std::cout << (r.complete ? "complete and sound" : "NOT complete") << "\n";
}

void name_bad(std::string_view what, const sync::BadItems& bad) {
    for (const sync::BadItem& item : bad.named)
        std::cerr << what << ": " << item.describe() << "\n";
    if (bad.count > bad.named.size()) {
        std::cerr << what << ": " << bad.count - bad.named.size() << " more\n";
    }
}

/// Counts on a terminal's last line, twice a second; nothing where standard error is none.
class Ticker {
  public:
    Ticker() = default;
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    ~Ticker() {
        if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
    }
    sync::VerifyStep operator()(const VerifyReport& so_far) {
        const auto now = std::chrono::steady_clock::now();
        if (terminal_ && now - last_ > std::chrono::milliseconds{500}) {
            last_ = now;
            drawn_ = true;
            std::cerr << "\rverified " << status::show_count(so_far.items) << " items, "
                      << status::show_bytes(static_cast<double>(so_far.bytes)) << "\x1b[K"
                      << std::flush;
        }
        return sync::VerifyStep::kContinue;
    }

  private:
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

VerifyReport verify(const Hash256& root, const storage::NodeReader& store) {
    Ticker ticker;
    return sync::verify_state(root, store, std::ref(ticker));
}

Result<VerifyReport> open_and_verify(const Options& options) {
    FASTSYNC_TRY(const auto store, storage::RocksStore::open_existing(options.data_dir));
    if (options.root) return verify(*options.root, *store);
    FASTSYNC_TRY(const Hash256 root, recorded_root(*store));
    return verify(root, *store);
}

int run(Arguments arguments) {
    const auto options = parse(arguments);
    if (!options) return fail("verify", options.error());
    const auto report = open_and_verify(*options);
    if (!report) {
        const int code = fail("verify", report.error());
        return report.error().code == Errc::kNotFound ? kStorage : code;
    }
    if (options->json) {
        std::cout << to_json(*report) << std::endl;
    } else {
        print(*report);
    }
    name_bad("missing", report->missing);
    name_bad("corrupt", report->corrupt);
    return report->complete ? kDone : kStorage;
}

}  // namespace

Command verify_command() {
    return {"verify", "prove that a synced state is complete and sound", help, run};
}

}  // namespace fastsync::app
