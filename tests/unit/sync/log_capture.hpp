#pragma once

#include <memory>
#include <sstream>
#include <string>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <common/log.hpp>

namespace fastsync::test {

/// What is logged from info on, as long as it lives.
class LogCapture {
  public:
    LogCapture() {
        log::setup(log::Level::kInfo);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>(
            "capture", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
    }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;
    ~LogCapture() { log::setup(log::Level::kOff); }

    [[nodiscard]] std::size_t lines_with(const std::string& what) const {
        const std::string all = text_.str();
        std::size_t count = 0;
        for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + 1))
            ++count;
        return count;
    }

  private:
    std::ostringstream text_;
};

}  // namespace fastsync::test
