// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IParticipantRegistry} from "../src/interfaces/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../src/interfaces/IValidatorRegistry.sol";
import {ValidatorRegistry} from "../src/ValidatorRegistry.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

contract ParticipantRegistryTest is ChannelFixture {
    function test_a_change_counts_from_the_next_second_on() public {
        address who = account(0);
        vm.warp(START);
        registerAs(who, address(0xaa));
        vm.assertEq(recordKeyAt(who, START), keysOf(0).recordKey);
        vm.assertEq(recordKeyAt(who, START + 1), address(0xaa));
        (IParticipantRegistry.Keys memory keys, uint64 registeredAt) = participants.currentKeys(who);
        vm.assertEq(keys.recordKey, address(0xaa));
        vm.assertEq(registeredAt, START);
    }

    function test_before_the_first_registration_there_are_no_keys() public view {
        (IParticipantRegistry.Keys memory keys, uint64 registeredAt) =
            participants.keysAt(account(0), START - 1_000);
        vm.assertEq(keys.recordKey, address(0));
        vm.assertEq(registeredAt, 0);
        (, registeredAt) = participants.currentKeys(address(0xdead));
        vm.assertEq(registeredAt, 0);
        vm.assertEq(participants.operatorKeyOf(address(0xdead)), address(0));
    }

    function test_of_two_changes_in_one_second_the_later_counts() public {
        vm.warp(START);
        registerAs(account(0), address(0xaa));
        registerAs(account(0), address(0xbb));
        vm.assertEq(recordKeyAt(account(0), START + 1), address(0xbb));
        vm.assertEq(participants.registrationCount(account(0)), 3);
        (IParticipantRegistry.Keys memory keys,) = participants.registrationAt(account(0), 1);
        vm.assertEq(keys.recordKey, address(0xaa));
    }

    /// Against a plain search from the end of the history.
    function testFuzz_keysAt_is_the_last_registration_strictly_before(uint64[8] memory gaps, uint64 probe)
        public
    {
        uint64[8] memory times;
        uint64 time = START;
        for (uint256 i = 0; i < gaps.length; i++) {
            time += uint64(bound(gaps[i], 0, 5));
            times[i] = time;
            vm.warp(time);
            registerAs(account(20), address(uint160(i + 1)));
        }
        probe = uint64(bound(probe, START - 2, time + 2));
        address expected;
        for (uint256 i = 0; i < times.length; i++) {
            if (times[i] < probe) expected = address(uint160(i + 1));
        }
        vm.assertEq(recordKeyAt(account(20), probe), expected);
    }

    function test_a_revoked_key_is_no_key_and_nobody_is_found_by_it() public {
        address[] memory accounts = new address[](2);
        accounts[0] = account(0);
        accounts[1] = account(1);
        vm.assertEq(participants.indexByOperatorKey(accounts, operator(1)), 1);
        vm.assertTrue(participants.isRegistered(account(1)), "registered");
        vm.prank(account(1));
        participants.register(IParticipantRegistry.Keys(address(0), address(0), bytes32(uint256(1)), ""));
        vm.assertEq(participants.indexByOperatorKey(accounts, operator(1)), 2);
        vm.assertEq(participants.indexByOperatorKey(accounts, address(0)), 2);
        vm.assertFalse(participants.isRegistered(account(1)), "revoked");
    }

    function test_an_operator_key_acts_for_one_account_for_good() public {
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.operatorKey = operator(1);
        bytes memory refusal =
            abi.encodeWithSelector(IParticipantRegistry.OperatorKeyTaken.selector, operator(1), account(1));
        vm.expectRevert(refusal);
        vm.prank(account(0));
        participants.register(keys);
        vm.startPrank(account(1));
        participants.register(keysOf(99));
        vm.stopPrank();
        vm.expectRevert(refusal);
        vm.prank(account(0));
        participants.register(keys);
        // Its own former key an account may take again.
        vm.prank(account(1));
        participants.register(keysOf(1));
        vm.assertEq(participants.operatorKeyOf(account(1)), operator(1));
    }

    function test_an_endpoint_of_any_length_is_not_stored() public {
        string memory endpoint = string(new bytes(513));
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.EndpointTooLong.selector, uint256(513), uint256(512)
            )
        );
        participants.register(
            IParticipantRegistry.Keys(address(1), address(1), bytes32(uint256(1)), endpoint)
        );
    }

    function registerAs(address who, address recordKey) private {
        vm.prank(who);
        participants.register(IParticipantRegistry.Keys(recordKey, address(0), bytes32(uint256(1)), "x"));
    }

    function recordKeyAt(address who, uint64 timestamp) private view returns (address) {
        (IParticipantRegistry.Keys memory keys,) = participants.keysAt(who, timestamp);
        return keys.recordKey;
    }
}

contract ValidatorRegistryTest is ChannelFixture {
    function test_the_channel_registry_is_set_once_by_the_deployer() public {
        ValidatorRegistry fresh = new ValidatorRegistry();
        vm.prank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NotDeployer.selector, account(1)));
        fresh.setChannelRegistry(address(1));
        fresh.setChannelRegistry(address(1));
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.ChannelRegistryAlreadySet.selector, address(1))
        );
        fresh.setChannelRegistry(address(2));
    }

    function test_only_the_channel_registry_locks_unlocks_and_slashes() public {
        bytes memory refusal =
            abi.encodeWithSelector(IValidatorRegistry.NotChannelRegistry.selector, account(1));
        vm.startPrank(account(1));
        vm.expectRevert(refusal);
        validators.lockBond(validator(0), 1);
        vm.expectRevert(refusal);
        validators.unlockBond(validator(0), 1);
        vm.expectRevert(refusal);
        validators.slashBond(validator(0), 1);
        vm.stopPrank();
    }

    function test_a_bond_grows_locks_and_comes_back() public {
        vm.prank(address(registry));
        validators.lockBond(validator(0), 0.4 ether);
        vm.startPrank(validator(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidatorRegistry.BondTooSmall.selector, validator(0), 0.6 ether, 0.6 ether + 1
            )
        );
        validators.withdrawBond(0.6 ether + 1);
        validators.withdrawBond(0.6 ether);
        vm.assertEq(validator(0).balance, 0.6 ether);
        validators.addBond{value: 0.1 ether}();
        vm.stopPrank();
        IValidatorRegistry.Validator memory facts = validators.validator(validator(0));
        vm.assertEq(facts.bondWei, 0.5 ether);
        vm.assertEq(facts.lockedWei, 0.4 ether);
        vm.startPrank(address(registry));
        validators.slashBond(validator(0), 0.1 ether);
        vm.assertEq(address(registry).balance, 0.1 ether);
        validators.unlockBond(validator(0), 0.3 ether);
        vm.stopPrank();
        facts = validators.validator(validator(0));
        vm.assertEq(facts.bondWei, 0.4 ether);
        vm.assertEq(facts.lockedWei, 0);
    }

    function test_registering_again_changes_the_endpoint_and_keeps_the_bond() public {
        vm.deal(validator(0), 1 ether);
        vm.prank(validator(0));
        validators.register{value: 0.5 ether}(bytes32(uint256(9)), "http://other.example");
        IValidatorRegistry.Validator memory facts = validators.validator(validator(0));
        vm.assertEq(facts.endpoint, "http://other.example");
        vm.assertEq(facts.encryptionKey, bytes32(uint256(9)));
        vm.assertEq(facts.bondWei, 1.5 ether);
        vm.assertEq(validators.validatorCount(), 16);
    }

    function test_accounts_come_in_pages() public view {
        address[] memory page = validators.validatorAccounts(14, 5);
        vm.assertEq(page.length, 2);
        vm.assertEq(page[1], validator(15));
        vm.assertEq(validators.validatorAccounts(16, 5).length, 0);
        vm.assertEq(validators.validatorAccounts(0, 3).length, 3);
    }

    function test_strangers_have_no_bond() public {
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.ValidatorNotRegistered.selector, address(this))
        );
        validators.addBond();
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.ValidatorNotRegistered.selector, address(this))
        );
        validators.withdrawBond(0);
        vm.expectRevert(IValidatorRegistry.EncryptionKeyMissing.selector);
        validators.register(0, "");
        string memory endpoint = string(new bytes(513));
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.EndpointTooLong.selector, uint256(513), uint256(512))
        );
        validators.register(bytes32(uint256(1)), endpoint);
    }
}
