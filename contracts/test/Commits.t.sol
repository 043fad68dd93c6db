// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors as Errors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {IParticipantRegistry} from "../src/interfaces/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../src/interfaces/IValidatorRegistry.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

contract PartsTest is ChannelFixture {
    bytes32 private channelId;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
    }

    function test_a_part_is_posted_in_collation_only() public {
        vm.warp(collationAt(0) - 1);
        refusesPart(Stage.Collection);
        vm.warp(collationAt(0));
        post(channelId, 0, 0);
        vm.warp(deadlineOfParts(0) - 1);
        post(channelId, 0, 1);
        vm.warp(deadlineOfParts(0));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), Stage.Processing)
        );
        post(channelId, 0, 2);
    }

    function test_a_part_is_written_once_and_the_same_again_changes_nothing() public {
        vm.warp(collationAt(0));
        post(channelId, 0, 1);
        bytes32 before = keccak256(abi.encode(registry.blockFacts(channelId, 0)));
        vm.warp(collationAt(0) + 5);
        post(channelId, 0, 1);
        vm.warp(deadlineOfParts(0) + 5);
        post(channelId, 0, 1);
        vm.assertEq(keccak256(abi.encode(registry.blockFacts(channelId, 0))), before);
        bytes32 root = keccak256(abi.encode(uint64(0), uint256(1)));
        bytes32 index = keccak256("index");
        refusesOther(root, keccak256("other"), 3, index);
        refusesOther(root, root, 4, index);
        refusesOther(root, root, 3, keccak256("other"));
        vm.assertEq(keccak256(abi.encode(registry.blockFacts(channelId, 0))), before);
    }

    function test_account_or_current_operator_key_posts_and_nobody_else() public {
        vm.warp(collationAt(0));
        bytes32 nothing = sha256("");
        vm.prank(account(2));
        registry.postPart(channelId, 0, 0, 0, nothing);
        IParticipantRegistry.Keys memory keys = keysOf(1);
        keys.operatorKey = address(0xabc);
        vm.prank(account(1));
        participants.register(keys);
        vm.expectRevert(abi.encodeWithSelector(Errors.NotParticipant.selector, channelId, operator(1)));
        post(channelId, 0, 1);
        vm.prank(address(0xabc));
        registry.postPart(channelId, 0, bytes32(uint256(5)), 1, bytes32(uint256(6)));
        PartFacts[] memory parts = registry.blockFacts(channelId, 0).parts;
        vm.assertEq(parts.length, 2);
        vm.assertEq(parts[0].participant, 1);
        vm.assertEq(parts[0].partRoot, bytes32(uint256(5)));
        vm.assertEq(parts[0].segmentCount, 1);
        vm.assertEq(parts[0].indexHash, bytes32(uint256(6)));
        vm.assertEq(parts[0].postedAt, collationAt(0));
        vm.assertEq(parts[1].participant, 2);
    }

    function refusesPart(Stage stage) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), stage));
        post(channelId, 0, 2);
    }

    function refusesOther(bytes32 posted, bytes32 root, uint32 count, bytes32 index) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.PartAlreadyPosted.selector, channelId, uint64(0), uint8(1), posted
            )
        );
        vm.prank(operator(1));
        registry.postPart(channelId, 0, root, count, index);
    }
}

contract CommitTest is ChannelFixture {
    bytes32 private channelId;
    BlockResult private result;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
        result = resultOf(3, 10, 3);
        vm.warp(collationAt(3));
        post(channelId, 3, 0);
        post(channelId, 3, 1);
        vm.warp(deadlineOfParts(3));
    }

    function test_a_seat_locks_a_bond_and_is_taken_once() public {
        commit(channelId, 3, 1, result, false);
        vm.assertEq(validators.validator(validator(1)).lockedWei, registry.seatBondWei());
        SeatFacts memory seat = registry.blockFacts(channelId, 3).seats[0];
        vm.assertEq(seat.participant, 1);
        vm.assertEq(seat.validator, validator(1));
        vm.assertFalse(seat.binding, "not binding");
        vm.assertEq(seat.nonce, 1);
        vm.assertEq(seat.commitment, commitmentOf(channelId, 3, 1, result));
        vm.assertEq(seat.committedAt, block.timestamp);
        vm.assertEq(seat.outputHash, 0);
        Delegation memory higher = delegationOf(channelId, 3, 1, true);
        higher.nonce = 2;
        higher.validator = validator(2);
        refuses(
            higher,
            abi.encodeWithSelector(Errors.SeatTaken.selector, channelId, uint64(3), uint8(1), validator(1))
        );
    }

    function test_before_the_first_commit_another_delegation_takes_the_seat() public {
        Delegation memory higher = delegationOf(channelId, 3, 1, true);
        higher.nonce = 2;
        higher.validator = validator(2);
        commit(higher, keccak256("any"));
        vm.assertEq(registry.blockFacts(channelId, 3).seats[0].validator, validator(2));
    }

    function test_commits_are_taken_in_the_first_half_of_processing_and_of_its_extension() public {
        uint256 start = deadlineOfParts(3);
        uint256 snapshot = vm.snapshotState();
        uint256[4] memory good = [start, start + 19, start + 40, start + 59];
        for (uint256 i = 0; i < good.length; i++) {
            vm.warp(good[i]);
            commit(channelId, 3, 1, result, true);
            vm.revertToState(snapshot);
            snapshot = vm.snapshotState();
        }
        refusesTime(start + 20, start, start + 20);
        refusesTime(start + 39, start, start + 20);
        refusesTime(start + 60, start + 40, start + 60);
        refusesTime(start + 79, start + 40, start + 60);
        refusesStage(start - 1, Stage.Collation);
        refusesStage(start + 80, Stage.Void);
    }

    function test_once_a_result_is_there_no_extension_takes_commits() public {
        uint256 start = deadlineOfParts(3);
        commit(channelId, 3, 1, result, true);
        vm.warp(start + 20);
        reveal(channelId, 3, 1, result);
        refusesTime(start + 39, start, start + 20, 0);
        vm.warp(start + 40);
        refusesWith(
            0, abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(3), Stage.Challenge)
        );
    }

    function test_only_the_named_validator_commits() public {
        Delegation memory delegation = delegationOf(channelId, 3, 1, true);
        bytes memory signature = signatureOf(OPERATOR + 1, registry.delegationDigest(delegation));
        bytes32[] memory path = keyPath(3);
        vm.prank(validator(2));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.NotDelegatedValidator.selector, validator(2), validator(1))
        );
        registry.commitResult(delegation, signature, path, 0);
    }

    function test_the_current_operator_key_of_the_participant_delegates() public {
        Delegation memory delegation = delegationOf(channelId, 3, 1, true);
        bytes32 digest = registry.delegationDigest(delegation);
        bytes memory refusal =
            abi.encodeWithSelector(Errors.DelegationSignatureRefused.selector, operator(1));
        refusesSigned(delegation, signatureOf(OPERATOR + 0, digest), refusal);
        refusesSigned(delegation, signatureOf(ACCOUNT + 1, digest), refusal);
        delegation.nonce = 2;
        refusesSigned(delegation, signatureOf(OPERATOR + 1, digest), refusal);
        delegation.nonce = 1;
        IParticipantRegistry.Keys memory keys = keysOf(1);
        keys.operatorKey = address(0);
        vm.prank(account(1));
        participants.register(keys);
        refusal = abi.encodeWithSelector(Errors.DelegationSignatureRefused.selector, address(0));
        refusesSigned(delegation, signatureOf(OPERATOR + 1, digest), refusal);
        refusesSigned(delegation, new bytes(65), refusal);
    }

    function test_a_delegation_ends_after_notAfter() public {
        Delegation memory delegation = delegationOf(channelId, 3, 1, true);
        delegation.notAfter = uint64(block.timestamp - 1);
        refuses(delegation, abi.encodeWithSelector(Errors.DelegationExpired.selector, delegation.notAfter));
        delegation.notAfter = uint64(block.timestamp);
        commit(delegation, 0);
    }

    function test_the_key_is_proven_under_keysRoot_at_the_blocks_index() public {
        Delegation memory delegation = delegationOf(channelId, 3, 1, true);
        delegation.keyCommitment = keyLeaves()[4];
        refuses(
            delegation,
            abi.encodeWithSelector(
                Errors.KeyCommitmentNotProven.selector, delegation.keyCommitment, uint64(3)
            )
        );
    }

    function test_a_validator_needs_a_free_bond_and_a_registration() public {
        vm.prank(validator(1));
        validators.withdrawBond(1 ether - 0.01 ether + 1);
        uint256 left = 0.01 ether - 1;
        refuses(
            delegationOf(channelId, 3, 1, true),
            abi.encodeWithSelector(IValidatorRegistry.BondTooSmall.selector, validator(1), left, left + 1)
        );
        Delegation memory delegation = delegationOf(channelId, 3, 1, true);
        delegation.validator = address(0xabc);
        refuses(
            delegation,
            abi.encodeWithSelector(IValidatorRegistry.ValidatorNotRegistered.selector, address(0xabc))
        );
    }

    function test_an_index_outside_the_participants_has_no_seat() public {
        Delegation memory delegation = delegationOf(channelId, 3, 1, true);
        delegation.participant = 3;
        refuses(
            delegation, abi.encodeWithSelector(Errors.UnknownParticipant.selector, channelId, uint256(3))
        );
    }

    function refuses(Delegation memory delegation, bytes memory refusal) private {
        uint256 key = OPERATOR + delegation.participant;
        refusesSigned(delegation, signatureOf(key, registry.delegationDigest(delegation)), refusal);
    }

    function refusesSigned(Delegation memory delegation, bytes memory signature, bytes memory refusal)
        private
    {
        bytes32[] memory path = keyPath(delegation.blockNumber);
        vm.prank(delegation.validator);
        vm.expectRevert(refusal);
        registry.commitResult(delegation, signature, path, 0);
    }

    function refusesTime(uint256 time, uint256 from, uint256 until) private {
        refusesTime(time, from, until, 1);
    }

    function refusesTime(uint256 time, uint256 from, uint256 until, uint256 participant) private {
        vm.warp(time);
        refusesWith(
            participant,
            abi.encodeWithSelector(Errors.WrongTime.selector, channelId, uint64(3), from, until)
        );
    }

    function refusesStage(uint256 time, Stage stage) private {
        vm.warp(time);
        refusesWith(1, abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(3), stage));
    }

    function refusesWith(uint256 participant, bytes memory refusal) private {
        refuses(delegationOf(channelId, 3, participant, true), refusal);
    }
}
