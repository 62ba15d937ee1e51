#include <array>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include <sys/ioctl.h>
#include <unistd.h>

#include <status/http_client.hpp>
#include <status/json.hpp>
#include <status/text.hpp>

#include "command.hpp"
#include "option_table.hpp"

namespace fastsync::app {
namespace {

using status::StatusSnapshot;

constexpr Duration kRequestTimeout = std::chrono::seconds{5};
constexpr Duration kWatchInterval = std::chrono::seconds{1};
/// A watched daemon may be away this long (a restart) before the watch gives up.
constexpr Duration kPatience = std::chrono::seconds{15};
/// Line width where the output is no terminal.
constexpr std::size_t kPlainColumns = 200;

struct Options {
    status::HttpOrigin origin{"127.0.0.1", 8645};
    bool watch = false;
    bool check = false;
    bool json = false;
};

std::string help() {
    return "usage: fastsyncd status [--http URL] [--check | --watch] [--json]\n\n"
           "Shows what a running daemon does.\n\noptions:\n"
           "  --http URL    where the daemon tells its status [http://127.0.0.1:8645]\n"
           "  --check       say nothing while all is well: for health checks\n"
           "  --watch       show percentage, rate, time left, peers and pivot each second until\n"
           "                the state is complete: a bar drawn in place on a terminal, one line\n"
           "                each time elsewhere\n"
           "  --json        the daemon's own JSON; with --watch one document a line\n"
           "  --help        this text\n\n"
           "exit codes: 0 shown (--watch: complete; --check: well), 1 options, 3 no daemon answers "
           "or it "
           "failed\n";
}

Result<void> take_http(Options& out, const daemon::GivenValue& given) {
    auto url = status::parse_http_origin(given.value);
    if (!url) return Error{Errc::kConfig, given.origin + ": " + url.error().detail};
    out.origin = *std::move(url);
    return {};
}

Result<Options> parse(Arguments arguments) {
    constexpr std::array kTable{
        Option<Options>{{"http", daemon::KnownKey::Kind::kValue}, take_http},
        flag<&Options::check>("check"),
        flag<&Options::watch>("watch"),
        flag<&Options::json>("json"),
    };
    FASTSYNC_TRY(Options out, parse_options(arguments, kTable));
    if (out.check && (out.watch || out.json))
        return Error{Errc::kConfig, "--check: goes with neither --watch nor --json"};
    return out;
}

struct Fetched {
    std::string text;
    StatusSnapshot snapshot;
};

Result<Fetched> fetch(const status::HttpOrigin& origin) {
    FASTSYNC_TRY(auto reply, status::http_get(origin, "/status", kRequestTimeout));
    if (reply.status == 503) return Error{Errc::kConnect, "the daemon is not ready"};
    if (reply.status != 200) {
        return Error{Errc::kMalformed, "the answer is HTTP " + std::to_string(reply.status)};
    }
    FASTSYNC_TRY(StatusSnapshot snapshot, status::status_from_json(reply.body));
    return Fetched{std::move(reply.body), std::move(snapshot)};
}

int show_once(const Options& options) {
    const auto fetched = fetch(options.origin);
    if (!fetched) return fail("status", fetched.error());
    if (options.json) {
        std::cout << fetched->text << std::endl;
    } else {
        std::cout << status::describe(fetched->snapshot) << std::flush;
    }
    return kDone;
}

/// A daemon that stops is as well as one that syncs; one that failed is about to end.
int check(const Options& options) {
    const auto fetched = fetch(options.origin);
    if (!fetched) return fail("status", fetched.error());
    if (fetched->snapshot.phase == status::Phase::kFailed)
        return fail("status", {Errc::kClosed, "the daemon has failed"});
    return kDone;
}

/// Draws one line over the other on a terminal, one below the other elsewhere.
class Lines {
  public:
    ~Lines() { end(); }

    void show(const std::string& line) {
        if (terminal_) {
            std::cout << '\r' << line << "\x1b[K" << std::flush;
        } else {
            std::cout << line << std::endl;
        }
        drawn_ = true;
    }
    /// Leaves what is drawn.
    void end() {
        if (terminal_ && drawn_) std::cout << std::endl;
        drawn_ = false;
    }
    [[nodiscard]] std::size_t columns() const {
        winsize size{};
        const bool known = terminal_ && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
        // The last column stays free: a terminal may wrap after it.
        return known && size.ws_col > 1 ? size.ws_col - std::size_t{1} : kPlainColumns;
    }

  private:
    bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
    bool drawn_ = false;
};

/// The end of the watch, if this is it.
std::optional<int> verdict(status::Phase phase) {
    if (phase == status::Phase::kComplete) return kDone;
    if (phase == status::Phase::kFailed) return kInternal;
    return std::nullopt;
}

int watch(const Options& options) {
    Lines lines;
    auto heard = std::chrono::steady_clock::now();
    while (true) {
        const auto fetched = fetch(options.origin);
        const auto now = std::chrono::steady_clock::now();
        if (fetched) {
            heard = now;
            if (options.json) {
                std::cout << fetched->text << std::endl;
            } else {
                lines.show(status::progress_line(fetched->snapshot, lines.columns()));
            }
            if (const auto code = verdict(fetched->snapshot.phase)) return *code;
        } else if (now - heard > kPatience) {
            lines.end();
            return fail("status", fetched.error());
        }
        if (!std::cout) return kDone;  // nobody reads on
        std::this_thread::sleep_for(kWatchInterval);
    }
}

int run(Arguments arguments) {
    const auto options = parse(arguments);
    if (!options) return fail("status", options.error());
    if (options->check) return check(*options);
    return options->watch ? watch(*options) : show_once(*options);
}

}  // namespace

Command status_command() {
    return {"status", "show what a running daemon does", help, run};
}

}  // namespace fastsync::app
