#include <csignal>
#include <iostream>

#include <fmt/core.h>
#include <state/ordered_walk.hpp>
#include <state/preimages.hpp>
#include <state/state_reader.hpp>

#include <status/text.hpp>
#include <trie/constants.hpp>

#include "export_file.hpp"
#include "export_options.hpp"
#include "key_progress.hpp"
#include "open_state.hpp"

namespace fastsync::app {
namespace {

using storage::Visit;

volatile std::sig_atomic_t g_interrupted = 0;

/// What was written is a part: a signal came, or nobody reads on. Not to be taken for the whole.
constexpr int kInterrupted = 4;

void interrupt(int) {
    g_interrupted = 1;
}

/// Where the next export has to begin.
struct Next {
    Hash256 key;
    Hash256 slot;
};

class Exporter {
  public:
    Exporter(const ExportOptions& options, const OpenState& open, const state::Preimages& known,
             ExportFile& file)
        : options_(options), store_(*open.store), root_(open.root), known_(known), file_(file) {}

    Result<void> run() {
        if (options_.format == ExportFormat::kCsv) FASTSYNC_CHECK(file_.write(header()));
        KeyProgress progress{options_.start_key};
        const auto end = state::walk_leaves(
            store_, root_, options_.start_key, [&](const state::Leaf& leaf) -> Result<Visit> {
                progress.at(leaf.key, [&] { return status::show_count(rows_) + " rows"; });
                return account(leaf);
            });
        return finish(end ? Result<void>{} : end.error());
    }
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    /// Nothing when all was written, or when the file cannot be gone on from.
    [[nodiscard]] const std::optional<Next>& next() const noexcept { return next_; }
    /// A signal left rows out. One that comes when the last row is made leaves nothing out.
    [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }

  private:
    std::string header() const {
        switch (options_.rows) {
            case ExportRows::kAccounts:
                return "address_hash,address,nonce,balance,storage_root,code_hash\n";
            case ExportRows::kStorage:
                return "address_hash,address,slot_hash,slot,value\n";
            case ExportRows::kCodes:
                break;
        }
        return "address_hash,address,code_hash,code\n";
    }

    /// False, and remembered, when this row is not to be written any more.
    bool goes_on(const Hash256& key, const Hash256& slot) {
        if (rows_ < options_.limit && g_interrupted == 0) return true;
        interrupted_ = rows_ < options_.limit;
        next_ = Next{key, slot};
        return false;
    }

    /// After a failure to read too: what was written before it is whole and can be gone on from.
    Result<void> finish(Result<void> walked) {
        const Result<void> written = file_.finish();
        if (walked) return written;
        if (written) next_ = at_;
        return walked;
    }

    Result<Visit> account(const state::Leaf& leaf) {
        at_ = Next{leaf.key, leaf.key == options_.start_key ? options_.start_slot : Hash256{}};
        // Also where no row is due for long.
        if (!goes_on(at_.key, at_.slot)) return Visit::kStop;
        const auto account = trie::decode_account(leaf.value);
        if (!account) {
            return Error{Errc::kBadState, "the account at " + to_hex0x(leaf.key) +
                                              " is none: " + account.error().detail};
        }
        if (account->balance < options_.min_balance) return Visit::kContinue;
        if (options_.rows == ExportRows::kStorage) return storage_of(leaf.key, *account);
        const bool code = account->code_hash != trie::kEmptyCodeHash;
        if (options_.rows == ExportRows::kCodes && !code) return Visit::kContinue;
        if (options_.rows == ExportRows::kCodes) return code_of(leaf.key, account->code_hash);
        const std::string row =
            is_csv()
                ? fmt::format("{},{},{},{}\n", account->nonce, account->balance.str(),
                              to_hex0x(account->storage_root), to_hex0x(account->code_hash))
                : fmt::format(R"("nonce":{},"balance":"{}","storage_root":"{}","code_hash":"{}"}})"
                              "\n",
                              account->nonce, account->balance.str(),
                              to_hex0x(account->storage_root), to_hex0x(account->code_hash));
        return write(whose(leaf.key) + row);
    }

    Result<Visit> storage_of(const Hash256& key, const trie::Account& account) {
        const Hash256 start = key == options_.start_key ? options_.start_slot : Hash256{};
        const std::string owner = whose(key);
        return state::walk_leaves(
            store_, account.storage_root, start, [&](const state::Leaf& leaf) -> Result<Visit> {
                at_ = Next{key, leaf.key};
                if (!goes_on(key, leaf.key)) return Visit::kStop;
                const auto word = trie::decode_storage_value(leaf.value);
                if (!word) {
                    return Error{Errc::kBadState, "the word at " + to_hex0x(leaf.key) +
                                                      " is none: " + word.error().detail};
                }
                const auto slot = known_.slot(leaf.key);
                const std::string named = slot ? to_hex0x(*slot) : "";
                const std::string value = fmt::format("0x{:0>64}", to_hex(u256_to_be(*word)));
                if (is_csv()) {
                    return write(owner +
                                 fmt::format("{},{},{}\n", to_hex0x(leaf.key), named, value));
                }
                const std::string part = named.empty() ? "" : fmt::format(R"("slot":"{}",)", named);
                return write(owner + fmt::format(R"("slot_hash":"{}",{}"value":"{}"}})"
                                                 "\n",
                                                 to_hex0x(leaf.key), part, value));
            });
    }

    Result<Visit> code_of(const Hash256& key, const Hash256& code_hash) {
        FASTSYNC_TRY(const Bytes code,
                     state::read_checked(store_, storage::ItemKind::kCode, code_hash));
        const std::string row = is_csv()
                                    ? fmt::format("{},{}\n", to_hex0x(code_hash), to_hex0x(code))
                                    : fmt::format(R"("code_hash":"{}","code":"{}"}})"
                                                  "\n",
                                                  to_hex0x(code_hash), to_hex0x(code));
        return write(whose(key) + row);
    }

    /// The beginning of a row.
    std::string whose(const Hash256& key) const {
        const auto address = known_.address(key);
        const std::string named = address ? to_hex0x(*address) : "";
        if (is_csv()) return fmt::format("{},{},", to_hex0x(key), named);
        const std::string part = named.empty() ? "" : fmt::format(R"("address":"{}",)", named);
        return fmt::format(R"({{"address_hash":"{}",{})", to_hex0x(key), part);
    }

    Result<Visit> write(const std::string& row) {
        FASTSYNC_CHECK(file_.write(row));
        ++rows_;
        return Visit::kContinue;
    }

    [[nodiscard]] bool is_csv() const { return options_.format == ExportFormat::kCsv; }

    const ExportOptions& options_;
    const storage::NodeReader& store_;
    Hash256 root_;
    const state::Preimages& known_;
    ExportFile& file_;
    std::uint64_t rows_ = 0;
    std::optional<Next> next_;
    bool interrupted_ = false;
    Next at_;  // the row that is being made
};

/// Says on standard error what the file holds, and how to go on after a part.
void tell(const ExportOptions& options, const OpenState& open, const Exporter& exporter) {
    std::string line = fmt::format("export: {} rows of the state {}",
                                   status::show_count(exporter.rows()), to_hex0x(open.root));
    if (open.block) line += fmt::format(" of block {}", open.block->number);
    if (options.preimages.empty()) line += "; keys are hashes of addresses and slots";
    if (const auto& next = exporter.next()) {
        line += "\nexport: not all: go on with --start-key " + to_hex0x(next->key);
        if (options.rows == ExportRows::kStorage) line += " --start-slot " + to_hex0x(next->slot);
    }
    std::cerr << line << std::endl;
}

/// Returns an ExitCode, or kInterrupted.
Result<int> export_state(const ExportOptions& options) {
    state::Preimages known;
    if (!options.preimages.empty()) {
        FASTSYNC_TRY(known, state::Preimages::load(options.preimages));
    }
    FASTSYNC_TRY(const OpenState open, open_state(options.data_dir, options.root));
    FASTSYNC_TRY(ExportFile file, ExportFile::open(options.output));
    Exporter exporter{options, open, known, file};
    // Not before: until here a signal ends the process.
    std::signal(SIGINT, interrupt);
    std::signal(SIGTERM, interrupt);
    const Result<void> done = exporter.run();
    tell(options, open, exporter);
    if (!done) return done.error();
    return exporter.interrupted() ? kInterrupted : int{kDone};
}

int run(Arguments arguments) {
    const auto options = parse_export(arguments);
    if (!options) return fail("export", options.error());
    std::signal(SIGPIPE, SIG_IGN);  // told by the write
    const auto done = export_state(*options);
    if (done) return *done;
    if (done.error().code == Errc::kClosed) return kInterrupted;  // nobody reads on
    return fail_reading("export", done.error());
}

}  // namespace

Command export_command() {
    return {"export", "write accounts, storage or codes to a file", export_help, run};
}

}  // namespace fastsync::app
