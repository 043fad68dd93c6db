// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {SeatWords} from "../../src/interfaces/BlockTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IResultRules} from "../../src/interfaces/IResultRules.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// What a seat reveals when, and what is refused of a result.
contract BlockRevealsTest is BlockScene {
    /// participants² × rowsMax × 1,021
    uint64 private constant RECORDS_MAX = 9 * 129 * 1021;

    function test_a_reveal_is_told_whole_and_uses_the_commitment_up() external {
        postAll(id, N, 3);
        commit(id, N, 1, low(), true);
        vm.warp(begun() + 20);
        BlockResult memory result = low();
        bytes32 hash = hashOf(result);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultRevealed(id, N, 1, hash, result, WORK);
        // Anyone may send what the commitment binds.
        vm.prank(STRANGER);
        blocks.revealResult(id, N, 1, result, OPENING, WORK, SALT);
        SeatWords memory expected = SeatWords(1, validator(1), true, 1, 0, 0, true, 0);
        vm.assertEq(abi.encode(lens.blockWords(id, N).seats[0]), abi.encode(expected));
        vm.assertEq(lens.blockWords(id, N).firstRevealedAt, begun() + 20);
    }

    function test_reveals_are_taken_in_the_second_half_to_the_second() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, low(), true);
        vm.warp(begun() + 19);
        refuseReveal(0, low(), wrongTime(begun() + 20, begun() + 40));
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
        vm.warp(begun() + 40);
        refuseReveal(1, low(), wrongTime(begun() + 20, begun() + 40));
        vm.warp(begun() + 39);
        reveal(id, N, 1, low());
    }

    function test_reveals_of_the_extension_are_taken_in_its_second_half_to_the_second() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, low(), true);
        uint8[3] memory early = [40, 41, 59];
        for (uint256 i = 0; i < 3; i++) {
            vm.warp(begun() + early[i]);
            refuseReveal(0, low(), wrongTime(begun() + 60, begun() + 80));
        }
        vm.warp(begun() + 80);
        refuseReveal(0, low(), wrongTime(begun() + 60, begun() + 80));
        vm.warp(begun() + 60);
        reveal(id, N, 0, low());
        vm.warp(begun() + 79);
        reveal(id, N, 1, low());
        vm.warp(begun() + 80);
        requireStage(id, N, Stage.Challenge);
        vm.warp(begun() + 139);
        requireStage(id, N, Stage.Challenge);
        vm.warp(begun() + 140);
        requireStage(id, N, Stage.Final);
    }

    function test_once_every_seat_has_committed_nobody_waits_for_the_second_half() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, low(), true);
        refuseReveal(0, low(), wrongTime(begun() + 20, begun() + 40));
        commit(id, N, 2, low(), true);
        reveal(id, N, 0, low());
    }

    function test_a_seat_that_is_empty_or_has_revealed_reveals_nothing() external {
        revealedByOne();
        refuseReveal(1, low(), abi.encodeWithSelector(IBlockFacts.SeatEmpty.selector, id, N, 1));
        refuseReveal(255, low(), abi.encodeWithSelector(IBlockFacts.SeatEmpty.selector, id, N, 255));
        refuseReveal(0, low(), abi.encodeWithSelector(IBlockFacts.AlreadyRevealed.selector, id, N, 0));
        BlockResult memory result = low();
        vm.expectRevert(unknownChannel());
        blocks.revealResult(bytes32("nowhere"), N, 0, result, OPENING, WORK, SALT);
        vm.expectRevert(unknownBlock());
        blocks.revealResult(id, BLOCKS_MAX, 0, result, OPENING, WORK, SALT);
    }

    function test_nothing_but_what_was_committed_is_revealed() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        vm.warp(begun() + 20);
        bytes32 committed = commitmentOf(id, N, validator(0), low());
        BlockResult memory result = high();
        refuseReveal(0, result, mismatch(committed, result, WORK, SALT));
        result = low();
        bytes memory why = mismatch(committed, result, "work", SALT);
        vm.expectRevert(why);
        blocks.revealResult(id, N, 0, result, OPENING, "work", SALT);
        why = mismatch(committed, result, WORK, "salt");
        vm.expectRevert(why);
        blocks.revealResult(id, N, 0, result, OPENING, WORK, "salt");
        reveal(id, N, 0, result);
    }

    // ── what is refused of a result itself ──

    function test_amounts_have_their_words_and_nothing_behind_them() external {
        BlockResult memory result = low();
        result.amountWords = new bytes32[](2);
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountWordsCountWrong.selector, 2, 1));
        result.amountWords = new bytes32[](0);
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountWordsCountWrong.selector, 0, 1));
        result = low();
        result.amountWords[0] |= bytes32(uint256(1));
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountWordsPaddingNotZero.selector, 3));
    }

    function test_the_payer_owes_what_the_payees_earn() external {
        BlockResult memory result = low();
        result.amountWords[0] ^= bytes32(uint256(1) << 192);
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountSumMismatch.selector, 2001, 2000));
        result = low();
        result.amountWords[0] ^= bytes32(uint256(3000 ^ 1000) << 64);
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountSumMismatch.selector, 2000, 4000));
        // Sums are not taken modulo 2^64.
        result.amountWords[0] = bytes32(uint256(1) << 128 | uint256(type(uint64).max) << 64);
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountSumMismatch.selector, 0, 1 << 64));
    }

    function test_without_impressions_nothing_is_owed_and_there_is_no_root() external {
        BlockResult memory result = low();
        result.impressionCount = 0;
        refuseResult(result, abi.encodeWithSelector(IResultRules.AmountSumMismatch.selector, 2000, 2000));
        result = emptyResult(3);
        result.settlementRoot = "root";
        refuseResult(
            result,
            abi.encodeWithSelector(
                IResultRules.SettlementRootMismatch.selector, bytes32("root"), bytes32(0)
            )
        );
        takeResult(emptyResult(3));
    }

    function test_the_root_opens_to_the_amounts() external {
        BlockResult memory result = low();
        bytes32 root = result.settlementRoot;
        result.settlementRoot = "root";
        refuseResult(
            result,
            abi.encodeWithSelector(IResultRules.SettlementRootMismatch.selector, bytes32("root"), root)
        );
    }

    function test_impressions_are_at_most_the_records_that_there_can_be() external {
        BlockResult memory result = low();
        result.impressionCount = RECORDS_MAX + 1;
        refuseResult(
            result,
            abi.encodeWithSelector(IResultRules.ImpressionsTooMany.selector, RECORDS_MAX + 1, RECORDS_MAX)
        );
        result.impressionCount = RECORDS_MAX;
        takeResult(result);
    }

    function test_only_posted_parts_that_are_not_struck_count() external {
        vm.warp(begun());
        post(id, N, 0);
        post(id, N, 2);
        vm.warp(deadlineOfParts(N));
        for (uint16 i = 1; i < 16; i++) {
            if (i == 2) continue;
            uint16 counted = uint16(1 << i);
            refuseLate(resultOf(3, 1000, counted), notPosted(counted, 5));
        }
        commit(id, N, 0, resultOf(3, 1000, 1), true);
        vm.warp(deadlineOfParts(N) + 20);
        reveal(id, N, 0, resultOf(3, 1000, 1));
        vm.warp(deadlineOfParts(N) + 40);
        revealOwn(id, N, 1, resultOf(3, 800, 5));
        vm.prank(PANEL);
        blocks.strikePart(id, N, 2, 1);
        refuseOwn(2, resultOf(3, 900, 5), notPosted(5, 1));
        revealOwn(id, N, 2, resultOf(3, 900, 1));
    }

    /// What it committed it cannot change any more, and silence would cost it.
    function test_a_seat_reveals_what_it_committed_though_a_part_of_it_is_struck_by_then() external {
        postAll(id, N, 3);
        commit(id, N, 0, resultOf(3, 1000, 3), false);
        commit(id, N, 1, high(), false);
        commit(id, N, 2, resultOf(3, 900, ALL), false);
        reveal(id, N, 0, resultOf(3, 1000, 3));
        reveal(id, N, 1, high());
        vm.prank(QUESTIONS);
        blocks.strikePart(id, N, 2, 1);
        reveal(id, N, 2, resultOf(3, 900, ALL));
        vm.warp(begun() + 180);
        settle(id, N, resultOf(3, 1000, 3));
        (, uint256 staked, uint256 locked) = vault.weiOf(validator(2));
        vm.assertEq(staked, 1 ether, "it said what it had to say");
        vm.assertEq(locked, 0);
    }

    // ── disputes ──

    function test_a_result_with_other_amounts_opens_a_dispute_once() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, resultOf(3, 1000, 3), true);
        commit(id, N, 2, high(), false);
        reveal(id, N, 0, low());
        // Another result of the same amounts opens none.
        reveal(id, N, 1, resultOf(3, 1000, 3));
        vm.assertEq(lens.blockWords(id, N).results.length, 2);
        requireStage(id, N, Stage.Processing);
        vm.warp(begun() + 3);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.BlockDisputed(id, N);
        reveal(id, N, 2, high());
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 45);
        revealOwn(id, N, 2, resultOf(3, 5, ALL));
        vm.assertEq(lens.blockWords(id, N).disputedAt, begun() + 3);
        // Parts are decided at 160, the window ends at 180, and what was revealed could be accused until 240.
        vm.warp(begun() + 239);
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 240);
        requireStage(id, N, Stage.Final);
    }

    function test_amounts_are_compared_after_the_cut_to_blockMax() external {
        ChannelTerms memory terms = openTerms(3);
        terms.blockMaxNano[1] = 1000;
        terms.blockMaxNano[2] = 1000;
        terms.salt = "cut";
        id = open(terms);
        revealedByOne();
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, high());
        requireStage(id, N, Stage.Challenge);
        revealOwn(id, N, 2, resultOf(3, 999, ALL));
        requireStage(id, N, Stage.Dispute);
    }

    function test_in_a_dispute_seats_that_committed_still_reveal_as_long_as_processing_lasts() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, high(), true);
        commit(id, N, 2, low(), true);
        reveal(id, N, 0, low());
        reveal(id, N, 1, high());
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 40);
        refuseReveal(2, low(), wrongTime(begun(), begun() + 40));
        vm.warp(begun() + 39);
        reveal(id, N, 2, low());
        vm.assertEq(lens.blockWords(id, N).results.length, 2);
    }

    function test_a_result_that_fell_is_not_revealed_again() external {
        postAll(id, N, 3);
        for (uint256 i = 0; i < 3; i++) {
            commit(id, N, i, i == 2 ? high() : low(), true);
        }
        reveal(id, N, 0, low());
        reveal(id, N, 2, high());
        vm.prank(ADJUDICATOR);
        blocks.fall(id, N, 0);
        refuseReveal(1, low(), abi.encodeWithSelector(IBlockFacts.ResultUnknown.selector, hashOf(low())));
    }

    function refuseReveal(uint8 participant, BlockResult memory result, bytes memory why) private {
        bytes32 opening = openingOf(result);
        vm.expectRevert(why);
        blocks.revealResult(id, N, participant, result, opening, WORK, SALT);
    }

    function refuseResult(BlockResult memory result, bytes memory why) private {
        postAll(id, N, 3);
        refuseLate(result, why);
    }

    /// Committed and revealed; nothing of it stays.
    function refuseLate(BlockResult memory result, bytes memory why) private {
        uint256 before = vm.snapshotState();
        commit(id, N, 0, result, true);
        vm.warp(block.timestamp + 20);
        refuseReveal(0, result, why);
        vm.revertToState(before);
    }

    function takeResult(BlockResult memory result) private {
        uint256 before = vm.snapshotState();
        postAll(id, N, 3);
        commit(id, N, 0, result, true);
        vm.warp(block.timestamp + 20);
        reveal(id, N, 0, result);
        vm.revertToState(before);
    }

    function notPosted(uint16 counted, uint16 countable) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRules.ValidPartsNotPosted.selector, counted, countable);
    }

    function mismatch(bytes32 committed, BlockResult memory result, bytes32 work, bytes32 salt)
        private
        view
        returns (bytes memory)
    {
        bytes32 given = lens.commitmentOf(hashOf(result), validator(0), work, salt);
        return abi.encodeWithSelector(IBlockFacts.CommitmentMismatch.selector, committed, given);
    }
}
