// Any bytes as a JSON-RPC request over a small state, complete or not. What comes back is JSON of
// the right form, as many answers as calls, and no longer than promised.

#include "fuzz_input.hpp"
#include "unit/rpc/rpc_world.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using nlohmann::json;

const test::RpcWorld& world() {
    static const test::RpcWorld made;
    return made;
}

void check(const json& answer) {
    FASTSYNC_ASSERT(answer.is_object() && answer.size() == 3 && answer["jsonrpc"] == "2.0");
    const json& id = answer["id"];
    FASTSYNC_ASSERT(id.is_string() || id.is_number() || id.is_null());
    if (answer.contains("result")) return;
    const json& error = answer["error"];
    FASTSYNC_ASSERT(error["code"].get<int>() < 0);
    // The store is sound: nothing that is asked can be our fault.
    FASTSYNC_ASSERT(error["code"] != -32603);
    FASTSYNC_ASSERT(!error["message"].get<std::string>().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const bool complete = script.byte() % 4U != 0;
    const std::string_view request = text_of(script.rest());
    rpc::ChainView view = world().view;
    if (!complete) {
        view.state.reset();
        view.syncing = rpc::Syncing{1, 2, 3, 4};
        view.missing = "syncing";
    }
    const std::string said = rpc::answer(request, view, world().maker.store);
    if (said.empty()) return 0;
    FASTSYNC_ASSERT(said.size() <= 4 * rpc::kSoftRpcAnswer);
    const json answer = json::parse(said, nullptr, false);
    FASTSYNC_ASSERT(!answer.is_discarded());
    if (!answer.is_array()) {
        check(answer);
        return 0;
    }
    FASTSYNC_ASSERT(!answer.empty() && answer.size() <= rpc::kMaxRpcBatch);
    for (const json& one : answer)
        check(one);
    return 0;
}
