#pragma once

#include <catch2/catch.hpp>

#include "../lib/precompiled.hpp"
