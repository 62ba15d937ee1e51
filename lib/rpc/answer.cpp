#include <algorithm>

#include <fmt/core.h>
#include <rpc/answer.hpp>
#include <rpc/call.hpp>

namespace fastsync::rpc {
namespace {

// JSON-RPC 2.0 section 5.1, and EIP-1474 for the two of the server's own.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
constexpr int kNotHere = -32000;
constexpr int kLimitExceeded = -32005;

std::string dump(const ordered_json& document) {
    return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string error(const json& id, int code, std::string_view message) {
    ordered_json out;
    out["jsonrpc"] = "2.0";
    out["id"] = id;
    out["error"] = {{"code", code}, {"message", message}};
    return dump(out);
}

std::string result(const json& id, ordered_json value) {
    ordered_json out;
    out["jsonrpc"] = "2.0";
    out["id"] = id;
    out["result"] = std::move(value);
    return dump(out);
}

int code_of(Errc errc) {
    switch (errc) {
        case Errc::kMalformed:
            return kInvalidParams;
        case Errc::kNotFound:
            return kNotHere;
        case Errc::kOverloaded:
            return kLimitExceeded;
        default:
            return kInternalError;
    }
}

const Method* find_method(std::string_view name) {
    for (const auto methods : {chain_methods(), block_methods(), state_methods()}) {
        const auto at = std::find_if(methods.begin(), methods.end(),
                                     [name](const Method& m) { return m.name == name; });
        if (at != methods.end()) return &*at;
    }
    return nullptr;
}

/// Names of strangers in our messages: a bounded part.
std::string shortened(std::string_view text) {
    constexpr std::size_t kMost = 64;
    return text.size() <= kMost ? std::string{text} : std::string{text.substr(0, kMost)} + "...";
}

bool is_id(const json& id) {
    return id.is_string() || id.is_number() || id.is_null();
}

/// One request while it is answered, with what is left of its share.
class Answerer {
  public:
    Answerer(const ChainView& view, const storage::NodeReader& store, const EndReason& end)
        : view_(view), store_(store), end_(end) {}

    /// Empty for a notification.
    std::string one(const json& request) {
        if (!request.is_object())
            return error(nullptr, kInvalidRequest, "a request must be an object");
        const auto id = request.find("id");
        const json& who = id != request.end() && is_id(*id) ? *id : nothing_;
        if (const char* wrong = what_is_wrong(request); wrong != nullptr)
            return error(who, kInvalidRequest, wrong);
        std::string said = call(request, who);
        return id == request.end() ? std::string{} : said;
    }

    /// The same without looking at what is asked.
    static std::string refuse(const json& request) {
        const bool object = request.is_object();
        if (object && !request.contains("id")) return {};
        const bool named = object && is_id(request["id"]);
        return error(named ? request["id"] : json(nullptr), kLimitExceeded,
                     "the answer to this batch is too long");
    }

  private:
    static const char* what_is_wrong(const json& request) {
        const auto version = request.find("jsonrpc");
        const auto method = request.find("method");
        const auto params = request.find("params");
        const auto id = request.find("id");
        if (version == request.end() || *version != "2.0") return "\"jsonrpc\" must be \"2.0\"";
        if (method == request.end() || !method->is_string()) return "\"method\" must be a text";
        if (id != request.end() && !is_id(*id)) return "\"id\" must be a text, a number or null";
        if (params != request.end() && !params->is_structured() && !params->is_null())
            return "\"params\" must be an array";
        return nullptr;
    }

    std::string call(const json& request, const json& id) {
        const auto& name = request.find("method")->get_ref<const std::string&>();
        const Method* const method = find_method(name);
        if (method == nullptr) {
            return error(id, kMethodNotFound,
                         "the method " + shortened(name) + " does not exist here");
        }
        static const json kNoParams = json::array();
        const auto given = request.find("params");
        const bool none = given == request.end() || given->is_null();
        const json& params = none ? kNoParams : *given;
        if (!params.is_array())
            return error(id, kInvalidParams, "parameters are taken by position: an array");
        if (params.size() < method->least || params.size() > method->most) {
            return error(id, kInvalidParams,
                         fmt::format("{} takes {} to {} parameters, not {}", method->name,
                                     method->least, method->most, params.size()));
        }
        auto got = method->run({params, view_, store_, lookups_left_, end_});
        if (!got) return error(id, code_of(got.error().code), got.error().detail);
        return result(id, *std::move(got));
    }

    const ChainView& view_;
    const storage::NodeReader& store_;
    const EndReason& end_;
    std::size_t lookups_left_ = kMaxRpcLookups;
    const json nothing_ = nullptr;
};

std::string batch(const json& requests, Answerer& answerer) {
    if (requests.empty()) return error(nullptr, kInvalidRequest, "an empty batch");
    if (requests.size() > kMaxRpcBatch) {
        return error(nullptr, kInvalidRequest,
                     fmt::format("a batch of more than {} requests", kMaxRpcBatch));
    }
    std::string out;
    for (const json& request : requests) {
        const bool full = out.size() >= kSoftRpcAnswer;
        const std::string said = full ? Answerer::refuse(request) : answerer.one(request);
        if (!said.empty()) out.append(out.empty() ? "[" : ",").append(said);
    }
    return out.empty() ? out : out + "]";
}

/// True when arrays and objects lie deeper than allowed: looked at before they are built.
bool is_too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > kMaxRpcDepth) return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

}  // namespace

std::string too_large() {
    return error(nullptr, kInvalidRequest,
                 fmt::format("a request of more than {} bytes", kMaxRpcBody));
}

std::string busy() {
    return error(nullptr, kLimitExceeded, "too many requests at once: ask again in a second");
}

std::string answer(std::string_view request, const ChainView& view,
                   const storage::NodeReader& store, const EndReason& end) {
    if (request.size() > kMaxRpcBody) return too_large();
    if (is_too_deep(request)) {
        return error(nullptr, kInvalidRequest,
                     fmt::format("arrays and objects lie more than {} deep", kMaxRpcDepth));
    }
    const json parsed = json::parse(request, nullptr, false);
    if (parsed.is_discarded()) return error(nullptr, kParseError, "not JSON");
    Answerer answerer{view, store, end};
    return parsed.is_array() ? batch(parsed, answerer) : answerer.one(parsed);
}

}  // namespace fastsync::rpc
