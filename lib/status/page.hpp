#pragma once

#include <string>
#include <string_view>

namespace fastsync::status {

/// The page at "/": page.html, whole, with what it may do in its Content-Security-Policy.
struct StatusPage {
    std::string html;
    std::string policy;  ///< value of the header
};

/// The same for the life of the process: there is nothing of a stranger in it, and what strangers
/// say comes to it as JSON.
[[nodiscard]] const StatusPage& status_page();

}  // namespace fastsync::status
