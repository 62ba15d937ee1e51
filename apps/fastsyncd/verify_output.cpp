#include "verify_output.hpp"

#include <iostream>
#include <string>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <status/text.hpp>

namespace fastsync::app {
namespace {

using status::show_count;

void line(std::string name, const std::string& value) {
    name.resize(20, ' ');
    std::cout << name << value << "\n";
}

std::string to_json(const sync::VerifyReport& r) {
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

std::string to_json(const sync::ItemsReport& r) {
    nlohmann::ordered_json out;
    out["sound"] = r.sound();
    out["items"] = r.items();
    out["nodes"] = r.nodes;
    out["codes"] = r.codes;
    out["bytes"] = r.bytes;
    out["references"] = r.references;
    out["false"] = r.false_items;
    out["unclosed"] = r.unclosed;
    return out.dump();
}

std::string to_json(const RepairReport& r) {
    nlohmann::ordered_json out;
    out["complete"] = r.complete;
    out["tables"] = r.files.tables;
    out["damaged_tables"] = r.files.damaged.size();
    out["rebuilt"] = !r.files.rebuilt.empty();
    out["items"] = r.items.scanned.items() - r.items.removed_false - r.items.removed_unclosed;
    out["removed_false"] = r.items.removed_false;
    out["removed_unclosed"] = r.items.removed_unclosed;
    out["passes"] = r.items.passes;
    out["dropped_records"] = r.records.dropped.size();
    return out.dump();
}

void print(const sync::VerifyReport& r) {
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

void print(const sync::ItemsReport& r) {
    line("items", show_count(r.items()));
    line("nodes", show_count(r.nodes));
    line("codes", show_count(r.codes));
    line("bytes", show_count(r.bytes));
    line("references", show_count(r.references));
    line("false", show_count(r.false_items));
    line("unclosed", show_count(r.unclosed));
    std::cout << (r.sound() ? "every item is sound and has all below it" : "NOT sound") << "\n";
}

void print(const RepairReport& r) {
    line("tables", show_count(r.files.tables));
    line("damaged tables", show_count(r.files.damaged.size()));
    line("items kept",
         show_count(r.items.scanned.items() - r.items.removed_false - r.items.removed_unclosed));
    line("removed, false", show_count(r.items.removed_false));
    line("removed, unclosed", show_count(r.items.removed_unclosed));
    line("passes", show_count(r.items.passes));
    for (const std::string& dropped : r.records.dropped)
        std::cout << "dropped " << dropped << "\n";
    std::cout << "sound; "
              << (r.complete ? "the state is complete"
                             : "the state is not complete: fastsyncd run fetches what is missing")
              << "\n";
}

template <class Report>
void show_as(const Report& report, bool json) {
    if (json) {
        std::cout << to_json(report) << std::endl;
    } else {
        print(report);
    }
}

}  // namespace

void show(const sync::VerifyReport& report, bool json) {
    show_as(report, json);
}

void show(const sync::ItemsReport& report, bool json) {
    show_as(report, json);
}

void show(const RepairReport& report, bool json) {
    show_as(report, json);
}

void name_damaged(const storage::FilesReport& files) {
    for (const storage::DamagedTable& table : files.damaged) {
        std::cerr << "damaged: " << table.name << ": " << table.damage << ": "
                  << status::show_count(table.entries) << " entries kept, gaps: " << table.gaps
                  << "\n";
    }
    if (!files.rebuilt.empty())
        std::cerr << "the list of tables was made anew: " << files.rebuilt << "\n";
}

void name_bad(std::string_view what, const sync::BadItems& bad) {
    for (const sync::BadItem& item : bad.named)
        std::cerr << what << ": " << item.describe() << "\n";
    if (bad.count > bad.named.size()) {
        std::cerr << what << ": " << bad.count - bad.named.size() << " more\n";
    }
}

Ticker::~Ticker() {
    if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
}

sync::VerifyStep Ticker::draw(std::uint64_t items, std::uint64_t bytes) {
    static const bool kTerminal = ::isatty(STDERR_FILENO) == 1;
    const auto now = std::chrono::steady_clock::now();
    if (kTerminal && now - last_ > std::chrono::milliseconds{500}) {
        last_ = now;
        drawn_ = true;
        std::cerr << "\r" << doing_ << " " << show_count(items) << " items, "
                  << status::show_bytes(static_cast<double>(bytes)) << "\x1b[K" << std::flush;
    }
    return sync::VerifyStep::kContinue;
}

}  // namespace fastsync::app
