#include <algorithm>
#include <array>

#include <common/log.hpp>
#include <daemon/reload.hpp>

namespace fastsync::daemon {
namespace {

/// What holds at once.
constexpr std::array<std::string_view, 3> kAtOnce{"log-level", "static-peer", "trusted-peer"};

bool holds_at_once(std::string_view key) {
    return std::find(kAtOnce.begin(), kAtOnce.end(), key) != kAtOnce.end();
}

void append(std::string& list, std::string_view key) {
    list.append(list.empty() ? "" : ",").append(key);
}

/// Those of `some` that are not in `others`.
template <class Value>
std::vector<Value> without(const std::vector<Value>& some, const std::vector<Value>& others) {
    std::vector<Value> out;
    for (const Value& value : some)
        if (std::find(others.begin(), others.end(), value) == others.end()) out.push_back(value);
    return out;
}

void log_static(const std::vector<Enode>& before, const std::vector<Enode>& after) {
    for (const Enode& enode : without(before, after))
        log::info("daemon", "static peer removed enode={}", to_string(enode));
    for (const Enode& enode : without(after, before))
        log::info("daemon", "static peer added enode={}", to_string(enode));
}

void log_trusted(const std::vector<NodeId>& before, const std::vector<NodeId>& after) {
    for (const NodeId& id : without(before, after))
        log::info("daemon", "trusted peer removed id={}", to_hex(id));
    for (const NodeId& id : without(after, before))
        log::info("daemon", "trusted peer added id={}", to_hex(id));
}

}  // namespace

void Reloader::attach(PeersSink sink) {
    const std::lock_guard lock{mutex_};
    sink_ = std::move(sink);
}

void Reloader::reload() {
    link_.reloading();
    auto next = read_();
    if (next) {
        apply(*std::move(next));
    } else {
        log::error("daemon", "reload refused, all stays as it is: {}", next.error().detail);
    }
    link_.reloaded();
}

/// The values that wait for a start stay in `now_` as they are in force, so that each further
/// reload says again that they wait.
void Reloader::apply(EffectiveConfig next) {
    std::string applied;
    std::string waiting;
    for (const std::string_view key : changed_keys(now_.keys, next.keys))
        append(holds_at_once(key) ? applied : waiting, key);
    if (next.config.log_levels != now_.config.log_levels) log::set_levels(next.config.log_levels);
    now_.config.log_levels = next.config.log_levels;
    apply_peers(std::move(next.config));
    for (EffectiveKey& key : now_.keys) {
        if (!holds_at_once(key.setting->key)) continue;
        for (EffectiveKey& read : next.keys)
            if (read.setting->key == key.setting->key) key = std::move(read);
    }
    log::info("daemon", "reloaded applied=\"{}\" needs_restart=\"{}\"", applied, waiting);
}

void Reloader::apply_peers(RunConfig next) {
    RunConfig& now = now_.config;
    const bool same =
        next.static_peers == now.static_peers && next.trusted_peers == now.trusted_peers;
    const std::lock_guard lock{mutex_};
    if (same || !sink_) return;
    log_static(now.static_peers, next.static_peers);
    log_trusted(now.trusted_peers, next.trusted_peers);
    now.static_peers = std::move(next.static_peers);
    now.trusted_peers = std::move(next.trusted_peers);
    sink_(now.static_peers, now.trusted_peers);
}

}  // namespace fastsync::daemon
