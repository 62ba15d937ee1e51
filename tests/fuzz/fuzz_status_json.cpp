// Any bytes as a daemon's answer: the documents of /status and /peers as `fastsyncd status` reads
// them. What is accepted is written again, and that is read as the same.

#include <status/json.hpp>
#include <status/text.hpp>

#include "fuzz_input.hpp"

using namespace fastsync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Script script{data, size};
    const bool peers = script.byte() == 'p';
    const std::string_view text = fuzz::text_of(script.rest());
    if (peers) {
        const auto report = status::peers_from_json(text);
        if (!report) {
            FASTSYNC_ASSERT(report.error().code == Errc::kMalformed);
            return 0;
        }
        const auto again = status::peers_from_json(status::peers_to_json(*report));
        FASTSYNC_ASSERT(again && again->peers.size() == report->peers.size());
        return 0;
    }
    const auto snapshot = status::status_from_json(text);
    if (!snapshot) {
        FASTSYNC_ASSERT(snapshot.error().code == Errc::kMalformed);
        FASTSYNC_ASSERT(!snapshot.error().detail.empty());
        return 0;
    }
    const std::string written = status::to_json(*snapshot);
    const auto again = status::status_from_json(written);
    FASTSYNC_ASSERT(again && status::to_json(*again) == written);
    return 0;
}
