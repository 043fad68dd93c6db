// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {Organisations} from "../support/Organisations.sol";

/// Keys prove themselves, serve one account at a time, and leave a history.
contract KeyRegistryTest is Organisations {
    IParticipantRegistry.Keys private none;

    function test_keys_are_registered_with_a_signature_of_each() public {
        address who = account(30);
        IParticipantRegistry.Keys memory keys = keysOf(30);
        bytes memory recordSignature = possession(RECORDER + 30, who, 1);
        bytes memory operatorSignature = possession(OPERATOR + 30, who, 2);
        vm.assertFalse(participants.isRegistered(who), "before");
        vm.assertEq(participants.operatorKeyOf(who), address(0));
        expectKeys(who, 0, keys);
        vm.prank(who);
        participants.register(keys, recordSignature, operatorSignature);
        vm.assertTrue(participants.isRegistered(who), "after");
        vm.assertEq(participants.registrationCount(who), 1);
        vm.assertEq(participants.operatorKeyOf(who), keys.operatorKey);
        vm.assertEq(participants.accountOf(keys.recordKey), who);
        vm.assertEq(participants.accountOf(keys.operatorKey), who);
        vm.assertEq(participants.operatorAccountOf(keys.operatorKey), who);
        vm.assertEq(participants.operatorAccountOf(keys.recordKey), address(0));
        (IParticipantRegistry.Keys memory read, uint64 registeredAt) = participants.currentKeys(who);
        vm.assertEq(abi.encode(read), abi.encode(keys));
        vm.assertEq(registeredAt, block.timestamp);
    }

    function test_nothing_is_known_of_an_account_that_never_registered() public view {
        address who = account(31);
        (IParticipantRegistry.Keys memory keys, uint64 registeredAt) = participants.currentKeys(who);
        vm.assertEq(abi.encode(keys), abi.encode(none));
        vm.assertEq(registeredAt, 0);
        (keys, registeredAt) = participants.keysAt(who, type(uint64).max);
        vm.assertEq(abi.encode(keys), abi.encode(none));
        vm.assertEq(registeredAt, 0);
        vm.assertEq(participants.accountOf(operator(31)), address(0));
        vm.assertEq(participants.accountOf(address(0)), address(0));
    }

    /// An outsider sees another's operator key and registers it as its own, to block it or to be taken for it.
    function test_way_09_nobody_registers_a_key_without_its_signature() public {
        address outsider = address(0xbad);
        IParticipantRegistry.Keys memory keys = keysOf(40);
        bytes memory mine = possession(RECORDER + 40, outsider, 1);
        bytes[5] memory bad = [
            bytes(""),
            // By another key; for another account; for another purpose; of the next registration.
            possession(OPERATOR + 41, outsider, 2),
            possession(OPERATOR + 40, account(40), 2),
            possession(OPERATOR + 40, outsider, 1),
            signatureOf(OPERATOR + 40, channels.possessionDigest(outsider, 2, 1))
        ];
        for (uint256 i = 0; i < bad.length; i++) {
            vm.expectRevert(notProven(operator(40), 2, 0));
            vm.prank(outsider);
            participants.register(keys, mine, bad[i]);
        }
        bytes memory others = highS(possession(OPERATOR + 40, outsider, 2));
        vm.expectRevert(notProven(operator(40), 2, 0));
        vm.prank(outsider);
        participants.register(keys, mine, others);
        // The owner of the key is not hindered.
        registerKeys(account(40), 40);
        vm.assertEq(participants.accountOf(operator(40)), account(40));
    }

    function test_a_record_key_proves_itself_too() public {
        IParticipantRegistry.Keys memory keys = keysOf(42);
        bytes memory operatorSignature = possession(OPERATOR + 42, account(42), 2);
        bytes memory wrong = possession(RECORDER + 42, account(42), 2);
        vm.expectRevert(notProven(keys.recordKey, 1, 0));
        vm.prank(account(42));
        participants.register(keys, wrong, operatorSignature);
    }

    function test_a_key_that_serves_another_account_is_refused_even_with_its_signature() public {
        IParticipantRegistry.Keys memory keys = keysOf(43);
        bytes memory recordSignature = possession(RECORDER + 43, account(43), 1);
        // As operator key: the record key and the operator key of account 0.
        uint256[2] memory taken = [RECORDER, OPERATOR];
        for (uint256 i = 0; i < 2; i++) {
            keys.operatorKey = vm.addr(taken[i]);
            bytes memory signature = possession(taken[i], account(43), 2);
            vm.expectRevert(
                abi.encodeWithSelector(IParticipantRegistry.KeyInUse.selector, keys.operatorKey, account(0))
            );
            vm.prank(account(43));
            participants.register(keys, recordSignature, signature);
        }
        keys.recordKey = vm.addr(OPERATOR);
        recordSignature = possession(OPERATOR, account(43), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.KeyInUse.selector, operator(0), account(0))
        );
        vm.prank(account(43));
        participants.register(keys, recordSignature, "");
    }

    function test_a_key_freed_by_rotation_serves_the_next_account_that_shows_its_signature() public {
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.operatorKey = operator(50);
        bytes memory rotated = possession(OPERATOR + 50, account(0), 2);
        vm.warp(START);
        vm.prank(account(0));
        participants.register(keys, "", rotated);
        vm.assertEq(participants.accountOf(operator(0)), address(0));
        vm.assertEq(participants.accountOf(operator(50)), account(0));
        vm.assertEq(participants.accountOf(keys.recordKey), account(0));

        IParticipantRegistry.Keys memory taking = keysOf(51);
        taking.operatorKey = operator(0);
        bytes memory recordSignature = possession(RECORDER + 51, account(51), 1);
        vm.expectRevert(notProven(operator(0), 2, 0));
        vm.prank(account(51));
        participants.register(taking, recordSignature, "");
        bytes memory operatorSignature = possession(OPERATOR, account(51), 2);
        vm.prank(account(51));
        participants.register(taking, recordSignature, operatorSignature);
        vm.assertEq(participants.accountOf(operator(0)), account(51));
        // Whose it was before stays known.
        (IParticipantRegistry.Keys memory before,) = participants.keysAt(account(0), START);
        vm.assertEq(before.operatorKey, operator(0));
        // And it does not come back to the first as long as it serves.
        bytes memory again = possession(OPERATOR, account(0), 2);
        keys.operatorKey = operator(0);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.KeyInUse.selector, operator(0), account(51))
        );
        vm.prank(account(0));
        participants.register(keys, "", again);
    }

    function test_a_signature_of_possession_works_once() public {
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.operatorKey = operator(50);
        bytes memory first = possession(OPERATOR + 50, account(0), 2);
        vm.startPrank(account(0));
        participants.register(keys, "", first);
        keys.operatorKey = address(0);
        participants.register(keys, "", "");
        keys.operatorKey = operator(50);
        vm.expectRevert(notProven(operator(50), 2, 3));
        participants.register(keys, "", first);
        vm.stopPrank();
    }

    function test_keys_that_stay_need_no_signature_and_others_changes_do() public {
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.encryptionKey = keccak256("other");
        keys.endpoint = "http://elsewhere.example";
        expectKeys(account(0), 1, keys);
        vm.startPrank(account(0));
        participants.register(keys, "", "");
        // A key that changes its purpose proves itself for the new one.
        (keys.recordKey, keys.operatorKey) = (keys.operatorKey, keys.recordKey);
        vm.expectRevert(notProven(keys.recordKey, 1, 2));
        participants.register(keys, "", "");
        vm.stopPrank();
        bytes memory recordSignature = possession(OPERATOR, account(0), 1);
        bytes memory operatorSignature = possession(RECORDER, account(0), 2);
        vm.prank(account(0));
        participants.register(keys, recordSignature, operatorSignature);
        vm.assertEq(participants.accountOf(keys.recordKey), account(0));
        vm.assertEq(participants.accountOf(keys.operatorKey), account(0));
        vm.assertEq(participants.operatorAccountOf(keys.recordKey), address(0));
        vm.assertEq(participants.operatorAccountOf(keys.operatorKey), account(0));
    }

    function test_one_key_for_both_purposes_proves_itself_for_both() public {
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.operatorKey = keys.recordKey;
        bytes memory operatorSignature = possession(RECORDER, account(0), 2);
        vm.prank(account(0));
        participants.register(keys, "", operatorSignature);
        vm.assertEq(participants.accountOf(keys.recordKey), account(0));
        vm.assertEq(participants.operatorAccountOf(keys.recordKey), account(0));
        // It goes on serving the account while one purpose is left.
        keys.operatorKey = address(0);
        vm.prank(account(0));
        participants.register(keys, "", "");
        vm.assertEq(participants.accountOf(keys.recordKey), account(0));
        vm.assertEq(participants.operatorAccountOf(keys.recordKey), address(0));
        vm.assertEq(participants.operatorKeyOf(account(0)), address(0));
    }

    function test_a_revoked_key_is_zero_and_the_account_not_registered() public {
        for (uint256 i = 0; i < 3; i++) {
            uint256 state = vm.snapshotState();
            IParticipantRegistry.Keys memory keys = keysOf(3);
            if (i == 0) keys.recordKey = address(0);
            if (i == 1) keys.operatorKey = address(0);
            if (i == 2) keys.encryptionKey = 0;
            vm.prank(account(3));
            participants.register(keys, "", "");
            vm.assertFalse(participants.isRegistered(account(3)), "revoked");
            vm.assertEq(participants.accountOf(address(0)), address(0));
            vm.assertEq(participants.operatorAccountOf(address(0)), address(0));
            vm.assertEq(participants.accountOf(vm.addr(RECORDER + 3)), i == 0 ? address(0) : account(3));
            vm.assertEq(participants.accountOf(operator(3)), i == 1 ? address(0) : account(3));
            vm.revertToState(state);
        }
    }

    function test_an_endpoint_has_at_most_512_bytes() public {
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.endpoint = string(new bytes(513));
        vm.startPrank(account(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.EndpointTooLong.selector, uint256(513), uint256(512)
            )
        );
        participants.register(keys, "", "");
        keys.endpoint = string(new bytes(512));
        participants.register(keys, "", "");
        vm.stopPrank();
    }

    function test_keys_of_a_time_are_those_registered_strictly_before_it() public {
        address who = account(60);
        vm.warp(START);
        registerKeys(who, 60);
        (, uint64 registeredAt) = participants.keysAt(who, START);
        vm.assertEq(registeredAt, 0);
        (IParticipantRegistry.Keys memory keys, uint64 since) = participants.keysAt(who, START + 1);
        vm.assertEq(abi.encode(keys), abi.encode(keysOf(60)));
        vm.assertEq(since, START);
    }

    /// Registrations at random times, several in one second; each time's keys against a walk through all.
    function testFuzz_the_history_is_that_of_all_registrations(uint256 seed, uint64 time) public {
        address who = account(61);
        registerKeys(who, 61);
        uint64 now_ = START;
        IParticipantRegistry.Keys memory keys = keysOf(61);
        uint256 count = 1 + seed % 9;
        for (uint256 i = 1; i < count; i++) {
            now_ += uint64(uint256(keccak256(abi.encode(seed, i))) % 3);
            vm.warp(now_);
            keys.encryptionKey = bytes32(i);
            vm.prank(who);
            participants.register(keys, "", "");
        }
        vm.assertEq(participants.registrationCount(who), count);
        time = uint64(bound(time, START - 1_001, START + 30));
        bytes memory expected = abi.encode(none, uint64(0));
        for (uint256 i = 0; i < count; i++) {
            (IParticipantRegistry.Keys memory one, uint64 since_) = participants.registrationAt(who, i);
            vm.assertEq(one.encryptionKey, i == 0 ? bytes32(uint256(0x5000 + 61)) : bytes32(i));
            if (since_ < time) expected = abi.encode(one, since_);
        }
        (IParticipantRegistry.Keys memory found, uint64 since) = participants.keysAt(who, time);
        vm.assertEq(abi.encode(found, since), expected);
    }

    function expectKeys(address who, uint256 nonce, IParticipantRegistry.Keys memory keys) private {
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.KeysRegistered(
            who, nonce, keys.recordKey, keys.operatorKey, keys.encryptionKey, keys.endpoint
        );
    }

    function notProven(address key, uint8 purpose, uint256 nonce) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(IParticipantRegistry.PossessionNotProven.selector, key, purpose, nonce);
    }
}
