// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PanelDraw} from "../../src/lib/PanelDraw.sol";
import {Test} from "../support/Test.sol";

/// The draw as libs/protocol/panel-draw.ts makes it of the same registries, and what its ranks promise.
contract PanelDrawTest is Test {
    struct CandidateCase {
        address account;
        uint256 weight;
    }

    struct SeedCase {
        bytes32 heightHash;
        bytes32 channelId;
        uint64 blockNumber;
        uint8 part;
        uint8 round;
    }

    struct DrawCase {
        SeedCase seed;
        CandidateCase[] candidates;
        address[] members;
    }

    string private constant TYPE = "DrawCase(SeedCase seed,CandidateCase[] candidates,address[] members)"
        "CandidateCase(address account,uint256 weight)"
        "SeedCase(bytes32 heightHash,bytes32 channelId,uint64 blockNumber,uint8 part,uint8 round)";

    function test_equals_what_is_drawn_off_chain_registry_by_registry() public {
        vm.pauseGasMetering();
        string memory json =
            vm.readFile(string.concat(vm.projectRoot(), "/../test/vectors/panel-draw.json"));
        DrawCase[] memory draws = abi.decode(vm.parseJsonTypeArray(json, ".draws", TYPE), (DrawCase[]));
        vm.assertGe(draws.length, 30);
        for (uint256 i = 0; i < draws.length; i++) {
            SeedCase memory given = draws[i].seed;
            bytes32 seed = PanelDraw.seedOf(
                given.heightHash, given.channelId, given.blockNumber, given.part, given.round
            );
            address[] memory members = drawn(seed, (8 << given.round) - 1, draws[i].candidates);
            vm.assertEq(abi.encode(members), abi.encode(draws[i].members));
        }
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

    function drawn(bytes32 seed, uint256 size, CandidateCase[] memory candidates)
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
