// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISegmentRules} from "../../src/disputes/ISegmentRules.sol";
import {SegmentRules} from "../../src/disputes/SegmentRules.sol";
import {BatchAuthor} from "../../src/lib/BatchAuthor.sol";
import {RecordProof} from "../../src/lib/RecordProof.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {Groups} from "../support/Groups.sol";
import {SealedParts} from "../support/SealedParts.sol";

/// What of an opened segment is good by itself, rule by rule.
contract SegmentRulesTest is SealedParts {
    uint64 private constant N = 1;
    /// Whole batches of one record, so many that the segment holds exactly 16,384 bytes.
    uint64 private constant CUT_BATCHES = 64;

    SegmentRules private rules;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        id = open(4);
        rules = new SegmentRules(address(channels), participants);
    }

    // ── good ones ──

    function test_a_good_segment_gives_its_root_and_the_root_of_its_pieces() public view {
        bytes memory segment =
            bytes.concat(payers(1, 3), payers(2, 1), payers(9, 12), payers(type(uint64).max, 1));
        vm.assertEq(segment.length, 1024 + 832);
        requireGood(segment);
    }

    function test_segments_of_every_kind_of_author_are_good() public view {
        requireGood(payers(0, 1));
        requireGood(batch(id, N, 1, 3, wins(1, 2, 0)));
        requireGood(batch(id, N, 3, 3, Groups.audit(3, 255, 63, 1)));
    }

    function test_the_largest_batch_is_a_segment() public {
        vm.pauseGasMetering();
        bytes memory segment = payers(1, 1021);
        vm.assertEq(segment.length, 65_536);
        requireGood(segment);
    }

    function test_records_may_repeat() public view {
        bytes memory one = wins(0, 1, 0);
        requireGood(batch(id, N, 0, 1, bytes.concat(one, one)));
    }

    // ── size ──

    function test_a_segment_is_not_empty_and_not_above_65_536_bytes() public {
        refuse("", rule("size", 0));
        refuse(new bytes(65_537), rule("size", 0));
    }

    function test_a_segment_is_whole_batches() public {
        bytes memory one = payers(1, 2);
        uint256[5] memory lengths = [uint256(1), 191, 192, 193, one.length - 1];
        for (uint256 i = 0; i < lengths.length; i++) {
            refuse(slice(one, 0, lengths[i]), rule("batch", 0));
            if (lengths[i] < one.length - 1) {
                refuse(bytes.concat(one, slice(payers(2, 1), 0, lengths[i])), rule("batch", one.length));
            }
        }
    }

    // ── headers ──

    function test_headers_are_strict() public {
        uint256[5] memory places = [uint256(0), 7, 29, 161, 191];
        for (uint256 i = 0; i < places.length; i++) {
            bytes memory segment = bytes.concat(payers(1, 1), payers(2, 1));
            segment[256 + places[i]] ^= 0x01;
            string memory field = places[i] < 8 ? "magic" : "padding";
            refuse(segment, abi.encodeWithSelector(RecordProof.BatchHeaderMalformed.selector, field));
        }
        bytes memory none = payers(1, 1);
        none[24] = 0;
        refuse(none, abi.encodeWithSelector(RecordProof.BatchHeaderMalformed.selector, "count"));
    }

    function test_batches_of_another_channel_or_block_are_refused() public {
        bytes memory other = batch(id, N + 1, 0, 2, wins(0, 1, 0));
        bytes memory refusal = abi.encodeWithSelector(BatchAuthor.BatchOfOtherBlock.selector, id, N + 1);
        refuse(other, refusal);
        refuse(bytes.concat(payers(1, 1), other), refusal);
        bytes32 elsewhere = keccak256("another channel");
        refuse(
            batch(elsewhere, N, 0, 2, wins(0, 1, 0)),
            abi.encodeWithSelector(BatchAuthor.BatchOfOtherBlock.selector, elsewhere, N)
        );
    }

    function test_the_author_is_a_participant_and_the_same_all_along() public {
        bytes memory stranger = batch(id, N, 4, 1, wins(4, 1, 0));
        refuse(stranger, abi.encodeWithSelector(BatchAuthor.BatchAuthorUnknown.selector, uint8(4)));
        bytes memory seller = batch(id, N, 1, 5, wins(1, 1, 0));
        refuse(bytes.concat(payers(1, 1), seller), rule("author", 256));
        refuse(bytes.concat(seller, payers(6, 1)), rule("author", 256));
    }

    // ── order and cuts ──

    function test_batches_ascend_strictly_by_sequence_and_root() public {
        bytes memory one = payers(5, 1);
        bytes memory other = batch(id, N, 0, 5, wins(0, 1, 77));
        bool isBelow = uint256(rootIn(one)) < uint256(rootIn(other));
        requireGood(isBelow ? bytes.concat(one, other) : bytes.concat(other, one));
        refuse(isBelow ? bytes.concat(other, one) : bytes.concat(one, other), rule("order", 256));
        refuse(bytes.concat(one, one), rule("order", 256));
        refuse(bytes.concat(one, payers(4, 1)), rule("order", 256));
        // As numbers: 256 follows 255, whose bytes stand the other way round.
        requireGood(bytes.concat(payers(255, 1), payers(256, 1)));
        refuse(bytes.concat(payers(256, 1), payers(255, 1)), rule("order", 256));
    }

    function test_a_segment_ends_where_a_cut_is_due() public {
        vm.pauseGasMetering();
        bytes memory due = upTo(CUT_BATCHES, 63);
        vm.assertEq(due.length, 16_384);
        requireGood(due);
        refuse(bytes.concat(due, payers(1_000, 1)), rule("cut", 16_384));
        // One byte more in the root, and no cut is due.
        requireGood(bytes.concat(upTo(CUT_BATCHES, 64), payers(1_000, 1)));
    }

    function test_below_16_384_bytes_no_cut_is_due() public {
        vm.pauseGasMetering();
        requireGood(bytes.concat(upTo(CUT_BATCHES - 1, 63), payers(1_000, 1)));
    }

    // ── records and signatures ──

    function test_records_are_well_formed_by_their_author_and_within_the_terms() public {
        bytes memory good = Groups.win(0, 1, 1_000, 0);
        bytes memory other = wins(1, 1, 0);
        refuseRecord(bytes.concat(good, other), "author", 256);
        other = bytes.concat(good);
        other[0] = 0x03;
        refuseRecord(other, "kind", 192);
        other = bytes.concat(good);
        other[1] = 0x02;
        refuseRecord(bytes.concat(good, good, other), "version", 320);
        refuseRecord(Groups.win(0, 3, 1_000, 0), "counterparty", 192);
        refuseRecord(Groups.record(1, 0, 1, 1, 1_000, 0), "flags", 192);
        refuseRecord(Groups.win(0, 1, 1e9 + 1, 0), "priceNano", 192);
        requireGood(batch(id, N, 0, 1, Groups.win(0, 1, 1e9, 0)));
    }

    function test_the_root_of_the_records_is_the_headers() public {
        bytes memory segment = bytes.concat(payers(1, 2), payers(2, 3));
        segment[segment.length - 1] ^= 0x01;
        refuse(segment, rule("recordsRoot", 320));
    }

    function test_the_authors_record_key_signed_every_batch() public {
        bytes memory one = payers(1, 1);
        bytes memory unsigned = signed(slice(payers(2, 1), 0, 96), RECORDER + 1);
        bytes memory segment = bytes.concat(one, unsigned, wins(0, 1, 10));
        refuse(segment, signature(vm.addr(RECORDER)));
        segment = payers(2, 1);
        bytes memory high = highS(slice(segment, 96, 65));
        for (uint256 i = 0; i < 65; i++) {
            segment[96 + i] = high[i];
        }
        refuse(segment, signature(vm.addr(RECORDER)));
        segment = payers(2, 1);
        segment[160] = 0x01;
        refuse(segment, signature(vm.addr(RECORDER)));
    }

    /// As it stood strictly before the block's collection start.
    function test_the_key_is_that_of_the_blocks_start() public {
        bytes memory before = payers(1, 1);
        vm.warp(startOf(N));
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.recordKey = vm.addr(0x999);
        bytes memory proof = possession(0x999, account(0), 1);
        vm.prank(account(0));
        participants.register(keys, proof, "");
        requireGood(before);
        bytes memory later = batch(id, N + 1, 0, 1, wins(0, 1, 0));
        (bool isTaken, bytes memory answer) =
            address(rules).call(abi.encodeCall(rules.check, (id, N + 1, later)));
        vm.assertFalse(isTaken, "taken");
        vm.assertEq(answer, signature(vm.addr(0x999)));
    }

    function test_an_author_without_a_key_has_no_good_signature() public {
        vm.warp(startOf(N) - 1);
        IParticipantRegistry.Keys memory keys = keysOf(0);
        keys.recordKey = address(0);
        vm.prank(account(0));
        participants.register(keys, "", "");
        refuse(payers(1, 1), signature(address(0)));
        bytes memory segment = payers(1, 1);
        segment[160] = 0x00;
        refuse(segment, signature(address(0)));
    }

    // ── scene ──

    /// A batch of the payer; its records follow from the sequence.
    function payers(uint64 sequence, uint256 count) private view returns (bytes memory) {
        return batch(id, N, 0, sequence, wins(0, count, uint256(sequence % 1e6) * 5));
    }

    /// So many batches of one record: the last root ends in `lastByte`, and none before it asks for a cut.
    function upTo(uint64 count, uint8 lastByte) private view returns (bytes memory segment) {
        for (uint64 i = 1; i < count; i++) {
            segment = bytes.concat(segment, payers(i, 1));
        }
        uint256 nonce = 1_000_000;
        bytes memory one = wins(0, 1, nonce);
        while (uint8(uint256(sha256(one))) != lastByte) one = wins(0, 1, ++nonce);
        segment = bytes.concat(segment, batch(id, N, 0, count, one));
    }

    function requireGood(bytes memory segment) private view {
        (bytes32 segmentRoot, bytes32 piecesRoot) = rules.check(id, N, segment);
        vm.assertEq(segmentRoot, rootOf(headerHashes(segment)));
        vm.assertEq(piecesRoot, rootOf(hashesOf(segment, 1024)));
    }

    function refuseRecord(bytes memory records, string memory field, uint256 offset) private {
        refuse(
            batch(id, N, 0, 1, records),
            abi.encodeWithSelector(ISegmentRules.SegmentRecordRefused.selector, field, offset)
        );
    }

    function refuse(bytes memory segment, bytes memory refusal) private {
        vm.expectRevert(refusal);
        rules.check(id, N, segment);
    }

    function rule(string memory name, uint256 offset) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISegmentRules.SegmentRefused.selector, name, offset);
    }

    function signature(address recordKey) private pure returns (bytes memory) {
        return abi.encodeWithSelector(BatchAuthor.BatchSignatureRefused.selector, recordKey);
    }

    function rootIn(bytes memory one) private pure returns (bytes32 root) {
        assembly ("memory-safe") {
            root := mload(add(one, 0x60))
        }
    }
}
