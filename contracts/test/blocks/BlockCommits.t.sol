// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SeatWords} from "../../src/interfaces/BlockTypes.sol";
import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {Reason, WeiBook} from "../../src/interfaces/IVault.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// Who takes a seat when, whom it displaces, and what is refused.
contract BlockCommitsTest is BlockScene {
    bytes32 private constant COMMITMENT = keccak256("commitment");

    function setUp() public override {
        super.setUp();
        postAll(id, N, 3);
    }

    function test_a_commit_is_told_whole_and_locks_bond_and_fee() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.feeWei = 7;
        bytes memory signature = delegationSignature(one);
        bytes32[] memory path = keyPath(N);
        expectWei(account(1), account(1), WeiBook.Free, WeiBook.Locked, 7, Reason.Fee);
        expectWei(validator(1), validator(1), WeiBook.Stake, WeiBook.Locked, Bonds.SEAT, Reason.SeatBond);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultCommitted(id, N, 1, one, COMMITMENT, address(0));
        vm.prank(validator(1));
        blocks.commitResult(one, signature, path, COMMITMENT);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + 7);
        vm.assertEq(lockedOf(validator(1)), Bonds.SEAT);
        SeatWords memory expected = SeatWords(1, validator(1), true, 1, 7, COMMITMENT, false, 0);
        vm.assertEq(abi.encode(lens.blockWords(id, N).seats[0]), abi.encode(expected));
    }

    function test_a_higher_nonce_displaces_and_bond_and_fee_come_back() external {
        Delegation memory first = delegationOf(id, N, 1, true);
        first.feeWei = 7;
        commit(first, COMMITMENT);
        Delegation memory second = delegationOf(id, N, 1, false);
        (second.validator, second.nonce, second.feeWei) = (validator(9), 2, 3);
        bytes memory signature = delegationSignature(second);
        bytes32[] memory path = keyPath(N);
        expectWei(validator(1), validator(1), WeiBook.Locked, WeiBook.Stake, Bonds.SEAT, Reason.SeatBond);
        expectWei(account(1), account(1), WeiBook.Locked, WeiBook.Free, 7, Reason.Fee);
        expectWei(account(1), account(1), WeiBook.Free, WeiBook.Locked, 3, Reason.Fee);
        expectWei(validator(9), validator(9), WeiBook.Stake, WeiBook.Locked, Bonds.SEAT, Reason.SeatBond);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultCommitted(id, N, 1, second, keccak256("other"), validator(1));
        vm.prank(validator(9));
        blocks.commitResult(second, signature, path, keccak256("other"));
        vm.assertEq(lockedOf(validator(1)), 0);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + 3);
        SeatWords memory expected = SeatWords(1, validator(9), false, 2, 3, keccak256("other"), false, 0);
        vm.assertEq(abi.encode(lens.blockWords(id, N).seats[0]), abi.encode(expected));
        // Without a fee nothing of the last one stays locked, and binding counts again.
        Delegation memory third = delegationOf(id, N, 1, true);
        third.nonce = 3;
        commit(third, COMMITMENT);
        vm.assertEq(lockedOf(account(1)), Bonds.PART);
        vm.assertEq(lockedOf(validator(9)), 0);
        vm.assertTrue(lens.blockWords(id, N).seats[0].binding, "binding");
        vm.assertEq(lens.blockWords(id, N).seats[0].feeWei, 0);
    }

    function test_an_equal_or_lower_nonce_displaces_nobody() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.nonce = 5;
        commit(one, COMMITMENT);
        for (uint64 nonce = 4; nonce <= 5; nonce++) {
            one.nonce = nonce;
            refuseCommit(one, abi.encodeWithSelector(IBlockFacts.NonceTooLow.selector, 5, nonce));
        }
    }

    function test_commits_are_taken_in_the_first_half_to_the_second() external {
        vm.warp(begun() + 19);
        commit(id, N, 0, low(), true);
        Delegation memory one = delegationOf(id, N, 1, true);
        uint8[3] memory late = [20, 21, 39];
        for (uint256 i = 0; i < 3; i++) {
            vm.warp(begun() + late[i]);
            refuseCommit(one, wrongTime(begun(), begun() + 20));
        }
        vm.warp(begun() + 40);
        commit(id, N, 1, low(), true);
        vm.warp(begun() + 59);
        commit(id, N, 2, low(), true);
        one.nonce = 2;
        for (uint256 time = 60; time < 62; time++) {
            vm.warp(begun() + time);
            refuseCommit(one, wrongTime(begun() + 40, begun() + 60));
        }
        vm.warp(begun() + 80);
        refuseCommit(one, wrongStage(Stage.Void));
    }

    function test_no_commit_before_processing() external {
        Delegation memory one = delegationOf(id, N + 1, 1, true);
        uint256[3] memory times = [startOf(N + 1), collationAt(N + 1), deadlineOfParts(N + 1) - 1];
        Stage[3] memory stages = [Stage.Collection, Stage.Collation, Stage.Collation];
        for (uint256 i = 0; i < 3; i++) {
            vm.warp(times[i]);
            if (i == 1) post(id, N + 1, 0);
            refuseCommit(one, abi.encodeWithSelector(IBlockFacts.WrongStage.selector, id, N + 1, stages[i]));
        }
        vm.warp(deadlineOfParts(N + 1));
        commit(one, COMMITMENT);
    }

    function test_after_the_first_reveal_no_commit_and_no_displacement() external {
        for (uint256 i = 0; i < 2; i++) {
            commit(id, N, i, low(), true);
        }
        vm.warp(begun() + 40);
        commit(id, N, 2, low(), true);
        reveal(id, N, 0, low());
        Delegation memory one = delegationOf(id, N, 1, true);
        one.nonce = 2;
        refuseCommit(one, abi.encodeWithSelector(IBlockFacts.FirstRevealDone.selector, id, N, begun() + 40));
    }

    function test_a_delegation_is_good_up_to_and_including_its_last_second() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.notAfter = uint64(begun() + 4);
        vm.warp(begun() + 5);
        refuseCommit(one, abi.encodeWithSelector(IBlockFacts.DelegationExpired.selector, begun() + 4));
        vm.warp(begun() + 4);
        commit(one, COMMITMENT);
    }

    function test_binding_takes_a_validator_that_the_account_named_before_the_blocks_start() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.validator = validator(9);
        refuseCommit(one, notOwn(0));
        uint256 now_ = block.timestamp;
        uint256[2] memory late = [startOf(N), startOf(N) + 1];
        for (uint256 i = 0; i < 2; i++) {
            name(validator(9), late[i]);
            vm.warp(now_);
            refuseCommit(one, notOwn(late[i]));
        }
        name(validator(9), startOf(N) - 1);
        vm.warp(now_);
        commit(one, COMMITMENT);
    }

    function test_who_is_not_binding_need_not_be_named() external {
        Delegation memory one = delegationOf(id, N, 1, false);
        one.validator = validator(9);
        commit(one, COMMITMENT);
        vm.assertFalse(lens.blockWords(id, N).seats[0].binding, "binding");
    }

    function test_an_unknown_channel_block_or_participant_is_refused() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.channelId = bytes32("nowhere");
        refuseCommit(one, unknownChannel());
        one.channelId = id;
        one.blockNumber = BLOCKS_MAX;
        refuseCommit(one, unknownBlock());
        one.blockNumber = N;
        one.participant = 3;
        refuseCommit(one, abi.encodeWithSelector(IBlockFacts.UnknownParticipant.selector, id, 3));
    }

    function test_the_delegated_validator_alone_commits() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        bytes memory signature = delegationSignature(one);
        address[3] memory others = [STRANGER, validator(2), account(1)];
        for (uint256 i = 0; i < 3; i++) {
            refuseCommit(
                one,
                signature,
                others[i],
                abi.encodeWithSelector(IBlockFacts.NotDelegatedValidator.selector, others[i], validator(1))
            );
        }
    }

    function test_every_field_of_a_delegation_is_signed() external {
        bytes memory signature = delegationSignature(delegationOf(id, N, 1, false));
        bytes memory why =
            abi.encodeWithSelector(IBlockFacts.DelegationSignatureRefused.selector, operator(1));
        Delegation memory one = delegationOf(id, N, 1, false);
        one.validator = validator(9);
        refuseCommit(one, signature, validator(9), why);
        one = delegationOf(id, N, 1, true);
        refuseCommit(one, signature, validator(1), why);
        one = delegationOf(id, N, 1, false);
        one.feeWei = 1;
        refuseCommit(one, signature, validator(1), why);
        one = delegationOf(id, N, 1, false);
        one.nonce = 2;
        refuseCommit(one, signature, validator(1), why);
        one = delegationOf(id, N, 1, false);
        one.notAfter++;
        refuseCommit(one, signature, validator(1), why);
        one = delegationOf(id, N, 1, false);
        one.keyCommitment = keyLeaves()[2];
        refuseCommit(one, signature, validator(1), why);
        one = delegationOf(id, N, 1, false);
        one.participant = 2;
        why = abi.encodeWithSelector(IBlockFacts.DelegationSignatureRefused.selector, operator(2));
        refuseCommit(one, signature, validator(1), why);
        one.participant = 1;
        // The other form of the same signature, the account's key, and a key that was rotated away.
        why = abi.encodeWithSelector(IBlockFacts.DelegationSignatureRefused.selector, operator(1));
        refuseCommit(one, highS(signature), validator(1), why);
        bytes memory byAccount = signatureOf(ACCOUNT + 1, channels.delegationDigest(one));
        refuseCommit(one, byAccount, validator(1), why);
        rotateOperator();
        why = abi.encodeWithSelector(IBlockFacts.DelegationSignatureRefused.selector, vm.addr(0x77));
        refuseCommit(one, signature, validator(1), why);
    }

    function test_a_signature_for_one_block_fills_no_seat_of_another() external {
        bytes memory signature = delegationSignature(delegationOf(id, N, 1, false));
        postAll(id, N + 1, 3);
        Delegation memory one = delegationOf(id, N + 1, 1, false);
        bytes memory why =
            abi.encodeWithSelector(IBlockFacts.DelegationSignatureRefused.selector, operator(1));
        refuseCommit(one, signature, validator(1), why);
    }

    function test_the_key_is_the_blocks_own_under_the_terms_root() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.keyCommitment = keyLeaves()[2];
        bytes32[] memory path = keyPath(2);
        refuseKey(one, path);
        one = delegationOf(id, N, 1, true);
        path = keyPath(N);
        bytes32[] memory longer = new bytes32[](path.length + 1);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < path.length; i++) {
            longer[i] = path[i];
            if (i < shorter.length) shorter[i] = path[i];
        }
        refuseKey(one, longer);
        refuseKey(one, shorter);
        path[0] ^= bytes32(uint256(1));
        refuseKey(one, path);
        commit(one, COMMITMENT);
    }

    function test_bond_and_fee_must_be_there() external {
        Delegation memory one = delegationOf(id, N, 1, true);
        one.feeWei = 10 ether;
        refuseCommit(one, tooLittle(account(1), WeiBook.Free, 10 ether - Bonds.PART, 10 ether));
        one.feeWei = 1 << 96;
        refuseCommit(
            one, abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, 1 << 96)
        );
        address poor = vm.addr(0x99);
        vm.deal(poor, Bonds.SEAT - 1);
        vm.prank(poor);
        vault.depositWei{value: Bonds.SEAT - 1}(poor);
        one = delegationOf(id, N, 1, false);
        one.validator = poor;
        refuseCommit(one, tooLittle(poor, WeiBook.Stake, 0, Bonds.SEAT));
    }

    function refuseKey(Delegation memory one, bytes32[] memory path) private {
        bytes memory signature = delegationSignature(one);
        vm.expectRevert(
            abi.encodeWithSelector(IBlockFacts.KeyCommitmentNotProven.selector, one.keyCommitment, N)
        );
        vm.prank(one.validator);
        blocks.commitResult(one, signature, path, COMMITMENT);
    }

    function notOwn(uint256 since) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.ValidatorNotOwn.selector, account(1), validator(9), since);
    }

    /// As if the seller had named it at that time.
    function name(address one, uint256 time) private {
        vm.warp(time);
        vm.startPrank(account(1));
        validators.nameOwn(one, false);
        validators.nameOwn(one, true);
        vm.stopPrank();
    }

    function rotateOperator() private {
        IParticipantRegistry.Keys memory keys = keysOf(1);
        keys.operatorKey = vm.addr(0x77);
        bytes memory possessed = possession(0x77, account(1), 2);
        vm.prank(account(1));
        participants.register(keys, "", possessed);
    }
}
