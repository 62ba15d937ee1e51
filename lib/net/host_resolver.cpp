#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <ares.h>
#include <netinet/in.h>

#include <net/cares_loop.hpp>
#include <net/dns.hpp>

namespace fastsync::net {
namespace {

/// How long the other family is waited for when one has answered: some servers drop what they do
/// not know (RFC 8305, section 3).
constexpr Duration kOtherFamilyWait = std::chrono::milliseconds{300};

/// What became of the question for one family.
struct Answer {
    bool done = false;
    int status = ARES_ECANCELLED;
    std::vector<IpAddress> addresses;
};

std::optional<IpAddress> address_of(const ares_addrinfo_node& node) {
    ByteView bytes;
    if (node.ai_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(node.ai_addr);
        bytes = {reinterpret_cast<const Byte*>(&v4->sin_addr), sizeof v4->sin_addr};
    } else if (node.ai_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(node.ai_addr);
        bytes = {reinterpret_cast<const Byte*>(&v6->sin6_addr), sizeof v6->sin6_addr};
    }
    const auto address = IpAddress::from(bytes);
    if (!address || address->is_unspecified() || address->is_multicast()) return std::nullopt;
    return *address;
}

void on_answer(void* context, int status, int, ares_addrinfo* result) {
    auto& answer = *static_cast<Answer*>(context);
    answer.done = true;
    answer.status = status;
    if (result == nullptr) return;
    for (const auto* node = result->nodes; node != nullptr; node = node->ai_next) {
        if (answer.addresses.size() >= kMaxHostAddresses) break;
        const auto address = address_of(*node);
        auto& all = answer.addresses;
        if (address && std::find(all.begin(), all.end(), *address) == all.end())
            all.push_back(*address);
    }
    ares_freeaddrinfo(result);
}

void ask(const CaresChannel& channel, const std::string& name, int family, Answer& answer) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    // Unsorted: sorting opens a socket to each of them.
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel.get(), name.c_str(), nullptr, &hints, on_answer, &answer);
}

/// The names that mean this machine whatever a server says (RFC 6761, section 6.3). c-ares 1.18
/// knows them too, but leaks when the hosts file has such a name for one family only.
bool is_localhost(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    std::string lower{name};
    for (char& letter : lower)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return lower == "localhost" || lower.ends_with(".localhost");
}

std::vector<IpAddress> loopback() {
    std::vector<IpAddress> out;
    for (const char* text : {"127.0.0.1", "::1"})
        out.push_back(*IpAddress::parse(text));
    return out;
}

/// In turn, so that many of one family leave room for the other.
std::vector<IpAddress> merge(const Answer& v4, const Answer& v6) {
    std::vector<IpAddress> out;
    for (std::size_t i = 0; i < kMaxHostAddresses; ++i) {
        for (const Answer* answer : {&v4, &v6}) {
            const bool fits = i < answer->addresses.size() && out.size() < kMaxHostAddresses;
            if (fits) out.push_back(answer->addresses[i]);
        }
    }
    return out;
}

Error error_of(const Answer& v4, const Answer& v6, const std::string& name) {
    const auto is_none = [](const Answer& answer) {
        return answer.status == ARES_ENOTFOUND || answer.status == ARES_ENODATA ||
               answer.status == ARES_SUCCESS;
    };
    if (is_none(v4) && is_none(v6))
        return {Errc::kNotFound, "cannot resolve " + name + ": it has no address"};
    const int status = is_none(v4) ? v6.status : v4.status;
    return {Errc::kConnect, "cannot resolve " + name + ": " + ares_strerror(status)};
}

class CaresHostResolver final : public HostResolver {
  public:
    CaresHostResolver(async::Executor executor, async::Clock& clock, std::string servers)
        : loop_(std::move(executor), clock), servers_(std::move(servers)) {}

    [[nodiscard]] async::Task<Result<std::vector<IpAddress>>> resolve_host(
        std::string name, TimePoint deadline) override {
        if (loop_.is_closed()) co_return Error{Errc::kClosed, "the resolver was closed"};
        if (is_localhost(name)) co_return loopback();
        // Before the channel: the library still tells them when the channel goes.
        Answer v4;
        Answer v6;
        CaresChannel channel;
        FASTSYNC_CO_CHECK(channel.open(servers_));
        ask(channel, name, AF_INET, v4);
        ask(channel, name, AF_INET6, v6);
        TimePoint until = deadline;
        while (!(v4.done && v6.done) && !loop_.is_closed() && loop_.now() < until) {
            co_await loop_.turn(channel.get(), until);
            const bool some = !v4.addresses.empty() || !v6.addresses.empty();
            if (some && until == deadline)
                until = std::min(deadline, loop_.now() + kOtherFamilyWait);
        }
        if (loop_.is_closed()) co_return Error{Errc::kClosed, "the resolver was closed"};
        std::vector<IpAddress> addresses = merge(v4, v6);
        if (!addresses.empty()) co_return addresses;
        if (!v4.done || !v6.done)
            co_return Error{Errc::kTimeout, "cannot resolve " + name + ": no answer in time"};
        co_return error_of(v4, v6, name);
    }

    void close() noexcept override { loop_.close(); }

  private:
    CaresLoop loop_;
    std::string servers_;
};

}  // namespace

Result<std::unique_ptr<HostResolver>> make_host_resolver(async::Executor executor,
                                                         async::Clock& clock, std::string servers) {
    CaresChannel probe;
    FASTSYNC_CHECK(probe.open(servers));
    return std::unique_ptr<HostResolver>{
        std::make_unique<CaresHostResolver>(std::move(executor), clock, std::move(servers))};
}

}  // namespace fastsync::net
