// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Test} from "../support/Test.sol";
import {QuarrelBooks} from "./support/QuarrelBooks.sol";
import {QuarrelScene} from "./support/QuarrelScene.sol";

/// Whatever the periods, from the shortest that open a channel on, whoever has vanished, in whatever order the others
/// move, and however close to each deadline: the block ends before disputeMax would end it, nothing stays locked, and no
/// honest bond is lost.
contract DisputeFuzzTest is Test {
    uint256 private constant ACTS = 70;
    QuarrelBooks private actors;
    QuarrelBooks private asTermsSay;

    function setUp() public {
        asTermsSay = new QuarrelBooks();
        asTermsSay.setUp();
    }

    /// forge-config: default.fuzz.runs = 12
    function testFuzz_every_dispute_ends_and_costs_nobody_honest_anything(uint256 seed) external {
        vm.pauseGasMetering();
        actors = new QuarrelBooks();
        actors.setUpWith(periodsOf(seed));
        // All may have vanished but the honest one; sometimes it has, too.
        uint16 away = seed % 2 == 0 ? uint16((seed >> 8) % 16) & ~uint16(2) : 0;
        bool isHonestAway = (seed >> 16) % 6 == 0;
        actors.sendAway(isHonestAway ? away | 2 : away);
        for (uint256 k = 0; k < ACTS; k++) {
            act(uint256(keccak256(abi.encode(seed, k))));
        }
        actors.endEverything();
        vm.assertEq(actors.broken("end"), "");
        vm.assertEq(actors.broken("refusal"), "");
        vm.assertEq(actors.broken("burnt"), "");
        for (uint256 i = 0; i < 32; i++) {
            vm.assertEq(actors.lockedOf(i), 0, "locked for ever");
        }
        if (!isHonestAway) requireHonestWell();
        vm.assertTrue(actors.emptyLines(), "a line stays locked");
    }

    function requireHonestWell() private {
        vm.assertEq(actors.broken("honest"), "");
        vm.assertFalse(actors.isWrong(), "another amount is final");
        vm.assertEq(actors.lostByHonest(), 0, "lost");
        (uint256 fell, uint256 count) = actors.firstTrueThatFell();
        vm.assertEq(fell, count, "a true result fell");
    }

    function act(uint256 seed) private {
        uint256 kind = seed % 12;
        seed >>= 8;
        if (kind < 3) actors.letTimePass(seed);
        else if (kind < 7) actors.lieOn(seed);
        else if (kind == 7) actors.acceptSome(seed);
        else if (kind == 8) actors.accuseSome(seed);
        else if (kind == 9) actors.leadSome(seed);
        else if (kind == 10) actors.answerSome(seed);
        else actors.endSome(seed);
    }

    /// Odd halves, too.
    function periodsOf(uint256 seed) private pure returns (QuarrelScene.Periods memory one) {
        one.duration = pick(seed, 0, 1, 150);
        one.grace = pick(seed, 1, 0, 60);
        one.collation = pick(seed, 2, 1, 120);
        one.processing = pick(seed, 3, 2, 60);
        one.challenge = pick(seed, 4, 1, 60);
        one.answer = pick(seed, 5, 1, 30);
    }

    function pick(uint256 seed, uint256 index, uint64 least, uint64 most) private pure returns (uint64) {
        uint256 random = uint256(keccak256(abi.encode("period", seed, index)));
        if (random % 4 == 0) return least;
        return least + uint64((random >> 8) % (most - least + 1));
    }

    // ── what decides nothing ──

    /// Four members say nothing that a tree backs, some of it about fewer parts; who is accused falls, the rest stands.
    /// In another order, and with other hashes, the same is paid, contested, and struck.
    /// forge-config: default.fuzz.runs = 12
    function testFuzz_neither_order_nor_hash_decides_anything(uint256 seed) external {
        vm.pauseGasMetering();
        bytes32 first = outcomeOf(seed, 0, 1);
        vm.assertEq(outcomeOf(seed, 1 + seed % 23, 2), first);
        vm.assertEq(outcomeOf(seed, 23 - seed % 23, 3 + (seed >> 8)), first);
    }

    function outcomeOf(uint256 seed, uint256 order, uint256 salt) private returns (bytes32 outcome) {
        uint256 before = vm.snapshotState();
        outcome = asTermsSay.outcomeOf(seed, order, salt);
        vm.revertToState(before);
    }
}
