// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {Reason, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// Who posts a part when, and what is refused.
contract BlockPartsTest is BlockScene {
    bytes32 private constant ROOT = keccak256("root");
    bytes32 private constant INDEX = keccak256("index");
    /// participants × (⌊2^20 / 8,192⌋ + 1)
    uint32 private constant SEGMENTS_MAX = 3 * 129;

    function test_a_part_is_told_whole_and_locks_the_accounts_bond() external {
        vm.warp(begun());
        vm.expectEmit(address(blocks));
        emit IBlockFacts.PartPosted(id, N, 1, ROOT, 5, INDEX);
        expectWei(account(1), account(1), WeiBook.Free, WeiBook.Locked, Bonds.PART, Reason.PartBond);
        postBy(operator(1), ROOT, 5, INDEX);
        vm.assertEq(freeOf(account(1)), 10 ether - Bonds.PART);
        vm.assertEq(lockedOf(account(1)), Bonds.PART);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.PartPosted(id, N, 2, ROOT, 5, INDEX);
        postBy(account(2), ROOT, 5, INDEX);
    }

    function test_the_same_again_changes_nothing_at_any_time_and_another_part_is_refused() external {
        vm.warp(begun());
        postBy(operator(1), ROOT, 5, INDEX);
        bytes27 digest = bytes27(keccak256(abi.encode(ROOT, uint32(5), INDEX)));
        for (uint256 i = 0; i < 2; i++) {
            vm.recordLogs();
            postBy(account(1), ROOT, 5, INDEX);
            vm.assertEq(vm.getRecordedLogs().length, 0);
            vm.assertEq(lockedOf(account(1)), Bonds.PART);
            vm.expectRevert(
                abi.encodeWithSelector(IBlockFacts.PartAlreadyPosted.selector, id, N, 1, digest)
            );
            postBy(account(1), ROOT, 6, INDEX);
            vm.warp(begun() + 500);
        }
    }

    function test_collation_is_half_open_to_the_second() external {
        uint256[3] memory early = [startOf(N) - 1, startOf(N), begun() - 1];
        Stage[3] memory stages = [Stage.Pending, Stage.Collection, Stage.Collection];
        for (uint256 i = 0; i < 3; i++) {
            vm.warp(early[i]);
            refusePost(wrongStage(stages[i]));
        }
        vm.warp(begun());
        postBy(operator(0), ROOT, 1, INDEX);
        vm.warp(deadlineOfParts(N) - 1);
        postBy(operator(1), ROOT, 1, INDEX);
        vm.warp(deadlineOfParts(N));
        refusePost(wrongStage(Stage.Processing));
        vm.warp(deadlineOfParts(N) + 1);
        refusePost(wrongStage(Stage.Processing));
    }

    function test_without_a_part_the_block_is_void_at_the_end_of_collation() external {
        vm.warp(deadlineOfParts(N) - 1);
        requireStage(id, N, Stage.Collation);
        vm.warp(deadlineOfParts(N));
        requireStage(id, N, Stage.Void);
        refusePost(wrongStage(Stage.Void));
    }

    function test_a_block_counts_as_live_until_its_collation_ends_without_a_part() external {
        uint256[3] memory times = [startOf(0), deadlineOfParts(N) - 1, deadlineOfParts(N)];
        uint256[3] memory lives = [uint256(2), 1, 0];
        for (uint256 i = 0; i < 3; i++) {
            vm.warp(times[i]);
            vm.assertEq(blocks.liveBefore(id, N + 1), lives[i]);
            // Those that are still to come have not ended either.
            vm.assertEq(blocks.liveBefore(id, BLOCKS_MAX), lives[i] + BLOCKS_MAX - N - 1);
        }
        vm.warp(deadlineOfParts(N + 2) - 1);
        post(id, N + 2, 0);
        vm.warp(deadlineOfParts(N + 2) + 500);
        vm.assertEq(blocks.liveBefore(id, N + 2), 0);
        vm.assertEq(blocks.liveBefore(id, N + 3), 1);
        blocks.releaseVoid(id, N + 2);
        vm.assertEq(blocks.liveBefore(id, N + 3), 0);
    }

    function test_processing_starts_with_the_last_participants_part() external {
        vm.warp(begun() + 7);
        post(id, N, 0);
        post(id, N, 1);
        requireStage(id, N, Stage.Collation);
        vm.warp(begun() + 9);
        post(id, N, 2);
        requireStage(id, N, Stage.Processing);
        vm.warp(begun() + 9 + 79);
        requireStage(id, N, Stage.Processing);
        vm.warp(begun() + 9 + 80);
        requireStage(id, N, Stage.Void);
    }

    function test_an_unknown_channel_and_a_block_beyond_the_last_are_refused() external {
        vm.warp(begun());
        vm.prank(account(1));
        vm.expectRevert(unknownChannel());
        blocks.postPart(bytes32("nowhere"), N, ROOT, 1, INDEX);
        vm.prank(account(1));
        vm.expectRevert(unknownBlock());
        blocks.postPart(id, BLOCKS_MAX, ROOT, 1, INDEX);
        vm.warp(collationAt(BLOCKS_MAX - 1));
        post(id, BLOCKS_MAX - 1, 1);
    }

    function test_only_a_participants_account_or_current_operator_key_posts() external {
        vm.warp(begun());
        address[4] memory others = [STRANGER, validator(1), account(3), operator(3)];
        for (uint256 i = 0; i < 4; i++) {
            vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, others[i]));
            postBy(others[i], ROOT, 1, INDEX);
        }
        IParticipantRegistry.Keys memory keys = keysOf(1);
        keys.operatorKey = vm.addr(0x77);
        bytes memory possessed = possession(0x77, account(1), 2);
        vm.prank(account(1));
        participants.register(keys, "", possessed);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, operator(1)));
        postBy(operator(1), ROOT, 1, INDEX);
        postBy(vm.addr(0x77), ROOT, 1, INDEX);
    }

    function test_a_part_has_at_most_participants_times_rowsMax_segments() external {
        vm.warp(begun());
        vm.expectRevert(
            abi.encodeWithSelector(IBlockFacts.SegmentsTooMany.selector, SEGMENTS_MAX + 1, SEGMENTS_MAX)
        );
        postBy(account(1), ROOT, SEGMENTS_MAX + 1, INDEX);
        postBy(account(1), ROOT, SEGMENTS_MAX, INDEX);
    }

    function test_way_16_a_part_of_no_segments_has_the_empty_parts_roots() external {
        vm.warp(begun());
        bytes32 none = sha256("");
        refuseEmpty(ROOT, none);
        refuseEmpty(0, 0);
        refuseEmpty(0, INDEX);
        postBy(account(1), 0, 0, none);
    }

    function test_without_free_wei_for_the_bond_no_part_is_posted() external {
        vm.warp(begun());
        drain(account(1), Bonds.PART - 1);
        vm.expectRevert(tooLittle(account(1), WeiBook.Free, Bonds.PART - 1, Bonds.PART));
        postBy(operator(1), ROOT, 1, INDEX);
        vm.deal(address(this), 1);
        vault.depositWei{value: 1}(account(1));
        postBy(operator(1), ROOT, 1, INDEX);
        vm.assertEq(freeOf(account(1)), 0);
    }

    function test_of_a_closed_channel_only_blocks_that_started_go_on() external {
        vm.warp(startOf(N + 1) - 1);
        vm.prank(account(1));
        channels.closeChannel(id);
        requireStage(id, N + 1, Stage.Void);
        vm.warp(begun());
        post(id, N, 1);
        vm.warp(collationAt(N + 1));
        requireStage(id, N + 1, Stage.Void);
        vm.prank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.WrongStage.selector, id, N + 1, Stage.Void));
        blocks.postPart(id, N + 1, ROOT, 1, INDEX);
    }

    function postBy(address sender, bytes32 root, uint32 count, bytes32 index) private {
        vm.prank(sender);
        blocks.postPart(id, N, root, count, index);
    }

    function refusePost(bytes memory why) private {
        vm.expectRevert(why);
        postBy(operator(2), ROOT, 1, INDEX);
    }

    function refuseEmpty(bytes32 root, bytes32 index) private {
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.EmptyPartRefused.selector, root, index));
        postBy(account(1), root, 0, index);
    }
}
