// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Test} from "../support/Test.sol";
import {SystemActors} from "./support/SystemActors.sol";
import {SystemScene} from "./support/SystemScene.sol";

/// Whatever the terms, and whoever acts in the second before a deadline, in it, or in the one after it: every block
/// ends within the bound of its terms, and nothing stays locked.
contract DeadlineFuzzTest is Test {
    uint256 private constant ACTS = 60;

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_every_block_ends_in_its_bound_and_no_line_stays_locked(uint256 seed) external {
        vm.pauseGasMetering();
        SystemActors actors = new SystemActors();
        actors.setUpFor(periodsOf(seed));
        for (uint256 k = 0; k < ACTS; k++) {
            uint256 random = uint256(keccak256(abi.encode(seed, k)));
            actors.letTimePass(random);
            actors.carryOn(random >> 8);
            actRarely(actors, random >> 16);
            requireEnds(actors);
        }
        vm.assertTrue(actors.takeEverythingOut(), "something stays locked");
        requireEnds(actors);
        string[5] memory rules = ["cover", "stage", "write once", "refusal", "decision"];
        for (uint256 i = 0; i < 5; i++) {
            vm.assertEq(actors.broken(rules[i]), "");
        }
    }

    function actRarely(SystemActors actors, uint256 random) private {
        uint256 kind = random % 12;
        random >>= 8;
        if (kind == 0) actors.ownSome(random);
        if (kind == 1) actors.acceptSome(random);
        if (kind == 2) actors.endSome(random);
        if (kind == 3) actors.depositSome(random, random >> 8);
        if (kind == 4) actors.requestSome(random, random >> 8);
        if (kind == 5) actors.executeSome(random);
        if (kind == 6) actors.closeSome(random);
        if (kind == 7) actors.accuseSome(random);
        if (kind == 8) actors.judgeSome(random);
        if (kind == 9) actors.askSome(random);
        if (kind == 10) actors.concludeSome(random);
    }

    function requireEnds(SystemActors actors) private view {
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                if (block.timestamp < actors.endBound(n)) break;
                Stage stage = actors.stageNow(actors.idOf(c), n);
                vm.assertGe(uint256(stage), uint256(Stage.Final), "no end");
            }
        }
    }

    /// From the shortest periods that open a channel on; odd halves, too.
    function periodsOf(uint256 seed) private pure returns (SystemScene.Periods memory one) {
        one.duration = pick(seed, 0, 1, 150);
        one.grace = pick(seed, 1, 0, 60);
        one.collation = pick(seed, 2, 1, 120);
        one.processing = pick(seed, 3, 2, 60);
        one.challenge = pick(seed, 4, 1, 60);
        one.answer = pick(seed, 5, 1, 4);
        uint64 least = 3 * one.challenge + 5 * one.processing + 24 * one.answer;
        one.disputeMax = least + pick(seed, 6, 0, 50);
        one.notice = 2 * one.duration + pick(seed, 7, 0, 300);
    }

    function pick(uint256 seed, uint256 index, uint64 least, uint64 most) private pure returns (uint64) {
        uint256 random = uint256(keccak256(abi.encode("period", seed, index)));
        if (random % 5 == 0) return least;
        return least + uint64((random >> 8) % (most - least + 1));
    }
}
