#include <algorithm>
#include <array>
#include <iostream>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <rpc/answer.hpp>
#include <state/state_reader.hpp>

#include <crypto/keccak.hpp>
#include <status/text.hpp>
#include <trie/constants.hpp>

#include "command.hpp"
#include "open_state.hpp"
#include "option_table.hpp"

namespace fastsync::app {
namespace {

using nlohmann::ordered_json;

struct Options {
    Address address;
    std::filesystem::path data_dir;
    std::optional<Hash256> root;
    std::vector<Hash256> slots;
    bool proof = false;
    bool json = false;
};

std::string help() {
    return "usage: fastsyncd account ADDRESS --data-dir DIR [--slot N]... [--proof] [--json]\n\n"
           "Shows an account of the complete state, and words of its storage.\n"
           "No daemon may have the folder open meanwhile; a running one is asked over JSON-RPC.\n\n"
           "options:\n"
           "  --data-dir DIR   folder of the database; needed\n"
           "  --slot N         a slot of its storage, decimal or 0x-hex; may be repeated, up to "
           "256 times\n"
           "  --proof          the trie nodes that prove it all (EIP-1186)\n"
           "  --root 0xHASH    state root, instead of the one recorded there\n"
           "  --json           one JSON object on standard output\n"
           "  --help           this text\n\n"
           "exit codes: 0 shown, also when there is no such account; 1 options, 2 damaged or no\n"
           "            complete state, 3 internal\n";
}

/// Decimal, or hex after 0x, of at most 256 bits.
Result<Hash256> slot_of(const std::string& text, const std::string& origin) {
    const Error wrong{Errc::kConfig, origin + ": must be a number of at most 256 bits"};
    U256 value = 0;
    if (text.starts_with("0x")) {
        std::string digits = text.substr(2);
        if (digits.empty() || digits.size() > 64) return wrong;
        if (digits.size() % 2 == 1) digits.insert(0, 1, '0');
        if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return wrong;
        FASTSYNC_TRY(const Bytes bytes, from_hex(digits));
        FASTSYNC_TRY(value, u256_from_be(bytes));
    } else {
        const U256 most = std::numeric_limits<U256>::max();
        if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return wrong;
        for (const char c : text) {
            const U256 digit = static_cast<unsigned>(c - '0');
            if (value > (most - digit) / 10) return wrong;
            value = value * 10 + digit;
        }
    }
    Hash256 word;
    const Bytes bytes = u256_to_be(value);
    std::copy_backward(bytes.begin(), bytes.end(), word.data.end());
    return word;
}

Result<void> take_slot(Options& out, const daemon::GivenValue& given) {
    if (out.slots.size() == rpc::kMaxProofKeys)
        return Error{Errc::kConfig, given.origin + ": may be given 256 times"};
    FASTSYNC_TRY(const Hash256 slot, slot_of(given.value, given.origin));
    out.slots.push_back(slot);
    return {};
}

Result<Options> parse(Arguments arguments) {
    constexpr std::array kTable{
        path<&Options::data_dir>("data-dir"),
        hash<&Options::root>("root"),
        Option<Options>{{"slot", daemon::KnownKey::Kind::kRepeatable}, take_slot},
        flag<&Options::proof>("proof"),
        flag<&Options::json>("json"),
    };
    if (arguments.empty() || arguments.front().starts_with("--")) {
        FASTSYNC_CHECK(parse_options(arguments, kTable));
        return Error{Errc::kConfig, "give an ADDRESS first"};
    }
    const auto address = fixed_from_hex<Address>(arguments.front());
    if (!address) return Error{Errc::kConfig, arguments.front() + ": an address has 40 hex digits"};
    FASTSYNC_TRY(Options out, parse_options(arguments.subspan(1), kTable));
    out.address = *address;
    FASTSYNC_CHECK(need_data_dir(out.data_dir));
    return out;
}

/// The account and what it leads to.
struct Found {
    state::ProvenAccount account;
    Bytes code;
    std::vector<state::ProvenSlot> slots;

    [[nodiscard]] trie::Account facts() const {
        return account.account ? *account.account
                               : trie::Account{0, 0, trie::kEmptyRoot, trie::kEmptyCodeHash};
    }
};

Result<Found> look_up(const Options& options, const OpenState& open) {
    const state::StateReader reader{*open.store, open.root};
    Found out;
    FASTSYNC_TRY(out.account, reader.prove_account(crypto::keccak256(options.address)));
    const trie::Account facts = out.facts();
    FASTSYNC_TRY(out.code, reader.code(facts.code_hash));
    for (const Hash256& slot : options.slots) {
        FASTSYNC_TRY(auto proven, reader.prove_slot(facts.storage_root, crypto::keccak256(slot)));
        out.slots.push_back(std::move(proven));
    }
    return out;
}

ordered_json to_json(const state::Proof& proof) {
    ordered_json out = ordered_json::array();
    for (const Bytes& node : proof)
        out.push_back(to_hex0x(node));
    return out;
}

std::string show_word(const U256& value) {
    return fmt::format("0x{:0>64}", to_hex(u256_to_be(value)));
}

void print_json(const Options& options, const OpenState& open, const Found& found) {
    const trie::Account facts = found.facts();
    ordered_json out;
    out["address"] = to_hex0x(options.address);
    out["address_hash"] = to_hex0x(crypto::keccak256(options.address));
    out["state_root"] = to_hex0x(open.root);
    if (open.block) out["block"] = open.block->number;
    out["exists"] = found.account.account.has_value();
    out["nonce"] = facts.nonce;
    out["balance"] = facts.balance.str();
    out["code_hash"] = to_hex0x(facts.code_hash);
    out["code_bytes"] = found.code.size();
    out["storage_root"] = to_hex0x(facts.storage_root);
    if (options.proof) out["account_proof"] = to_json(found.account.proof);
    out["slots"] = ordered_json::array();
    for (std::size_t i = 0; i < found.slots.size(); ++i) {
        ordered_json slot;
        slot["slot"] = to_hex0x(options.slots[i]);
        slot["slot_hash"] = to_hex0x(crypto::keccak256(options.slots[i]));
        slot["value"] = show_word(found.slots[i].value);
        if (options.proof) slot["proof"] = to_json(found.slots[i].proof);
        out["slots"].push_back(std::move(slot));
    }
    std::cout << out.dump() << std::endl;
}

void print_proof(std::string_view of, const state::Proof& proof) {
    std::cout << "proof of " << of << ", root first: " << proof.size() << " nodes\n";
    for (const Bytes& node : proof)
        std::cout << "  " << to_hex0x(node) << "\n";
}

void print(const Options& options, const OpenState& open, const Found& found) {
    const trie::Account facts = found.facts();
    if (open.block)
        std::cout << "block    #" << open.block->number << " " << to_hex0x(open.block->hash)
                  << "\n";
    std::cout << "root     " << to_hex0x(open.root) << "\naccount  " << to_hex0x(options.address)
              << "\nkey      " << to_hex0x(crypto::keccak256(options.address)) << "\n";
    if (!found.account.account) std::cout << "there is no such account in this state\n";
    std::cout << "nonce    " << facts.nonce << "\nbalance  " << facts.balance.str() << " wei\n";
    if (!found.code.empty()) {
        std::cout << "code     " << status::show_count(found.code.size()) << " bytes, hash "
                  << to_hex0x(facts.code_hash) << "\n";
    }
    if (facts.storage_root != trie::kEmptyRoot)
        std::cout << "storage  root " << to_hex0x(facts.storage_root) << "\n";
    for (std::size_t i = 0; i < found.slots.size(); ++i) {
        std::cout << "slot     " << to_hex0x(options.slots[i]) << "\n  value  "
                  << show_word(found.slots[i].value) << "\n";
    }
    if (!options.proof) return;
    print_proof("the account", found.account.proof);
    for (std::size_t i = 0; i < found.slots.size(); ++i)
        print_proof("slot " + to_hex0x(options.slots[i]), found.slots[i].proof);
}

int run(Arguments arguments) {
    const auto options = parse(arguments);
    if (!options) return fail("account", options.error());
    const auto open = open_state(options->data_dir, options->root);
    if (!open) return fail_reading("account", open.error());
    const auto found = look_up(*options, *open);
    if (!found) return fail_reading("account", found.error());
    if (options->json) {
        print_json(*options, *open, *found);
    } else {
        print(*options, *open, *found);
    }
    return kDone;
}

}  // namespace

Command account_command() {
    return {"account", "show an account of the complete state, with proofs", help, run};
}

}  // namespace fastsync::app
