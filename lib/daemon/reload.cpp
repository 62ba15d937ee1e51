#include <common/log.hpp>
#include <daemon/reload.hpp>

namespace fastsync::daemon {
namespace {

constexpr std::string_view kLogLevel = "log-level";

void append(std::string& list, std::string_view key) {
    list.append(list.empty() ? "" : ",").append(key);
}

}  // namespace

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
        append(key == kLogLevel ? applied : waiting, key);
    if (next.config.log_level != now_.config.log_level) log::set_level(next.config.log_level);
    now_.config.log_level = next.config.log_level;
    for (EffectiveKey& key : now_.keys) {
        if (key.setting->key != kLogLevel) continue;
        for (EffectiveKey& read : next.keys)
            if (read.setting->key == kLogLevel) key = std::move(read);
    }
    log::info("daemon", "reloaded applied=\"{}\" needs_restart=\"{}\"", applied, waiting);
}

}  // namespace fastsync::daemon
