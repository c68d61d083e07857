// SPDX-License-Identifier: Apache-2.0
// Proves virtio/scsi/scsi_request: chains, cut anywhere, and addresses of units.
#include "virtio/scsi/scsi_request.h"

#include <doctest/doctest.h>

#include "tests/harness/test_guest.h"

namespace siskin {
namespace {

constexpr std::size_t kHeaderSize = 51;
constexpr std::size_t kResponseSize = 108;

// One chain of a header, data and a response, each cut in two at these places.
struct Cut {
    Cut(std::size_t header_cut, std::size_t response_cut, std::size_t out, std::size_t in) {
        chain.begin(ChainHead{});
        const std::uint64_t readable = guest.allocate(kHeaderSize + out);
        for (std::size_t at = 0; at < kHeaderSize + out; ++at) {
            guest.write(readable + at, static_cast<std::uint8_t>(at));
        }
        add(readable, header_cut, false);
        add(readable + header_cut, kHeaderSize + out - header_cut, false);
        const std::uint64_t writable = guest.allocate(kResponseSize + in);
        add(writable, response_cut, true);
        add(writable + response_cut, kResponseSize + in - response_cut, true);
    }
    void add(std::uint64_t address, std::size_t size, bool writable) {
        if (size != 0) {
            REQUIRE(chain.add(guest.span(address, size), writable));
        }
    }
    TestGuest guest;
    DescriptorChain chain{8};
};

}  // namespace

TEST_SUITE("virtio/scsi/scsi_request") {
    TEST_CASE("a request is the same wherever it is cut (V08, virtio 1.2 §2.7.4.1)") {
        for (std::size_t header_cut = 0; header_cut <= kHeaderSize + 5; ++header_cut) {
            const Cut cut(header_cut, header_cut * 2, 5, 9);
            const ScsiRequest request = parse_scsi_request(cut.chain, {});
            REQUIRE_FALSE(request.is_malformed);
            CHECK(request.lun == virtio_spec::ScsiLunField{0, 1, 2, 3, 4, 5, 6, 7});
            CHECK(request.id == 0x0f0e0d0c0b0a0908);
            REQUIRE(request.command().size() == 32);
            CHECK(request.command()[0] == 19);
            CHECK(request.command()[31] == 50);
            CHECK(request.data_out_size == 5);
            CHECK(request.data_in_size == 9);
        }
    }

    TEST_CASE("no whole header, or no room for the response, is no request (V08)") {
        DescriptorChain chain(4);
        TestGuest guest;
        chain.begin(ChainHead{});
        REQUIRE(chain.add(guest.span(guest.allocate(50), 50), false));
        REQUIRE(chain.add(guest.span(guest.allocate(108), 108), true));
        CHECK(parse_scsi_request(chain, {}).is_malformed);
        chain.begin(ChainHead{});
        REQUIRE(chain.add(guest.span(guest.allocate(51), 51), false));
        REQUIRE(chain.add(guest.span(guest.allocate(107), 107), true));
        CHECK(parse_scsi_request(chain, {}).is_malformed);
        CHECK_FALSE(parse_scsi_request(chain, ScsiLayout{32, 95}).is_malformed);
    }

    TEST_CASE("the driver's sizes say where the data begins (§5.6.4)") {
        const Cut cut(51, 108, 0, 0);
        const ScsiRequest request = parse_scsi_request(cut.chain, ScsiLayout{16, 18});
        CHECK(request.command().size() == 16);
        CHECK(request.data_out_size == 16);
        CHECK(request.data_in_size == 96 - 18);
    }

    TEST_CASE("units have addresses of one level, and no others (§5.6.6.1)") {
        using Field = virtio_spec::ScsiLunField;
        CHECK(*scsi_address_of(Field{1, 255, 0, 9}) == ScsiAddress{255, 9});
        CHECK(*scsi_address_of(Field{1, 0, 0x7f, 0xff}) == ScsiAddress{0, 16383});
        CHECK(*scsi_address_of(Field{1, 0, 0x40, 3}) == ScsiAddress{0, 3});
        CHECK_FALSE(scsi_address_of(Field{0, 0, 0, 0}).has_value());
        CHECK_FALSE(scsi_address_of(Field{1, 0, 0x80, 0}).has_value());
        CHECK_FALSE(scsi_address_of(Field{1, 0, 1, 0}).has_value());
        CHECK_FALSE(scsi_address_of(Field{0xc1, 1, 0, 0}).has_value());
        CHECK(scsi_lun_field({7, 300}) == Field{1, 7, 0x41, 44});
        CHECK(scsi_lun_field({7, 255}) == Field{1, 7, 0, 255});
    }
}

}  // namespace siskin
