// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors as Errors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

contract RevealTest is ChannelFixture {
    bytes32 private channelId;
    BlockResult private result;
    uint256 private start;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
        result = resultOf(3, 10, 3);
        vm.warp(collationAt(0));
        post(channelId, 0, 0);
        post(channelId, 0, 1);
        start = deadlineOfParts(0);
        vm.warp(start);
    }

    function test_reveals_are_taken_in_the_second_half() public {
        commit(channelId, 0, 1, result, true);
        refusesTime(start, start + 20, start + 40);
        refusesTime(start + 19, start + 20, start + 40);
        vm.warp(start + 20);
        reveal(channelId, 0, 1, result);
        SeatFacts memory seat = registry.blockFacts(channelId, 0).seats[0];
        vm.assertEq(seat.outputHash, registry.outputHashOf(channelId, 0, result));
        vm.assertEq(seat.revealedAt, start + 20);
    }

    function test_or_as_soon_as_every_seat_has_committed() public {
        for (uint256 i = 0; i < 3; i++) {
            commit(channelId, 0, i, result, true);
        }
        reveal(channelId, 0, 1, result);
        vm.assertEq(registry.blockFacts(channelId, 0).results.length, 1);
    }

    function test_a_seat_may_still_reveal_in_the_extension_if_nobody_did() public {
        commit(channelId, 0, 1, result, true);
        refusesTime(start + 40, start + 60, start + 80);
        vm.warp(start + 79);
        reveal(channelId, 0, 1, result);
    }

    function test_too_late_is_too_late() public {
        commit(channelId, 0, 0, result, true);
        commit(channelId, 0, 1, result, true);
        vm.warp(start + 39);
        reveal(channelId, 0, 1, result);
        vm.warp(start + 40);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), Stage.Challenge)
        );
        reveal(channelId, 0, 0, result);
    }

    function test_in_a_dispute_the_other_seats_still_reveal_in_time() public {
        BlockResult memory other = resultOf(3, 11, 3);
        commit(channelId, 0, 0, result, true);
        commit(channelId, 0, 1, other, true);
        commit(channelId, 0, 2, result, true);
        reveal(channelId, 0, 0, result);
        reveal(channelId, 0, 1, other);
        vm.warp(start + 40);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongTime.selector, channelId, uint64(0), start, start + 40)
        );
        reveal(channelId, 0, 2, result);
        vm.warp(start + 39);
        reveal(channelId, 0, 2, result);
        vm.assertEq(registry.blockFacts(channelId, 0).disputedAt, start);
    }

    function test_once_a_seat_and_only_a_seat_that_committed() public {
        commit(channelId, 0, 1, result, true);
        vm.warp(start + 20);
        vm.expectRevert(abi.encodeWithSelector(Errors.SeatEmpty.selector, channelId, uint64(0), uint8(0)));
        reveal(channelId, 0, 0, result);
        reveal(channelId, 0, 1, result);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.AlreadyRevealed.selector, channelId, uint64(0), uint8(1))
        );
        reveal(channelId, 0, 1, result);
    }

    function test_what_is_revealed_is_what_was_committed_by_this_validator() public {
        // Seat 0 copies the commitment of seat 1: it holds the wrong address.
        bytes32 copied = commitmentOf(channelId, 0, 1, result);
        commit(delegationOf(channelId, 0, 0, true), copied);
        commit(channelId, 0, 1, result, true);
        vm.warp(start + 20);
        bytes32 own = commitmentOf(channelId, 0, 0, result);
        vm.expectRevert(abi.encodeWithSelector(Errors.CommitmentMismatch.selector, copied, own));
        reveal(channelId, 0, 0, result);
        BlockResult memory other = resultOf(3, 11, 3);
        bytes32 committed = commitmentOf(channelId, 0, 1, result);
        bytes32 given = commitmentOf(channelId, 0, 1, other);
        vm.expectRevert(abi.encodeWithSelector(Errors.CommitmentMismatch.selector, committed, given));
        reveal(channelId, 0, 1, other);
    }

    function test_sums_opening_padding_and_parts_are_checked() public {
        BlockResult memory bad = resultOf(3, 10, 3);
        bad.amountWords[0] = bytes32(uint256(21) << 192 | uint256(10) << 128 | uint256(10) << 64);
        refusesResult(
            bad, abi.encodeWithSelector(Errors.AmountSumMismatch.selector, uint256(21), uint256(20))
        );
        bad = resultOf(3, 10, 3);
        bad.amountWords[0] |= bytes32(uint256(1));
        refusesResult(bad, abi.encodeWithSelector(Errors.AmountWordsPaddingNotZero.selector, uint256(3)));
        bad = resultOf(3, 10, 3);
        bad.amountWords = new bytes32[](2);
        refusesResult(
            bad, abi.encodeWithSelector(Errors.AmountWordsCountWrong.selector, uint256(2), uint256(1))
        );
        bad = resultOf(3, 10, 7);
        refusesResult(
            bad, abi.encodeWithSelector(Errors.ValidPartsNotPosted.selector, uint16(7), uint16(3))
        );
        bad = resultOf(3, 10, 3);
        bytes32 good = bad.settlementRoot;
        bad.settlementRoot = keccak256("other");
        refusesResult(
            bad, abi.encodeWithSelector(Errors.SettlementRootMismatch.selector, bad.settlementRoot, good)
        );
    }

    function test_without_impressions_there_is_no_root_and_no_amount() public {
        BlockResult memory empty = emptyResult(3);
        empty.settlementRoot = keccak256("other");
        refusesResult(
            empty,
            abi.encodeWithSelector(Errors.SettlementRootMismatch.selector, empty.settlementRoot, bytes32(0))
        );
        empty = resultOf(3, 10, 3);
        empty.impressionCount = 0;
        refusesResult(
            empty, abi.encodeWithSelector(Errors.AmountSumMismatch.selector, uint256(20), uint256(20))
        );
        commit(channelId, 0, 1, emptyResult(3), true);
        vm.warp(start + 20);
        reveal(channelId, 0, 1, emptyResult(3));
    }

    function test_sixteen_participants_have_four_words() public {
        bytes32 large = open(16);
        BlockResult memory four = resultOf(16, type(uint64).max / 16, 0xffff);
        finish(large, 1, 16, four);
        vm.assertEq(registry.blockFacts(large, 1).results[0].result.amountWords.length, 4);
        vm.assertEq(
            keccak256(abi.encode(registry.blockFacts(large, 1).results[0].result)),
            keccak256(abi.encode(four))
        );
    }

    function refusesResult(BlockResult memory bad, bytes memory refusal) private {
        uint256 snapshot = vm.snapshotState();
        vm.warp(start);
        commit(channelId, 0, 1, bad, true);
        vm.warp(start + 20);
        bytes32 opening = bad.impressionCount == 0 ? bytes32(0) : OPENING;
        vm.expectRevert(refusal);
        registry.revealResult(channelId, 0, 1, bad, opening, WORK, SALT);
        vm.revertToState(snapshot);
    }

    function refusesTime(uint256 time, uint256 from, uint256 until) private {
        vm.warp(time);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongTime.selector, channelId, uint64(0), from, until)
        );
        reveal(channelId, 0, 1, result);
    }
}

contract OwnResultTest is ChannelFixture {
    bytes32 private channelId;
    BlockResult private result;
    uint256 private start;
    uint256 private bond;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
        result = resultOf(3, 10, 3);
        vm.warp(collationAt(0));
        post(channelId, 0, 0);
        post(channelId, 0, 1);
        start = deadlineOfParts(0);
        bond = registry.ownResultBondWei();
    }

    function test_in_the_extension_without_a_bond() public {
        vm.warp(start + 39);
        refuses(
            0,
            abi.encodeWithSelector(Errors.WrongTime.selector, channelId, uint64(0), start + 40, start + 100)
        );
        vm.warp(start + 40);
        refuses(bond, abi.encodeWithSelector(Errors.OwnResultBondWrong.selector, uint256(0), bond));
        revealOwn(channelId, 0, 1, result, 0);
        OwnResultFacts memory own = registry.blockFacts(channelId, 0).ownResults[0];
        vm.assertEq(own.participant, 1);
        vm.assertEq(own.outputHash, registry.outputHashOf(channelId, 0, result));
        vm.assertEq(own.revealedAt, start + 40);
        vm.assertFalse(own.bonded, "no bond");
        vm.warp(start + 79);
        revealOwn(channelId, 0, 2, result, 0);
        vm.assertEq(uint256(registry.stageAt(channelId, 0, uint64(start + 80))), uint256(Stage.Challenge));
    }

    function test_in_the_challenge_period_with_a_bond() public {
        vm.warp(start);
        commit(channelId, 0, 0, result, true);
        vm.warp(start + 20);
        reveal(channelId, 0, 0, result);
        BlockResult memory other = resultOf(3, 11, 3);
        vm.warp(start + 39);
        refuses(
            0,
            abi.encodeWithSelector(Errors.WrongTime.selector, channelId, uint64(0), start + 40, start + 100)
        );
        vm.warp(start + 40);
        refuses(0, abi.encodeWithSelector(Errors.OwnResultBondWrong.selector, bond, uint256(0)));
        revealOwn(channelId, 0, 1, other, bond);
        vm.assertEq(address(registry).balance, bond);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Dispute));
        // The dispute is open; others may still say what they found until the period ends.
        vm.warp(start + 99);
        revealOwn(channelId, 0, 2, resultOf(3, 12, 3), bond);
        vm.assertEq(registry.blockFacts(channelId, 0).results.length, 3);
        vm.assertEq(registry.blockFacts(channelId, 0).disputedAt, start + 40);
        vm.warp(start + 100);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongTime.selector, channelId, uint64(0), start + 40, start + 100)
        );
        revealOwn(channelId, 0, 0, result, bond);
    }

    function test_once_by_participants_only_and_not_before_processing() public {
        vm.warp(start - 1);
        refuses(
            0, abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), Stage.Collation)
        );
        vm.warp(start + 40);
        vm.expectRevert(abi.encodeWithSelector(Errors.NotParticipant.selector, channelId, address(this)));
        registry.revealOwnResult(channelId, 0, result, OPENING);
        revealOwn(channelId, 0, 1, result, 0);
        refuses(0, abi.encodeWithSelector(Errors.AlreadyRevealed.selector, channelId, uint64(0), uint8(1)));
        vm.warp(start + 140);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), Stage.Final)
        );
        revealOwn(channelId, 0, 2, result, bond);
    }

    function test_own_results_are_checked_as_others_are() public {
        vm.warp(start + 40);
        BlockResult memory bad = resultOf(3, 10, 7);
        vm.expectRevert(abi.encodeWithSelector(Errors.ValidPartsNotPosted.selector, uint16(7), uint16(3)));
        revealOwn(channelId, 0, 1, bad, 0);
    }

    function test_acceptance_names_a_revealed_result_once() public {
        vm.warp(start + 40);
        bytes32 first = registry.outputHashOf(channelId, 0, result);
        BlockResult memory other = resultOf(3, 11, 3);
        bytes32 second = registry.outputHashOf(channelId, 0, other);
        vm.startPrank(operator(2));
        vm.expectRevert(abi.encodeWithSelector(Errors.ResultUnknown.selector, first));
        registry.acceptResult(channelId, 0, first);
        vm.stopPrank();
        revealOwn(channelId, 0, 0, result, 0);
        revealOwn(channelId, 0, 1, other, 0);
        vm.startPrank(operator(2));
        registry.acceptResult(channelId, 0, second);
        registry.acceptResult(channelId, 0, second);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.AlreadyAccepted.selector, channelId, uint64(0), uint8(2), second)
        );
        registry.acceptResult(channelId, 0, first);
        vm.stopPrank();
        AcceptanceFacts[] memory acceptances = registry.blockFacts(channelId, 0).acceptances;
        vm.assertEq(acceptances.length, 1);
        vm.assertEq(acceptances[0].participant, 2);
        vm.assertEq(acceptances[0].outputHash, second);
    }

    function test_nobody_accepts_what_is_final() public {
        vm.warp(start + 40);
        revealOwn(channelId, 0, 0, result, 0);
        bytes32 hash = registry.outputHashOf(channelId, 0, result);
        vm.warp(start + 140);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), Stage.Final)
        );
        vm.prank(account(1));
        registry.acceptResult(channelId, 0, hash);
    }

    function refuses(uint256 value, bytes memory refusal) private {
        vm.deal(account(1), value);
        vm.expectRevert(refusal);
        vm.prank(account(1));
        registry.revealOwnResult{value: value}(channelId, 0, result, OPENING);
    }
}
