// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors as Errors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {BlockStages, BlockState} from "../src/lib/BlockStages.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

/// Stages by facts and time. In termsFor: E = 100, C = 110, end of collation 130, processing 40, challenge
/// 60.
contract StagesTest is ChannelFixture {
    bytes32 private channelId;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
    }

    function test_nothing_posted() public view {
        turns(START, Stage.Pending, Stage.Collection);
        turns(START + 110, Stage.Collection, Stage.Collation);
        turns(START + 130, Stage.Collation, Stage.Void);
    }

    function test_a_part_missing_waits_for_the_end_of_collation() public {
        vm.warp(START + 110);
        post(channelId, 0, 0);
        vm.warp(START + 129);
        post(channelId, 0, 1);
        turns(START + 130, Stage.Collation, Stage.Processing);
        // Nobody reveals, in the period and in the extension.
        turns(START + 210, Stage.Processing, Stage.Void);
    }

    function test_processing_starts_with_the_last_participants_part() public {
        vm.warp(START + 110);
        post(channelId, 0, 0);
        post(channelId, 0, 2);
        vm.warp(START + 117);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Collation));
        post(channelId, 0, 1);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Processing));
        turns(START + 197, Stage.Processing, Stage.Void);
    }

    function test_one_result_is_enough_and_final_after_the_challenge() public {
        BlockResult memory result = resultOf(3, 10, 3);
        vm.warp(START + 110);
        post(channelId, 0, 0);
        post(channelId, 0, 1);
        vm.warp(START + 149);
        commit(channelId, 0, 1, result, true);
        vm.warp(START + 150);
        reveal(channelId, 0, 1, result);
        turns(START + 170, Stage.Processing, Stage.Challenge);
        turns(START + 230, Stage.Challenge, Stage.Final);
        vm.warp(START + 230);
        settle(channelId, 0, result);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Settled));
    }

    function test_a_result_in_the_extension_is_challenged_after_it() public {
        BlockResult memory result = resultOf(3, 10, 3);
        vm.warp(START + 110);
        post(channelId, 0, 0);
        post(channelId, 0, 1);
        vm.warp(START + 170);
        commit(channelId, 0, 1, result, true);
        vm.warp(START + 190);
        reveal(channelId, 0, 1, result);
        turns(START + 210, Stage.Processing, Stage.Challenge);
        turns(START + 270, Stage.Challenge, Stage.Final);
    }

    function test_all_seats_binding_and_equal_are_final_at_once() public {
        BlockResult memory result = resultOf(3, 10, 7);
        postAll(channelId, 0, 3);
        for (uint256 i = 0; i < 3; i++) {
            commit(channelId, 0, i, result, true);
        }
        reveal(channelId, 0, 0, result);
        reveal(channelId, 0, 1, result);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Processing));
        reveal(channelId, 0, 2, result);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Final));
        vm.assertEq(registry.finalOutputHash(channelId, 0), registry.outputHashOf(channelId, 0, result));
    }

    function test_a_seat_that_does_not_bind_waits_for_its_participant() public {
        BlockResult memory result = resultOf(3, 10, 7);
        postAll(channelId, 0, 3);
        for (uint256 i = 0; i < 3; i++) {
            commit(channelId, 0, i, result, i != 1);
        }
        for (uint256 i = 0; i < 3; i++) {
            reveal(channelId, 0, i, result);
        }
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Processing));
        bytes32 hash = registry.outputHashOf(channelId, 0, result);
        vm.prank(operator(1));
        registry.acceptResult(channelId, 0, hash);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Final));
    }

    function test_different_results_are_a_dispute_that_ends_by_time_and_never_void() public {
        dispute();
        turns(START + 110 + 1_000, Stage.Dispute, Stage.Final);
        vm.assertEq(stageIn(START + 1_000_000), uint256(Stage.Final));
    }

    function test_all_seats_binding_and_revealed_but_different_are_a_dispute() public {
        dispute();
        reveal(channelId, 0, 1, resultOf(3, 10, 7));
        vm.assertEq(registry.blockFacts(channelId, 0).results.length, 2);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Dispute));
    }

    function test_a_closed_channel_finishes_the_current_block_and_no_more() public {
        vm.warp(START + 100);
        vm.prank(account(2));
        registry.closeChannel(channelId);
        vm.assertEq(registry.channel(channelId).blocksEnd, 2);
        vm.assertEq(uint256(registry.stage(channelId, 1)), uint256(Stage.Collection));
        vm.assertEq(uint256(registry.stage(channelId, 2)), uint256(Stage.Void));
        vm.assertEq(uint256(registry.stageAt(channelId, 2, START + 205)), uint256(Stage.Void));
    }

    function test_a_block_beyond_blocksMax_is_unknown() public {
        bytes memory refusal =
            abi.encodeWithSelector(Errors.UnknownBlock.selector, channelId, BLOCKS_MAX, BLOCKS_MAX);
        vm.expectRevert(refusal);
        registry.stage(channelId, BLOCKS_MAX);
        vm.expectRevert(abi.encodeWithSelector(Errors.UnknownChannel.selector, bytes32(0)));
        registry.stage(0, 0);
    }

    /// With facts that no longer change, time alone never leads back, and nothing is undecided for ever.
    function testFuzz_stages_are_monotone_in_time(uint256 seed, uint256 early, uint256 late) public view {
        ChannelTerms memory terms = termsFor(3);
        BlockState memory state;
        uint256 known = START;
        if (seed & 7 != 0) {
            // A third of the masks are whole; then processing starts with the last part.
            state.posted = uint16(seed & 7);
            state.lastPostedAt = uint40(START + 110 + ((seed >> 8) % 20));
            known = state.lastPostedAt;
            uint256 processingFrom = BlockStages.processingStart(terms, 0, state);
            if ((seed >> 16) & 3 != 0) {
                state.firstRevealedAt = uint40(processingFrom + ((seed >> 24) % 80));
                known = state.firstRevealedAt;
                state.seats = uint16((seed >> 32) & 7);
                state.revealed = state.seats;
                state.binding = uint16((seed >> 40) & 7) & state.seats;
                state.accepted = uint16((seed >> 48) & 7);
                if ((seed >> 56) & 1 == 1) {
                    uint256 windows = BlockStages.periodStart(terms, processingFrom, state, known) + 100;
                    known += (seed >> 64) % (windows - known);
                    state.disputedAt = uint40(known);
                }
            }
        }
        early = bound(early, known, known + 3_000);
        late = bound(late, early, known + 3_000);
        uint256 before = uint256(BlockStages.stageOf(terms, 0, BLOCKS_MAX, state, early));
        uint256 afterwards = uint256(BlockStages.stageOf(terms, 0, BLOCKS_MAX, state, late));
        vm.assertLe(before, afterwards, "a stage went back");
        uint256 last = uint256(BlockStages.stageOf(terms, 0, BLOCKS_MAX, state, START + 5_000));
        vm.assertGe(last, uint256(Stage.Final), "undecided for ever");
        bool isVoid = last == uint256(Stage.Void);
        vm.assertTrue(isVoid == (state.firstRevealedAt == 0), "void if and only if nobody revealed");
    }

    function dispute() private {
        BlockResult memory one = resultOf(3, 10, 7);
        BlockResult memory other = resultOf(3, 11, 7);
        postAll(channelId, 0, 3);
        for (uint256 i = 0; i < 3; i++) {
            commit(channelId, 0, i, i == 2 ? other : one, true);
        }
        reveal(channelId, 0, 0, one);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Processing));
        reveal(channelId, 0, 2, other);
        vm.assertEq(uint256(registry.stage(channelId, 0)), uint256(Stage.Dispute));
    }

    /// The stage is `left` until a second before `time` and `right` from then on.
    function turns(uint256 time, Stage left, Stage right) private view {
        vm.assertEq(stageIn(time - 1), uint256(left));
        vm.assertEq(stageIn(time), uint256(right));
    }

    function stageIn(uint256 time) private view returns (uint256) {
        return uint256(registry.stageAt(channelId, 0, uint64(time)));
    }
}
