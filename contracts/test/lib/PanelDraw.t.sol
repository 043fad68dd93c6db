// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PanelDraw} from "../../src/lib/PanelDraw.sol";
import {Test} from "../support/Test.sol";

/// The draw as libs/protocol/panel-draw.ts makes it of the same registries, and what its ranks promise.
contract PanelDrawTest is Test {
    struct Candidate {
        address account;
        uint256 weight;
    }

    function test_equals_what_is_drawn_off_chain_registry_by_registry() public {
        vm.pauseGasMetering();
        string memory json =
            vm.readFile(string.concat(vm.projectRoot(), "/../test/vectors/panel-draw.json"));
        uint256 count = 0;
        for (; true; count++) {
            string memory key = string.concat(".draws[", vm.toString(count), "]");
            if (!vm.keyExistsJson(json, key)) break;
            bytes memory given = vm.parseJsonTypeArray(
                json, string.concat(key, ".candidates"), "Candidate(address account,uint256 weight)"
            );
            Candidate[] memory candidates = abi.decode(given, (Candidate[]));
            string memory seedKey = string.concat(key, ".seed");
            uint8 round = uint8(vm.parseJsonUint(json, string.concat(seedKey, ".round")));
            bytes32 seed = PanelDraw.seedOf(
                vm.parseJsonBytes32(json, string.concat(seedKey, ".heightHash")),
                vm.parseJsonBytes32(json, string.concat(seedKey, ".channelId")),
                uint64(vm.parseJsonUint(json, string.concat(seedKey, ".blockNumber"))),
                uint8(vm.parseJsonUint(json, string.concat(seedKey, ".part"))),
                round
            );
            address[] memory members = drawn(seed, (8 << round) - 1, candidates);
            address[] memory expected = vm.parseJsonAddressArray(json, string.concat(key, ".members"));
            vm.assertEq(abi.encode(members), abi.encode(expected));
        }
        vm.assertGe(count, 30);
    }

    /// Of the highest and the lowest ticket, at the least and the most that anybody can have at stake.
    function test_a_rank_has_96_bits_and_is_not_zero() public pure {
        uint256 least = PanelDraw.rankOf(1, 0.1 ether);
        vm.assertLe(least, type(uint96).max);
        vm.assertEq(least, (uint256(256) << (48 + 96)) / 0.1 ether);
        uint256 most = PanelDraw.rankOf(type(uint256).max, 2 ** 85 - 1);
        vm.assertTrue(most > 0, "zero");
        // Halves have whole logarithms.
        vm.assertEq(PanelDraw.rankOf(1 << 255, 2 ** 96), 1 << 48);
        vm.assertEq(PanelDraw.rankOf(1 << 254, 2 ** 96), 2 << 48);
        // -log2(0.75) x 2^48 = 116822670443561.47..., rounded up.
        vm.assertEq(PanelDraw.rankOf(3 << 254, 2 ** 96), 116_822_670_443_562);
    }

    function testFuzz_a_higher_ticket_and_more_weight_never_rank_later(
        uint256 ticket,
        uint256 other,
        uint256 weight,
        uint256 more
    ) public pure {
        ticket = bound(ticket, 1, type(uint256).max);
        other = bound(other, ticket, type(uint256).max);
        weight = bound(weight, 0.1 ether, 2 ** 85 - 1);
        more = bound(more, weight, 2 ** 85 - 1);
        vm.assertLe(PanelDraw.rankOf(other, weight), PanelDraw.rankOf(ticket, weight));
        vm.assertLe(PanelDraw.rankOf(ticket, more), PanelDraw.rankOf(ticket, weight));
    }

    function drawn(bytes32 seed, uint256 size, Candidate[] memory candidates)
        private
        pure
        returns (address[] memory members)
    {
        uint256[] memory kept = new uint256[](size);
        uint256 count = 0;
        for (uint256 i = 0; i < candidates.length; i++) {
            if (candidates[i].weight == 0) continue;
            uint256 entry = PanelDraw.entryOf(seed, candidates[i].account, candidates[i].weight);
            if (PanelDraw.isLow(kept, count, entry)) count = PanelDraw.insert(kept, count, entry);
        }
        members = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            members[i] = PanelDraw.accountOf(kept[i]);
        }
    }
}
