// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/block_options.
#include "vmm/machine/block_options.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

std::string refusal(Value::Dict members, OptionForm form = OptionForm::Json) {
    const auto read = read_node_options(members, form);
    return read ? "" : read.error().message;
}

}  // namespace

TEST_SUITE("vmm/machine/block_options") {
    TEST_CASE("a node inside another one has what it leaves open from there") {
        const auto outer =
            read_node_options({{"driver", "raw"},
                               {"read-only", true},
                               {"discard", "unmap"},
                               {"cache", Value::Dict{{"direct", true}, {"no-flush", false}}},
                               {"file", Value::Dict{{"driver", "file"},
                                                    {"filename", "/d"},
                                                    {"cache", Value::Dict{{"direct", false}}}}}},
                              OptionForm::Json);

        REQUIRE(outer.has_value());
        const qmp::BlockdevOptions& inner = *outer->as_raw->file->as_definition;
        CHECK(inner.read_only == true);
        CHECK(inner.discard == qmp::BlockdevDiscardOptions::Unmap);
        CHECK(inner.cache->direct == false);
        CHECK(inner.cache->no_flush == false);
    }

    TEST_CASE("texts are switches and sizes where the command line wrote them, and there only") {
        const Value::Dict texts{{"driver", "null-co"}, {"size", "1M"}, {"read-only", "on"}};

        const auto read = read_node_options(texts, OptionForm::KeyValues);

        REQUIRE(read.has_value());
        CHECK(read->as_null_co->size == 1048576U);
        CHECK(read->read_only == true);
        CHECK(refusal(texts) == "Invalid parameter type for 'read-only', expected: boolean");
        CHECK(refusal({{"driver", "null-co"}, {"read-only", "yes"}}, OptionForm::KeyValues) ==
              "Parameter 'read-only' expects 'on' or 'off'");
    }

    TEST_CASE("what siskin does not do is refused by name, with what does it") {
        CHECK(refusal({{"driver", "qcow2"}}) ==
              "Parameter 'driver' does not accept value 'qcow2': qemu-nbd or "
              "qemu-storage-daemon serves such images, for driver nbd");
        CHECK(refusal({{"driver", "bogus"}}) == "Parameter 'driver' does not accept value 'bogus'");
        CHECK(refusal({{"driver", "file"}, {"filename", "/d"}, {"aio", "native"}}) ==
              "Parameter 'aio' does not accept value 'native': io_uring does the same, with and "
              "without cache.direct");
        CHECK(refusal({{"driver", "file"}, {"filename", "/d"}, {"detect-zeroes", "unmap"}}) ==
              "setting detect-zeroes to unmap is not allowed without setting discard operation to "
              "unmap");
        CHECK(refusal({{"driver", "file"}, {"filename", "/d"}, {"bogus", 1}}) ==
              "Parameter 'bogus' is unexpected");
        CHECK(refusal({{"driver", "raw"}, {"file", 3}}) ==
              "Invalid parameter type for 'file', expected: BlockdevRef");
    }

    TEST_CASE("nodes nest so deep, and no deeper") {
        Value::Dict members{{"driver", "null-co"}};
        for (int depth = 1; depth < 16; ++depth) {
            members = Value::Dict{{"driver", "raw"}, {"file", std::move(members)}};
        }
        CHECK(refusal(members).empty());

        const std::string refused = refusal({{"driver", "raw"}, {"file", std::move(members)}});

        CHECK(refused == "nodes are nested 17 deep, the most is 16");
    }
}
