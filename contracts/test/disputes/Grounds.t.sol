// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, IAdjudicator, LeafWords, Outcome, Turn} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {BatchAuthor} from "../../src/lib/BatchAuthor.sol";
import {RecordPlace, RecordProof} from "../../src/lib/RecordProof.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {IReducer} from "../../src/reducers/IReducer.sol";
import {Groups} from "../support/Groups.sol";
import {AccusationScene} from "./support/AccusationScene.sol";

/// At an opened leaf: what it lacks, and where a doubted record of it stands.
contract GroundsTest is AccusationScene {
    AccusationId private id;

    /// At the opened leaf of a tree.
    function atLeaf(uint256 count, uint256 target) private {
        begin(3);
        bondOfResult(account(2));
        plantGood(target);
        growTo(count, target);
        id = accuse();
        leadTo(id, target);
        openLeaf(id, target);
    }

    /// A win of the payer's at another price: keeping it beside the others changes what is kept.
    function missing(bytes16 key) private pure returns (bytes memory) {
        return recordOf(key, Groups.win(0, 1, 999, 9));
    }

    function between(uint256 index, int128 by) private pure returns (bytes16) {
        return bytes16(uint128(int128(uint128(keyAt(index))) + by));
    }

    function show(uint256 index, bytes memory record) private {
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, record);
        LeafWords memory leaf = leafWords(index);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    function fell() private view {
        vm.assertFalse(results.stands(channelId, BLOCK, RESULT), "stands");
        requireTurn(id, Turn.Over);
        vm.assertEq(results.openAccusations(), 0);
        requireWei(account(1), 1 ether + OWN_BOND / 2, 0, 0);
        requireWei(account(2), 1 ether - OWN_BOND, 0, 0);
        requireWei(BURN, OWN_BOND / 2, 0, 0);
    }

    // ── what a tree lacks ──

    function test_a_record_that_a_leaf_lacks_fells_the_result() external {
        atLeaf(5, 3);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing(keyAt(3)));
        LeafWords memory leaf = leafWords(3);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 1, Outcome.Upheld, account(1));
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        fell();
    }

    function test_an_impression_between_two_leaves_fells_the_result() external {
        bytes16[2] memory keys = [between(2, 1), between(3, -1)];
        for (uint256 i = 0; i < 2; i++) {
            uint256 before = vm.snapshotState();
            atLeaf(5, 3);
            show(3, missing(keys[i]));
            fell();
            vm.revertToState(before);
        }
    }

    function test_an_impression_below_the_first_leaf_fells_the_result() external {
        atLeaf(5, 0);
        show(0, missing(bytes16(0)));
        fell();
    }

    function test_an_impression_above_the_last_leaf_fells_the_result() external {
        atLeaf(5, 4);
        show(4, missing(bytes16(type(uint128).max)));
        fell();
    }

    function test_any_impression_fells_a_tree_of_none() external {
        atNothing();
        show(0, missing(keyAt(8)));
        fell();
    }

    function test_the_only_leaf_is_first_and_last() external {
        bytes16[2] memory keys = [between(0, -1), between(0, 1)];
        for (uint256 i = 0; i < 2; i++) {
            uint256 before = vm.snapshotState();
            atLeaf(1, 0);
            show(0, missing(keys[i]));
            fell();
            vm.revertToState(before);
        }
    }

    function test_a_record_that_changes_nothing_is_not_missing() external {
        atLeaf(5, 3);
        bytes[3] memory idle;
        idle[0] = recordIn(leafAt[3].records, 0);
        idle[1] = recordIn(leafAt[3].records, 1);
        // Of one price the lowest hash counts.
        idle[2] = higher(0, recordHashOf(0));
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(IAdjudicator.RecordNotMissing.selector);
            this.showAs(3, idle[i]);
        }
    }

    function test_what_belongs_beside_another_leaf_is_not_missing_here() external {
        atLeaf(5, 3);
        bytes16[4] memory keys = [keyAt(2), between(2, -1), between(3, 1), bytes16(type(uint128).max)];
        for (uint256 i = 0; i < 4; i++) {
            vm.expectRevert(abi.encodeWithSelector(IAdjudicator.KeyOutside.selector, keys[i]));
            this.showAs(3, missing(keys[i]));
        }
    }

    function test_test_records_and_malformed_ones_are_not_missing() external {
        bytes16[2] memory keys = [keyAt(3), between(3, -1)];
        atLeaf(5, 3);
        for (uint256 i = 0; i < 2; i++) {
            bytes memory record = recordOf(keys[i], Groups.record(1, 0, 1, Groups.TEST, 5, 9));
            vm.expectRevert(abi.encodeWithSelector(IReducer.RecordRefused.selector, "flags"));
            this.showAs(3, record);
            record = missing(keys[i]);
            record[1] = 0x02;
            vm.expectRevert(abi.encodeWithSelector(IReducer.RecordRefused.selector, "version"));
            this.showAs(3, record);
        }
    }

    function test_only_the_accuser_shows_and_only_at_an_opened_leaf() external {
        begin(3);
        plantGood(3);
        growTo(5, 3);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing(keyAt(3)));
        LeafWords memory leaf = leafWords(3);
        id = accuse();
        vm.startPrank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Opening));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        vm.stopPrank();
        openNode(id);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongLevel.selector, 3));
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        nameTowards(id, 3);
        openLeaf(id, 3);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.NotAccuser.selector, account(1), account(2)));
        vm.prank(account(2));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        vm.prank(operator(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    function test_the_leaf_is_repeated_as_it_was_opened() external {
        atLeaf(5, 3);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing(between(2, 1)));
        LeafWords memory leaf = leafWords(3);
        leaf.leftKey = keyAt(1);
        vm.startPrank(account(1));
        vm.expectPartialRevert(IAdjudicator.LeafMismatch.selector);
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        leaf = leafWords(3);
        leaf.records = goodRecords(keyAt(3), 1001);
        vm.expectPartialRevert(IAdjudicator.LeafMismatch.selector);
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        vm.stopPrank();
    }

    // ── records in parts ──

    function test_only_parts_that_the_result_counted_matter() external {
        begin(3);
        leaves = 0;
        tell();
        claim.validParts = 5;
        results.setResult(RESULT, lens.outputHashOf(channelId, BLOCK, claim));
        id = accuse();
        LeafWords memory leaf;
        uint8[4] memory others = [1, 3, 16, 255];
        for (uint256 i = 0; i < 4; i++) {
            (RecordPlace memory place, PartFacts memory facts) = postRecord(others[i], missing(0));
            vm.expectRevert(abi.encodeWithSelector(IAdjudicator.PartNotCounted.selector, others[i]));
            vm.prank(account(1));
            adjudicator.showOmitted(id, leaf, place, others[i], facts);
        }
    }

    function test_a_part_is_what_was_posted() external {
        atNothing();
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing(0));
        LeafWords memory leaf;
        bytes32[3] memory words_ = [facts.partRoot, bytes32(uint256(facts.segmentCount)), facts.indexHash];
        for (uint256 i = 0; i < 4; i++) {
            bytes32[3] memory other = words_;
            if (i < 3) other[i] = bytes32(uint256(other[i]) + 1);
            PartFacts memory given = PartFacts(other[0], uint32(uint256(other[1])), other[2]);
            vm.expectPartialRevert(IAdjudicator.PartMismatch.selector);
            vm.prank(account(1));
            adjudicator.showOmitted(id, leaf, place, i < 3 ? 0 : 1, given);
        }
    }

    function test_a_record_stands_where_its_place_says() external {
        atNothing();
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing(0));
        place.recordIndex = 0;
        LeafWords memory leaf;
        vm.expectRevert(abi.encodeWithSelector(RecordProof.RecordPlaceRefused.selector, "recordsRoot"));
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    function test_a_batch_is_of_this_block_and_signed_by_its_authors_record_key() external {
        atNothing();
        bytes memory record = missing(0);
        refusesBatch(
            record,
            4,
            0,
            RECORDER,
            abi.encodeWithSelector(BatchAuthor.BatchOfOtherBlock.selector, channelId, 4)
        );
        record[2] = 0x03;
        refusesBatch(
            record,
            BLOCK,
            3,
            RECORDER + 3,
            abi.encodeWithSelector(BatchAuthor.BatchAuthorUnknown.selector, 3)
        );
        record[2] = 0;
        bytes memory refusal =
            abi.encodeWithSelector(BatchAuthor.BatchSignatureRefused.selector, vm.addr(RECORDER));
        refusesBatch(record, BLOCK, 0, RECORDER + 1, refusal);
        refusesBatch(record, BLOCK, 0, OPERATOR, refusal);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, record);
        channelId = keccak256("another channel");
        (place, facts) = postRecord(0, record);
        bytes32 other = channelId;
        channelId = id.channelId;
        LeafWords memory leaf;
        vm.expectRevert(abi.encodeWithSelector(BatchAuthor.BatchOfOtherBlock.selector, other, BLOCK));
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    /// The key of block 3 is the one registered before its start, 1_800_000_300.
    function test_a_key_counts_from_the_next_block_on() external {
        begin(3);
        vm.warp(START + 299);
        register(0, vm.addr(0x7001), 0x7001);
        vm.warp(START + 300);
        register(0, vm.addr(0x7002), 0x7002);
        accuseNothing();
        bytes memory record = missing(0);
        bytes memory refusal =
            abi.encodeWithSelector(BatchAuthor.BatchSignatureRefused.selector, vm.addr(0x7001));
        refusesBatch(record, BLOCK, 0, 0x7002, refusal);
        refusesBatch(record, BLOCK, 0, RECORDER, refusal);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, record, BLOCK, 0, 0x7001);
        LeafWords memory leaf;
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    /// Recovery gives the zero address for no signature, and the registry for no key.
    function test_without_a_record_key_nothing_is_signed() external {
        begin(3);
        vm.warp(START);
        register(0, address(0), 0);
        accuseNothing();
        bytes memory record = missing(0);
        bytes memory refusal =
            abi.encodeWithSelector(BatchAuthor.BatchSignatureRefused.selector, address(0));
        refusesBatch(record, BLOCK, 0, RECORDER, refusal);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, record);
        for (uint256 i = 96; i < 161; i++) {
            place.header[i] = 0;
        }
        facts.partRoot = sha256(abi.encodePacked(place.sealedDigest, sha256(place.header)));
        results.setPart(0, bytes27(keccak256(abi.encode(facts.partRoot, uint32(1), facts.indexHash))));
        LeafWords memory leaf;
        vm.expectRevert(refusal);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    // ── what a leaf has too much ──

    function test_a_record_that_is_not_placed_fells_the_result() external {
        atLeaf(5, 3);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.RecordDoubted(channelId, BLOCK, RESULT, 1, 3, 1);
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 1);
        requireTurn(id, Turn.Placing);
        vm.assertEq(deadlineOf(id), block.timestamp + PERIOD);
        vm.assertEq(adjudicator.accusation(id).doubted, 1);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        fell();
    }

    function test_a_record_that_is_placed_costs_the_accuser_its_bond() external {
        atLeaf(5, 3);
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        bytes memory record = recordIn(leafAt[3].records, 0);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(2, record);
        LeafWords memory leaf = leafWords(3);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.RecordPlaced(channelId, BLOCK, RESULT, 3, 0, address(0xb0b));
        vm.prank(address(0xb0b));
        adjudicator.placeRecord(id, leaf, place, 2, facts);
        requireTurn(id, Turn.Over);
        requireWei(account(1), 1 ether - BOND, 0, 0);
        requireWei(address(0xb0b), BOND / 2, 0, 0);
        requireWei(BURN, BOND / 2, 0, 0);
        vm.assertTrue(results.stands(channelId, BLOCK, RESULT), "stands");
        vm.assertEq(results.openAccusations(), 0);
    }

    function test_one_record_of_the_leaf_is_doubted_once() external {
        atLeaf(5, 3);
        vm.startPrank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.RecordOutside.selector, 2, 2));
        adjudicator.doubtRecord(id, 2);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.RecordOutside.selector, 255, 2));
        adjudicator.doubtRecord(id, 255);
        adjudicator.doubtRecord(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Placing));
        adjudicator.doubtRecord(id, 0);
        vm.stopPrank();
    }

    function test_a_record_is_doubted_by_the_accuser_at_an_opened_leaf() external {
        atLeaf(5, 3);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.NotAccuser.selector, account(1), validator(1)));
        vm.prank(validator(1));
        adjudicator.doubtRecord(id, 0);
        AccusationId memory other = accuse(account(0), 0);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongLevel.selector, 3));
        vm.prank(account(0));
        adjudicator.doubtRecord(other, 0);
    }

    function test_a_tree_of_none_has_no_record_to_doubt() external {
        atNothing();
        vm.startPrank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.RecordOutside.selector, 0, 0));
        adjudicator.doubtRecord(id, 0);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongLevel.selector, 0));
        adjudicator.nameEntry(id, 0, 0, new bytes32[](0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Accuser));
        adjudicator.openNode(id, "");
    }

    function test_the_doubted_record_itself_is_placed() external {
        atLeaf(5, 3);
        bytes memory other = recordIn(leafAt[3].records, 1);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, other);
        LeafWords memory leaf = leafWords(3);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Accuser));
        adjudicator.placeRecord(id, leaf, place, 0, facts);
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        vm.expectRevert(IAdjudicator.RecordMismatch.selector);
        adjudicator.placeRecord(id, leaf, place, 0, facts);
        (place, facts) = postRecord(0, recordIn(leafAt[3].records, 0));
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.PartNotCounted.selector, 9));
        adjudicator.placeRecord(id, leaf, place, 9, facts);
        leaf.leftKey = keyAt(0);
        vm.expectPartialRevert(IAdjudicator.LeafMismatch.selector);
        adjudicator.placeRecord(id, leaf, place, 0, facts);
    }

    // ── helpers ──

    function atNothing() private {
        begin(3);
        accuseNothing();
    }

    function accuseNothing() private {
        bondOfResult(account(2));
        leaves = 0;
        tell();
        id = accuse();
        requireTurn(id, Turn.Accuser);
    }

    /// From outside, so that a refusal is of all that showing does.
    function showAs(uint256 index, bytes memory record) external {
        show(index, record);
    }

    function refusesBatch(
        bytes memory record,
        uint64 block_,
        uint8 author,
        uint256 signer,
        bytes memory refusal
    ) private {
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, record, block_, author, signer);
        LeafWords memory leaf;
        vm.expectRevert(refusal);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    function register(uint256 index, address recordKey, uint256 secret) private {
        IParticipantRegistry.Keys memory keys = keysOf(index);
        keys.recordKey = recordKey;
        bytes memory signature = secret == 0 ? bytes("") : possession(secret, account(index), 1);
        vm.prank(account(index));
        participants.register(keys, signature, "");
    }

    function recordHashOf(uint256 index) private view returns (bytes32) {
        return sha256(recordIn(leafAt[3].records, index));
    }

    /// A win of the same author and price whose hash is higher.
    function higher(uint8 author, bytes32 hash) private pure returns (bytes memory record) {
        for (uint256 nonce = 10;; nonce++) {
            record = recordOf(keyAt(3), Groups.win(author, 1 - author, 1000, nonce));
            if (sha256(record) > hash) return record;
        }
    }
}
