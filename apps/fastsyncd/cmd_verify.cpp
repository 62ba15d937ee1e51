#include <array>
#include <filesystem>
#include <iostream>
#include <optional>

#include <storage/rocks_store.hpp>
#include <sync/checkpoint.hpp>

#include "command.hpp"
#include "option_table.hpp"
#include "verify_output.hpp"

namespace fastsync::app {
namespace {

using sync::VerifyReport;

struct Options {
    std::filesystem::path data_dir;
    std::optional<Hash256> root;
    bool every_item = false;
    bool repair = false;
    bool json = false;
    std::optional<std::uint64_t> network_id;
    std::optional<Hash256> genesis_hash;
};

std::string help() {
    return "usage: fastsyncd verify --data-dir DIR [--root 0xHASH | --every-item | --repair] "
           "[--json]\n\n"
           "Walks the whole state from its root, reads every node and code and hashes it again.\n"
           "Changes nothing without --repair. No daemon may have the folder open meanwhile.\n\n"
           "options:\n"
           "  --data-dir DIR   folder of the database; needed\n"
           "  --root 0xHASH    state root to start from, instead of the one recorded there\n"
           "  --every-item     instead of one state look at every stored item, of states half "
           "done\n"
           "                   or left behind too: each has the right hash, and all that it "
           "refers\n"
           "                   to is there\n"
           "  --repair         mend a damaged database: keep every sound item that has all below "
           "it,\n"
           "                   remove the others; the next run fetches what is missing then. "
           "Until\n"
           "                   the repair is through, run refuses the folder; after a kill, "
           "repair\n"
           "                   again\n"
           "  --network-id N --genesis-hash 0xHASH\n"
           "                   what the database is of, for a repair that finds that this is lost\n"
           "  --json           one JSON object on standard output; what is missing, corrupt or "
           "was\n"
           "                   damaged is named on standard error\n"
           "  --help           this text\n\n"
           "exit codes: 0 complete and sound (--every-item: every item is sound; --repair: what "
           "is\n"
           "            there is sound now), 1 options, 2 incomplete, damaged or no database,\n"
           "            3 internal\n";
}

Result<void> take_network_id(Options& out, const daemon::GivenValue& given) {
    FASTSYNC_TRY(out.network_id, daemon::number_of<std::uint64_t>(given, 0, UINT64_MAX));
    return {};
}

Result<Options> parse(Arguments arguments) {
    constexpr std::array kTable{
        path<&Options::data_dir>("data-dir"),
        hash<&Options::root>("root"),
        Option<Options>{{"network-id", daemon::KnownKey::Kind::kValue}, take_network_id},
        hash<&Options::genesis_hash>("genesis-hash"),
        flag<&Options::every_item>("every-item"),
        flag<&Options::repair>("repair"),
        flag<&Options::json>("json"),
    };
    FASTSYNC_TRY(Options out, parse_options(arguments, kTable));
    FASTSYNC_CHECK(need_data_dir(out.data_dir));
    if (out.every_item + out.repair + out.root.has_value() > 1)
        return Error{Errc::kConfig, "give one of --root, --every-item and --repair"};
    const bool identity = out.network_id.has_value() || out.genesis_hash.has_value();
    if (identity && !(out.repair && out.network_id && out.genesis_hash))
        return Error{Errc::kConfig, "--network-id and --genesis-hash go together, with --repair"};
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
    FASTSYNC_TRY(const auto completed, sync::load_completed(store));
    // What is missing of a state that was never complete is no damage.
    const bool was_complete = completed && completed->state_root == root;
    if (report.corrupt.count > 0 || (was_complete && !report.complete))
        std::cerr << "the database is damaged" << kMendable << "\n";
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
    if (!report.sound()) std::cerr << "the database is damaged" << kMendable << "\n";
    return report.sound();
}

/// Makes what is there sound. @return true
Result<bool> repair(const Options& options) {
    std::optional<storage::ChainIdentity> identity;
    if (options.network_id) identity = {*options.network_id, *options.genesis_hash};
    RepairReport report;
    auto opened =
        storage::RocksStore::open_for_repair(options.data_dir, {}, identity, report.files);
    name_damaged(report.files);
    FASTSYNC_TRY(const auto store, std::move(opened));
    {
        Ticker ticker{"scanned"};
        FASTSYNC_TRY(report.items, sync::repair_items(*store, std::ref(ticker)));
    }
    FASTSYNC_TRY(report.records, sync::repair_records(*store, report.items.scanned.items() > 0));
    FASTSYNC_TRY(const auto completed, sync::load_completed(*store));
    report.complete = completed.has_value();
    FASTSYNC_CHECK(store->end_repair());
    show(report, options.json);
    return true;
}

Result<bool> open_and_verify(const Options& options) {
    if (options.repair) return repair(options);
    storage::StoreOptions store_options;
    store_options.read_only = true;
    store_options.key_filter_bytes = 0;
    FASTSYNC_TRY(const auto store,
                 storage::RocksStore::open_existing(options.data_dir, store_options));
    return options.every_item ? verify_items(options, *store) : verify_state(options, *store);
}

int run(Arguments arguments) {
    const auto options = parse(arguments);
    if (!options) return fail("verify", options.error());
    const auto sound = open_and_verify(*options);
    if (sound) return *sound ? kDone : kStorage;
    const Error error = options->repair ? sound.error() : with_repair_hint(sound.error());
    const int code = fail("verify", error);
    return error.code == Errc::kNotFound ? kStorage : code;
}

}  // namespace

Command verify_command() {
    return {"verify", "prove that a synced state is complete and sound", help, run};
}

}  // namespace fastsync::app
