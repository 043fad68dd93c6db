// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILeafRules} from "../../src/disputes/ILeafRules.sol";
import {
    AccusationId,
    AccusationState,
    IAdjudicator,
    LeftNeighbour,
    Turn
} from "../../src/disputes/IAdjudicator.sol";
import {Groups} from "../support/Groups.sol";
import {AccusationScene} from "./support/AccusationScene.sol";

/// What opens a node or a leaf, and what names an entry; everything else is refused.
contract OpeningsTest is AccusationScene {
    AccusationId private id;

    /// At the opening of the root of a tree.
    function atRoot(uint256 count, uint256 target) private {
        begin(3);
        plantGood(target);
        growTo(count, target);
        id = accuse();
    }

    // ── nodes ──

    function test_an_opening_is_told_with_its_entries() external {
        atRoot(300, 1);
        bytes memory entries = openingOf(9, 0);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.NodeOpened(channelId, BLOCK, RESULT, 9, 0, ANSWERER, entries);
        vm.prank(ANSWERER);
        adjudicator.openNode(id, entries);
        AccusationState memory state = adjudicator.accusation(id);
        requireTurn(id, Turn.Accuser);
        vm.assertEq(state.answerer, ANSWERER);
        vm.assertEq(state.deadline, block.timestamp + PERIOD);
    }

    function test_who_opens_with_an_operator_key_answers_for_its_account() external {
        atRoot(300, 1);
        bytes memory entries = openingOf(9, 0);
        vm.prank(operator(0));
        adjudicator.openNode(id, entries);
        vm.assertEq(adjudicator.accusation(id).answerer, account(0));
    }

    function test_an_opening_has_all_descendants_and_nothing_else() external {
        atRoot(300, 1);
        bytes memory good = openingOf(9, 0);
        vm.assertEq(good.length, 150 * 64);
        refusesSize(Groups.joined(new bytes[](0)), good.length);
        refusesSize(bytes.concat(good, hex"00"), good.length);
        refusesSize(bytes.concat(good, new bytes(64)), good.length);
        bytes memory short = bytes.concat(good);
        assembly ("memory-safe") {
            mstore(short, sub(mload(short), 64))
        }
        refusesSize(short, good.length);
        uint256[4] memory bytesChanged = [uint256(0), 32, 63, good.length - 1];
        for (uint256 i = 0; i < 4; i++) {
            bytes memory other = bytes.concat(good);
            other[bytesChanged[i]] ^= 0x01;
            vm.expectPartialRevert(IAdjudicator.EntryMismatch.selector);
            adjudicator.openNode(id, other);
        }
        adjudicator.openNode(id, good);
    }

    /// A result may say that it has other numbers of impressions than its tree: then it cannot open it.
    function test_a_tree_of_another_size_is_not_opened() external {
        begin(3);
        plantGood(1);
        growTo(4, 1);
        bytes memory entries = openingOf(2, 0);
        claim.impressionCount = 3;
        results.setResult(RESULT, lens.outputHashOf(channelId, BLOCK, claim));
        id = accuse();
        refusesSize(entries, 3 * 64);
        assembly ("memory-safe") {
            mstore(entries, 192)
        }
        vm.expectPartialRevert(IAdjudicator.EntryMismatch.selector);
        adjudicator.openNode(id, entries);
    }

    function test_sums_reach_no_64_bits() external {
        begin(3);
        leaves = 2;
        bytes32[] memory one = new bytes32[](1);
        one[0] = bytes32(uint256(type(uint64).max) << 64);
        put(0, 0, keccak256("left"), one);
        one[0] = bytes32(uint256(1) << 64);
        put(0, 1, keccak256("right"), one);
        one[0] = 0;
        put(1, 0, sha256(abi.encodePacked(entryAt[0][0].hash, entryAt[0][1].hash)), one);
        tell();
        id = accuse();
        bytes memory entries = openingOf(1, 0);
        vm.expectRevert(IAdjudicator.AmountsTooLarge.selector);
        adjudicator.openNode(id, entries);
    }

    function test_a_leaf_is_not_opened_as_a_node_nor_a_node_as_a_leaf() external {
        atRoot(2, 0);
        LeftNeighbour memory left;
        bytes memory records = leafAt[0].records;
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongLevel.selector, 1));
        adjudicator.openLeaf(id, records, left);
        leadTo(id, 0);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongLevel.selector, 0));
        adjudicator.openNode(id, new bytes(64));
    }

    // ── names ──

    function test_an_entry_is_named_by_its_accuser_alone() external {
        atRoot(300, 1);
        openNode(id);
        bytes32[] memory path = pathOf(1, 0, 9);
        bytes32 hash = entry(1, 0).hash;
        address[4] memory others = [account(2), operator(2), validator(1), ANSWERER];
        for (uint256 i = 0; i < 4; i++) {
            vm.expectRevert(abi.encodeWithSelector(IAdjudicator.NotAccuser.selector, account(1), others[i]));
            vm.prank(others[i]);
            adjudicator.nameEntry(id, 0, hash, path);
        }
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.EntryNamed(channelId, BLOCK, RESULT, 1, 1, 0, hash);
        vm.prank(operator(1));
        adjudicator.nameEntry(id, 0, hash, path);
        AccusationState memory state = adjudicator.accusation(id);
        requireTurn(id, Turn.Opening);
        vm.assertEq(state.deadline, block.timestamp + PERIOD);
        vm.assertEq(state.level, 1);
        vm.assertEq(state.entryHash, hash);
        vm.assertEq(state.answerer, address(0));
    }

    /// Also where the validator's address has registered an operator key.
    function test_a_validators_accusation_is_its_own_alone() external {
        begin(3);
        plantGood(1);
        growTo(300, 1);
        registerKeys(validator(1), 20);
        id = accuse(validator(1), 1);
        openNode(id);
        bytes32[] memory path = pathOf(1, 0, 9);
        bytes32 hash = entry(1, 0).hash;
        address[3] memory others = [operator(20), account(1), operator(1)];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(IAdjudicator.NotAccuser.selector, validator(1), others[i])
            );
            vm.prank(others[i]);
            adjudicator.nameEntry(id, 0, hash, path);
        }
        vm.prank(validator(1));
        adjudicator.nameEntry(id, 0, hash, path);
    }

    function test_what_is_named_lies_below_the_opened_node() external {
        atRoot(65_600, 600);
        openNode(id);
        nameTowards(id, 600);
        openNode(id);
        vm.startPrank(account(1));
        uint40[3] memory outside = [uint40(255), 512, type(uint40).max];
        bytes32[] memory path = pathOf(1, 300, 9);
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(IAdjudicator.EntryOutside.selector, outside[i], 256, 512)
            );
            adjudicator.nameEntry(id, outside[i], entry(1, 300).hash, path);
        }
        vm.expectPartialRevert(IAdjudicator.EntryMismatch.selector);
        adjudicator.nameEntry(id, 301, entry(1, 300).hash, path);
        vm.expectPartialRevert(IAdjudicator.EntryMismatch.selector);
        adjudicator.nameEntry(id, 300, entry(1, 301).hash, path);
        for (uint256 i = 0; i < path.length; i++) {
            path[i] ^= bytes32(uint256(1));
            vm.expectPartialRevert(IAdjudicator.EntryMismatch.selector);
            adjudicator.nameEntry(id, 300, entry(1, 300).hash, path);
            path[i] ^= bytes32(uint256(1));
        }
        adjudicator.nameEntry(id, 300, entry(1, 300).hash, path);
        vm.stopPrank();
    }

    function test_a_path_has_exactly_its_length() external {
        atRoot(300, 1);
        openNode(id);
        bytes32[] memory good = pathOf(1, 1, 9);
        bytes32 hash = entry(1, 1).hash;
        vm.startPrank(account(1));
        for (uint256 i = 0; i < 3; i++) {
            bytes32[] memory other = new bytes32[](i == 2 ? good.length + 1 : good.length - 1 - i);
            for (uint256 k = 0; k < other.length && k < good.length; k++) {
                other[k] = good[k];
            }
            vm.expectRevert(IAdjudicator.PathRefused.selector);
            adjudicator.nameEntry(id, 1, hash, other);
        }
        adjudicator.nameEntry(id, 1, hash, good);
        vm.stopPrank();
    }

    function test_below_an_opened_leaf_nothing_is_named() external {
        atRoot(2, 1);
        leadTo(id, 1);
        openLeaf(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongLevel.selector, 0));
        vm.prank(account(1));
        adjudicator.nameEntry(id, 1, 0, new bytes32[](0));
    }

    // ── leaves ──

    function test_a_leaf_is_told_with_its_records_and_the_key_before_it() external {
        atRoot(300, 5);
        leadTo(id, 5);
        bytes memory records = leafAt[5].records;
        LeftNeighbour memory left = leftOf(5);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.LeafOpened(channelId, BLOCK, RESULT, 5, ANSWERER, records, keyAt(4));
        vm.prank(ANSWERER);
        adjudicator.openLeaf(id, records, left);
        requireTurn(id, Turn.Accuser);
        vm.assertEq(adjudicator.accusation(id).answerer, ANSWERER);
    }

    function test_of_the_first_leaf_no_neighbour_is_looked_at() external {
        atRoot(2, 0);
        leadTo(id, 0);
        LeftNeighbour memory left = leftOf(1);
        left.impressionKey = bytes16(type(uint128).max);
        bytes memory records = leafAt[0].records;
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.LeafOpened(channelId, BLOCK, RESULT, 0, ANSWERER, records, 0);
        vm.prank(ANSWERER);
        adjudicator.openLeaf(id, records, left);
    }

    /// None, malformed, of another impression, with the test flag, out of order, or such as keeping changes.
    function test_records_that_no_keeping_leaves_open_no_leaf() external {
        bytes16 key = keyAt(0);
        bytes memory good = goodRecords(key, 1000);
        bytes[6] memory bad;
        bad[1] = new bytes(64);
        bad[2] = bytes.concat(recordIn(good, 0), recordOf(keyAt(7), recordIn(good, 1)));
        bad[3] = recordOf(key, Groups.record(1, 0, 1, Groups.TEST, 1000, 1));
        bad[4] = bytes.concat(recordIn(good, 1), recordIn(good, 0));
        bad[5] = sameTwice(key);
        for (uint256 i = 0; i < 6; i++) {
            uint256 before = vm.snapshotState();
            begin(3);
            // A liar's tree hashes whatever it wants.
            if (bad[i].length > 0) plantRecords(0, key, bad[i], new uint64[](3));
            growTo(2, 0);
            id = accuse();
            leadTo(id, 0);
            LeftNeighbour memory left;
            vm.expectRevert(ILeafRules.RecordsNotKept.selector);
            adjudicator.openLeaf(id, bad[i], left);
            vm.revertToState(before);
        }
    }

    function test_amounts_that_the_reducer_does_not_give_open_no_leaf() external {
        begin(3);
        bytes memory records = goodRecords(keyAt(1), 1000);
        uint64[] memory amounts = new uint64[](3);
        (amounts[0], amounts[1]) = (1, 1);
        plantRecords(1, keyAt(1), records, amounts);
        growTo(3, 1);
        id = accuse();
        leadTo(id, 1);
        LeftNeighbour memory left = leftOf(1);
        vm.expectPartialRevert(IAdjudicator.LeafMismatch.selector);
        adjudicator.openLeaf(id, records, left);
    }

    function test_other_records_or_a_key_that_is_not_theirs_open_no_leaf() external {
        begin(3);
        bytes memory records = goodRecords(keyAt(1), 1000);
        // The tree says that they are of another impression.
        plantRecords(1, keyAt(2), records);
        growTo(3, 1);
        id = accuse();
        leadTo(id, 1);
        LeftNeighbour memory left = leftOf(1);
        vm.expectPartialRevert(IAdjudicator.LeafMismatch.selector);
        adjudicator.openLeaf(id, records, left);
        bytes memory others = goodRecords(keyAt(2), 1001);
        vm.expectPartialRevert(IAdjudicator.LeafMismatch.selector);
        adjudicator.openLeaf(id, others, left);
    }

    function test_the_neighbour_is_the_leaf_before_it() external {
        atRoot(300, 5);
        leadTo(id, 5);
        bytes memory records = leafAt[5].records;
        for (uint256 i = 0; i < 6; i++) {
            LeftNeighbour memory left = leftOf(i == 5 ? 6 : 5);
            if (i == 0) left.impressionKey = keyAt(3);
            if (i == 1) left.kept++;
            if (i == 2) left.recordsRoot = ~left.recordsRoot;
            if (i == 3) left.amountsDigest = ~left.amountsDigest;
            if (i == 4) left.path[17] = ~left.path[17];
            vm.expectPartialRevert(IAdjudicator.EntryMismatch.selector);
            adjudicator.openLeaf(id, records, left);
        }
        LeftNeighbour memory short = leftOf(5);
        short.path = new bytes32[](0);
        vm.expectRevert(IAdjudicator.PathRefused.selector);
        adjudicator.openLeaf(id, records, short);
    }

    function test_keys_ascend_strictly() external {
        bytes16[2] memory keys = [keyAt(4), keyAt(0)];
        for (uint256 i = 0; i < 2; i++) {
            uint256 before = vm.snapshotState();
            begin(3);
            plantRecords(5, keys[i], goodRecords(keys[i], 1000));
            growTo(300, 5);
            id = accuse();
            leadTo(id, 5);
            bytes memory records = leafAt[5].records;
            LeftNeighbour memory left = leftOf(5);
            vm.expectRevert(
                abi.encodeWithSelector(IAdjudicator.KeysNotAscending.selector, keyAt(4), keys[i])
            );
            adjudicator.openLeaf(id, records, left);
            vm.revertToState(before);
        }
    }

    function sameTwice(bytes16 key) private pure returns (bytes memory) {
        bytes[] memory all = new bytes[](2);
        all[0] = recordOf(key, Groups.win(0, 1, 1000, 1));
        all[1] = recordOf(key, Groups.win(0, 1, 1000, 3));
        return Groups.joined(Groups.sorted(all));
    }

    function refusesSize(bytes memory entries, uint256 expected) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAdjudicator.EntriesSizeWrong.selector, entries.length, expected)
        );
        adjudicator.openNode(id, entries);
    }
}
