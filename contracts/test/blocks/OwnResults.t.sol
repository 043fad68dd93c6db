// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Stance} from "../../src/interfaces/BlockTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IResultRules} from "../../src/interfaces/IResultRules.sol";
import {Reason, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// What participants reveal by themselves, when, and for what bond.
contract OwnResultsTest is BlockScene {
    function test_an_own_result_is_told_whole_and_locks_a_bond() external {
        revealedByOne();
        vm.warp(begun() + 40);
        BlockResult memory result = high();
        bytes32 hash = hashOf(result);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.OwnResultRevealed(id, N, 1, hash, result);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.BlockDisputed(id, N);
        expectWei(
            account(1), account(1), WeiBook.Free, WeiBook.Locked, Bonds.OWN_RESULT, Reason.OwnResultBond
        );
        vm.prank(operator(1));
        blocks.revealOwnResult(id, N, result, OPENING);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + Bonds.OWN_RESULT);
        vm.assertEq(abi.encode(lens.blockWords(id, N).ownResults[0]), abi.encode(Stance(1, 1)));
    }

    function test_the_challenge_period_takes_own_results_to_the_second() external {
        revealedByOne();
        vm.warp(begun() + 39);
        refuseOwn(1, low(), wrongTime(begun() + 40, begun() + 100));
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, low());
        vm.warp(begun() + 99);
        revealOwn(id, N, 2, low());
    }

    function test_from_the_end_of_the_challenge_on_none_is_taken() external {
        revealedByOne();
        vm.warp(begun() + 100);
        refuseOwn(1, low(), wrongStage(Stage.Final));
        // In a dispute neither, though that goes on.
        vm.warp(begun() + 99);
        revealOwn(id, N, 1, high());
        vm.warp(begun() + 100);
        requireStage(id, N, Stage.Dispute);
        refuseOwn(2, low(), wrongTime(begun() + 40, begun() + 100));
        vm.warp(begun() + 99);
        revealOwn(id, N, 2, high());
    }

    function test_the_reveal_half_of_the_extension_takes_own_results_to_the_second() external {
        postAll(id, N, 3);
        uint8[4] memory early = [0, 39, 40, 59];
        for (uint256 i = 0; i < 4; i++) {
            vm.warp(begun() + early[i]);
            if (early[i] < 40) refuseOwn(1, low(), wrongTime(begun() + 40, begun() + 100));
            else refuseOwn(1, low(), wrongTime(begun() + 60, begun() + 140));
        }
        vm.warp(begun() + 80);
        refuseOwn(1, low(), wrongStage(Stage.Void));
        vm.warp(begun() + 79);
        revealOwn(id, N, 1, low());
        vm.warp(begun() + 80);
        revealOwn(id, N, 2, low());
        vm.warp(begun() + 139);
        revealOwn(id, N, 0, low());
        vm.warp(begun() + 140);
        requireStage(id, N, Stage.Final);
    }

    function test_none_is_taken_before_processing() external {
        uint256[2] memory times = [startOf(N) - 1, begun()];
        Stage[2] memory stages = [Stage.Pending, Stage.Collation];
        for (uint256 i = 0; i < 2; i++) {
            vm.warp(times[i]);
            refuseOwn(1, low(), wrongStage(stages[i]));
        }
    }

    function test_a_participant_reveals_one_result_of_its_own() external {
        disputed();
        refuseOwn(1, low(), abi.encodeWithSelector(IBlockFacts.AlreadyRevealed.selector, id, N, 1));
    }

    function test_only_a_participant_of_a_known_block() external {
        revealedByOne();
        vm.warp(begun() + 40);
        BlockResult memory result = high();
        address[3] memory others = [STRANGER, validator(1), account(3)];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, others[i]));
            vm.prank(others[i]);
            blocks.revealOwnResult(id, N, result, OPENING);
        }
        vm.expectRevert(unknownChannel());
        vm.prank(account(1));
        blocks.revealOwnResult(bytes32("nowhere"), N, result, OPENING);
        vm.expectRevert(unknownBlock());
        vm.prank(account(1));
        blocks.revealOwnResult(id, BLOCKS_MAX, result, OPENING);
    }

    function test_way_07_whose_binding_seat_revealed_posts_no_other_result_in_the_last_second() external {
        revealedByOne();
        vm.warp(begun() + 99);
        bytes32 hash = hashOf(low());
        refuseOwn(0, high(), abi.encodeWithSelector(IBlockFacts.AlreadyBound.selector, id, N, 0, hash));
    }

    function test_who_accepted_a_result_reveals_no_other() external {
        revealedByOne();
        vm.warp(begun() + 41);
        bytes32 hash = hashOf(low());
        vm.prank(account(2));
        blocks.acceptResult(id, N, 2, hash);
        refuseOwn(2, high(), abi.encodeWithSelector(IBlockFacts.AlreadyBound.selector, id, N, 2, hash));
    }

    function test_whose_seat_does_not_bind_may_say_otherwise() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), false);
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
        vm.warp(begun() + 40);
        revealOwn(id, N, 0, high());
        requireStage(id, N, Stage.Dispute);
    }

    function test_without_the_bond_and_with_a_bad_result_none_is_taken() external {
        revealedByOne();
        vm.warp(begun() + 40);
        drain(account(1), Bonds.OWN_RESULT - 1);
        bytes memory why = tooLittle(account(1), WeiBook.Free, Bonds.OWN_RESULT - 1, Bonds.OWN_RESULT);
        refuseOwn(1, high(), why);
        why = abi.encodeWithSelector(IResultRules.ValidPartsNotPosted.selector, 15, 7);
        refuseOwn(2, resultOf(3, 1000, 15), why);
    }

    function test_way_12_a_public_result_of_the_extension_is_neither_copied_nor_displaced() external {
        postAll(id, N, 3);
        vm.warp(begun() + 60);
        revealOwn(id, N, 1, low());
        // Whoever saw it commits to it no more, neither now nor later.
        bytes memory why = abi.encodeWithSelector(IBlockFacts.FirstRevealDone.selector, id, N, begun() + 60);
        refuseCommit(delegationOf(id, N, 0, true), why);
        vm.warp(begun() + 79);
        refuseCommit(delegationOf(id, N, 2, true), why);
        // And before it no own result is public: a commit half has none.
        vm.assertEq(lens.blockWords(id, N).results.length, 1);
    }

    function test_way_20_own_results_cost_a_bond_after_an_extension_too() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        vm.warp(begun() + 60);
        reveal(id, N, 0, low());
        vm.warp(begun() + 100);
        requireStage(id, N, Stage.Challenge);
        revealOwn(id, N, 1, high());
        vm.assertEq(lockedOf(account(1)), Bonds.PART + Bonds.OWN_RESULT);
    }
}
