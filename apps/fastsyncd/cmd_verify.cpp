#include <array>
#include <filesystem>
#include <iostream>
#include <optional>

#include <daemon/config_source.hpp>
#include <storage/rocks_store.hpp>
#include <sync/checkpoint.hpp>

#include "command.hpp"
#include "verify_output.hpp"

namespace fastsync::app {
namespace {

using sync::VerifyReport;

struct Options {
    std::filesystem::path data_dir;
    std::optional<Hash256> root;
    bool every_item = false;
    bool json = false;
};

std::string help() {
    return "usage: fastsyncd verify --data-dir DIR [--root 0xHASH | --every-item] [--json]\n\n"
           "Walks the whole state from its root, reads every node and code and hashes it again.\n"
           "No daemon may have the folder open meanwhile.\n\noptions:\n"
           "  --data-dir DIR   folder of the database; needed\n"
           "  --root 0xHASH    state root to start from, instead of the one recorded there\n"
           "  --every-item     instead of one state look at every stored item, of states half "
           "done\n"
           "                   or left behind too: each has the right hash, and all that it "
           "refers\n"
           "                   to is there\n"
           "  --json           one JSON object on standard output; items that are missing or\n"
           "                   corrupt are named on standard error\n"
           "  --help           this text\n\n"
           "exit codes: 0 complete and sound (with --every-item: every item is sound), 1 options,\n"
           "            2 incomplete, damaged or no database, 3 internal\n";
}

Result<Options> parse(Arguments arguments) {
    using daemon::KnownKey;
    constexpr std::array<KnownKey, 4> kKeys{{
        {"data-dir", KnownKey::Kind::kValue},
        {"root", KnownKey::Kind::kValue},
        {"every-item", KnownKey::Kind::kSwitch},
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
            (key == "json" ? out.json : out.every_item) = true;
        }
    }
    if (out.data_dir.empty()) return Error{Errc::kConfig, "give --data-dir DIR"};
    if (out.root && out.every_item)
        return Error{Errc::kConfig, "--every-item looks at all states: give no --root with it"};
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

/// The state below one root. @return whether it is complete and sound
Result<bool> verify_state(const Options& options, const storage::StateStore& store) {
    Hash256 root;
    if (options.root) {
        root = *options.root;
    } else {
        FASTSYNC_TRY(root, recorded_root(store));
    }
    VerifyReport report;
    {
        Ticker ticker{"verified"};
        report = sync::verify_state(root, store, std::ref(ticker));
    }
    show(report, options.json);
    name_bad("missing", report.missing);
    name_bad("corrupt", report.corrupt);
    return report.complete;
}

/// Every item there is. @return whether all are sound
Result<bool> verify_items(const Options& options, const storage::StateStore& store) {
    std::uint64_t unsound = 0;
    const auto name = [&](const sync::UnsoundItem& item) -> Result<void> {
        const bool is_false = item.fault == sync::UnsoundItem::Fault::kFalse;
        if (++unsound <= sync::BadItems::kMaxNamed)
            std::cerr << (is_false ? "false: " : "unclosed: ") << item.describe() << "\n";
        return {};
    };
    Result<sync::ItemsReport> scanned = sync::ItemsReport{};
    {
        Ticker ticker{"scanned"};
        scanned = sync::scan_items(store, name, std::ref(ticker));
    }
    FASTSYNC_TRY(const sync::ItemsReport report, std::move(scanned));
    show(report, options.json);
    if (unsound > sync::BadItems::kMaxNamed)
        std::cerr << "unsound: " << unsound - sync::BadItems::kMaxNamed << " more\n";
    return report.sound();
}

Result<bool> open_and_verify(const Options& options) {
    FASTSYNC_TRY(const auto store, storage::RocksStore::open_existing(options.data_dir));
    return options.every_item ? verify_items(options, *store) : verify_state(options, *store);
}

int run(Arguments arguments) {
    const auto options = parse(arguments);
    if (!options) return fail("verify", options.error());
    const auto sound = open_and_verify(*options);
    if (sound) return *sound ? kDone : kStorage;
    const int code = fail("verify", sound.error());
    return sound.error().code == Errc::kNotFound ? kStorage : code;
}

}  // namespace

Command verify_command() {
    return {"verify", "prove that a synced state is complete and sound", help, run};
}

}  // namespace fastsync::app
