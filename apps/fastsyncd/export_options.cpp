#include "export_options.hpp"

#include <array>
#include <charconv>

#include <daemon/config_source.hpp>

namespace fastsync::app {
namespace {

Error wrong(const daemon::GivenValue& given, const std::string& what) {
    return {Errc::kConfig, given.origin + ": " + what};
}

Result<Hash256> hash_of(const daemon::GivenValue& given) {
    const auto hash = fixed_from_hex<Hash256>(given.value);
    if (!hash) return wrong(given, "must be a hash of 64 hex digits");
    return *hash;
}

Result<U256> wei_of(const daemon::GivenValue& given) {
    const std::string& text = given.value;
    // 77 digits are fewer than 256 bits.
    if (text.empty() || text.size() > 77 ||
        text.find_first_not_of("0123456789") != std::string::npos)
        return wrong(given, "must be a number of wei of at most 77 digits");
    U256 value = 0;
    for (const char c : text)
        value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
}

Result<std::uint64_t> count_of(const daemon::GivenValue& given) {
    std::uint64_t value = 0;
    const char* const end = given.value.data() + given.value.size();
    const auto [at, failed] = std::from_chars(given.value.data(), end, value);
    if (failed != std::errc{} || at != end || value == 0)
        return wrong(given, "must be a number of rows, 1 or more");
    return value;
}

Result<void> take_switch(ExportOptions& out, const daemon::GivenValue& given, bool& chosen) {
    if (given.value != "true") return wrong(given, "takes no value");
    if (chosen) return wrong(given, "choose one of --accounts, --storage and --codes");
    chosen = true;
    out.rows = given.key == "accounts"  ? ExportRows::kAccounts
               : given.key == "storage" ? ExportRows::kStorage
                                        : ExportRows::kCodes;
    return {};
}

Result<void> take_value(ExportOptions& out, const daemon::GivenValue& given) {
    if (given.key == "data-dir") {
        out.data_dir = given.value;
    } else if (given.key == "output") {
        out.output = given.value;
    } else if (given.key == "preimages") {
        out.preimages = given.value;
    } else if (given.key == "format") {
        if (given.value != "jsonl" && given.value != "csv")
            return wrong(given, "must be jsonl or csv");
        out.format = given.value == "csv" ? ExportFormat::kCsv : ExportFormat::kJsonLines;
    } else if (given.key == "min-balance") {
        FASTSYNC_TRY(out.min_balance, wei_of(given));
    } else if (given.key == "limit") {
        FASTSYNC_TRY(out.limit, count_of(given));
    } else if (given.key == "start-key") {
        FASTSYNC_TRY(out.start_key, hash_of(given));
    } else if (given.key == "start-slot") {
        FASTSYNC_TRY(out.start_slot, hash_of(given));
    } else {
        FASTSYNC_TRY(const Hash256 root, hash_of(given));
        out.root = root;
    }
    return {};
}

}  // namespace

std::string export_help() {
    return "usage: fastsyncd export --data-dir DIR [options]\n\n"
           "Writes the complete state, in the order of its keys, one row each, in constant "
           "memory.\n"
           "Keys are Keccak-256 hashes of addresses and slots: the state does not say of what.\n"
           "No daemon may have the folder open meanwhile.\n\noptions:\n"
           "  --data-dir DIR      folder of the database; needed\n"
           "  --format NAME       jsonl or csv [jsonl]\n"
           "  --accounts          hash, nonce, balance, storage root, code hash [this]\n"
           "  --storage           each word of each account\n"
           "  --codes             the code of each account that has one\n"
           "  --min-balance WEI   only accounts with so much or more\n"
           "  --preimages FILE    addresses and slots that are known, one a line in hex: each row\n"
           "                      then names those of its keys that are among them\n"
           "  --output FILE       a new file, compressed with zstd if its name ends in .zst; - is\n"
           "                      standard output [-]\n"
           "  --limit N           stop after so many rows, and say how to go on\n"
           "  --start-key 0xHASH  begin with this account's key, or the next above it\n"
           "  --start-slot 0xHASH begin with this slot's key in that account (with --storage)\n"
           "  --root 0xHASH       state root, instead of the one recorded there\n"
           "  --help              this text\n\n"
           "exit codes: 0 written, or stopped by --limit; 1 options; 2 damaged, no\n"
           "            complete state or disk full; 3 internal; 4 a part: stopped by a signal, "
           "or\n"
           "            nobody reads on\n";
}

Result<ExportOptions> parse_export(Arguments arguments) {
    using daemon::KnownKey;
    constexpr auto kValue = KnownKey::Kind::kValue;
    constexpr auto kSwitch = KnownKey::Kind::kSwitch;
    constexpr std::array<KnownKey, 12> kKeys{{{"data-dir", kValue},
                                              {"root", kValue},
                                              {"format", kValue},
                                              {"output", kValue},
                                              {"preimages", kValue},
                                              {"min-balance", kValue},
                                              {"limit", kValue},
                                              {"start-key", kValue},
                                              {"start-slot", kValue},
                                              {"accounts", kSwitch},
                                              {"storage", kSwitch},
                                              {"codes", kSwitch}}};
    FASTSYNC_TRY(const auto given, daemon::parse_arguments(arguments, kKeys));
    ExportOptions out;
    bool chosen = false;
    for (const auto& one : given) {
        const bool is_switch = one.key == "accounts" || one.key == "storage" || one.key == "codes";
        FASTSYNC_CHECK(is_switch ? take_switch(out, one, chosen) : take_value(out, one));
    }
    if (out.data_dir.empty()) return Error{Errc::kConfig, "give --data-dir DIR"};
    if (out.start_slot != Hash256{} && out.rows != ExportRows::kStorage)
        return Error{Errc::kConfig, "--start-slot: goes with --storage"};
    return out;
}

}  // namespace fastsync::app
