#include <algorithm>
#include <array>
#include <iostream>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <state/state_stats.hpp>

#include <status/text.hpp>

#include "command.hpp"
#include "key_progress.hpp"
#include "open_state.hpp"
#include "option_table.hpp"

namespace fastsync::app {
namespace {

using nlohmann::ordered_json;
using state::DepthCounts;
using state::StateStats;
using status::show_count;

struct Options {
    std::filesystem::path data_dir;
    std::optional<Hash256> root;
    bool json = false;
};

std::string help() {
    return "usage: fastsyncd stats --data-dir DIR [--root 0xHASH] [--json]\n\n"
           "Counts the accounts, contracts and storage of the complete state, and how deep its "
           "tries are.\n"
           "Reads every trie node once, in constant memory. No daemon may have the folder open "
           "meanwhile.\n\noptions:\n"
           "  --data-dir DIR   folder of the database; needed\n"
           "  --root 0xHASH    state root, instead of the one recorded there\n"
           "  --json           one JSON object on standard output\n"
           "  --help           this text\n\n"
           "exit codes: 0 counted, 1 options, 2 damaged or no complete state, 3 internal\n";
}

Result<Options> parse(Arguments arguments) {
    constexpr std::array kTable{
        path<&Options::data_dir>("data-dir"),
        hash<&Options::root>("root"),
        flag<&Options::json>("json"),
    };
    FASTSYNC_TRY(Options out, parse_options(arguments, kTable));
    FASTSYNC_CHECK(need_data_dir(out.data_dir));
    return out;
}

ordered_json to_json(const DepthCounts& depths) {
    ordered_json out = ordered_json::object();
    for (std::size_t depth = 0; depth < depths.size(); ++depth) {
        if (depths[depth] > 0) out[std::to_string(depth)] = depths[depth];
    }
    return out;
}

void print_json(const OpenState& open, const StateStats& s) {
    ordered_json out;
    out["state_root"] = to_hex0x(open.root);
    if (open.block) out["block"] = open.block->number;
    out["accounts"] = s.accounts;
    out["contracts"] = s.contracts;
    out["with_storage"] = s.with_storage;
    out["empty"] = s.empty;
    out["slots"] = s.slots;
    out["balance"] = s.balance.str();
    out["account_depths"] = to_json(s.account_depths);
    out["slot_depths"] = to_json(s.slot_depths);
    out["largest_storage"] = ordered_json::array();
    for (const state::StorageSize& one : s.largest) {
        out["largest_storage"].push_back({{"address_hash", to_hex0x(one.address_hash)},
                                          {"storage_root", to_hex0x(one.storage_root)},
                                          {"slots", one.slots}});
    }
    std::cout << out.dump() << std::endl;
}

void print(std::string_view what, const DepthCounts& depths) {
    constexpr std::uint64_t kWidth = 40;
    const std::uint64_t most = *std::max_element(depths.begin(), depths.end());
    if (most == 0) return;
    std::cout << "depth of " << what << ", in trie nodes\n";
    for (std::size_t depth = 0; depth < depths.size(); ++depth) {
        if (depths[depth] == 0) continue;
        const auto width = static_cast<double>(depths[depth]) / static_cast<double>(most) * kWidth;
        std::cout << fmt::format("  {:>2}  {:>16}  {}\n", depth, show_count(depths[depth]),
                                 std::string(static_cast<std::size_t>(width), '#'));
    }
}

void print(const OpenState& open, const StateStats& s) {
    if (open.block)
        std::cout << "block         #" << open.block->number << " " << to_hex0x(open.block->hash)
                  << "\n";
    std::cout << "state root    " << to_hex0x(open.root) << "\naccounts      "
              << show_count(s.accounts) << "\ncontracts     " << show_count(s.contracts)
              << "\nwith storage  " << show_count(s.with_storage) << "\nempty         "
              << show_count(s.empty) << "\nslots         " << show_count(s.slots)
              << "\nbalance       " << s.balance.str() << " wei\n";
    print("accounts", s.account_depths);
    print("slots", s.slot_depths);
    if (s.largest.empty()) return;
    std::cout << "largest storage, by the hash of the account's address\n";
    for (const state::StorageSize& one : s.largest)
        std::cout << fmt::format("  {}  {:>12} slots\n", to_hex0x(one.address_hash),
                                 show_count(one.slots));
}

int run(Arguments arguments) {
    const auto options = parse(arguments);
    if (!options) return fail("stats", options.error());
    const auto open = open_state(options->data_dir, options->root);
    if (!open) return fail_reading("stats", open.error());
    Result<StateStats> stats = [&] {
        KeyProgress progress{Hash256{}};
        return state::collect_stats(*open->store, open->root,
                                    [&](const Hash256& key, const StateStats& so_far) {
                                        progress.at(key, [&] {
                                            return show_count(so_far.accounts) + " accounts, " +
                                                   show_count(so_far.slots) + " slots";
                                        });
                                        return true;
                                    });
    }();
    if (!stats) return fail_reading("stats", stats.error());
    if (options->json) {
        print_json(*open, *stats);
    } else {
        print(*open, *stats);
    }
    return kDone;
}

}  // namespace

Command stats_command() {
    return {"stats", "count what is in the complete state", help, run};
}

}  // namespace fastsync::app
