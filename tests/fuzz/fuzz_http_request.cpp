// The parts of a request that decide the answer, any bytes each: the method, the target, the Host.
// A name that is not ours gets nothing but a refusal.

#include <status/http_routes.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;

const status::StatusBoard& board() {
    static status::StatusBoard shown;
    static const bool published = [] {
        shown.publish(std::make_shared<const status::StatusSnapshot>());
        return true;
    }();
    FASTSYNC_ASSERT(published);
    return shown;
}

bool known(unsigned status) {
    for (const unsigned one : {200U, 404U, 405U, 414U, 421U, 503U})
        if (status == one) return true;
    return false;
}

/// What may stand in a Host that we answer to.
bool is_plain(std::string_view host) {
    constexpr std::string_view kAllowed = "0123456789abcdefABCDEF.:[]%localhostLOCALHOST";
    return host.find_first_not_of(kAllowed) == std::string_view::npos ||
           host.find('%') != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const bool named = script.byte() % 2U == 1;
    const std::string_view method = text_of(script.take(script.byte()));
    const std::string_view host = text_of(script.take(script.byte()));
    const std::string_view target = text_of(script.rest());
    static const std::vector<std::string> names{"node.example"};
    const auto ours = named ? status::HostNames{names} : status::HostNames{};
    const auto answer = status::answer({method, target, host}, ours, board());
    FASTSYNC_ASSERT(known(answer.status) && !answer.body.empty());
    if (answer.status != 200) return 0;
    FASTSYNC_ASSERT(method == "GET" || method == "HEAD");
    FASTSYNC_ASSERT(target.size() <= status::kMaxTargetSize);
    const bool absolute = target.find("://") != std::string_view::npos;
    FASTSYNC_ASSERT(named || absolute || is_plain(host));
    return 0;
}
