// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Disproof, IQuestions} from "../../src/disputes/IQuestions.sol";
import {SeamsMock} from "../support/SeamsMock.sol";
import {QuestionScene} from "./support/QuestionScene.sol";

/// What was published against the sealed bytes of the row.
contract DisproofsTest is QuestionScene {
    // ── the length ──

    function test_sealed_bytes_of_another_length_disprove_the_row() public {
        uint256 good = goodPart().stored[0].length;
        uint256[6] memory lengths = [0, 1, 15, 16, good - 1, good + 1];
        for (uint256 i = 0; i < lengths.length; i++) {
            uint256 before = vm.snapshotState();
            Part memory part = goodPart();
            part.stored[0] = new bytes(lengths[i]);
            published(part, 0);
            questions.disproveLength(id, N, OWNER, 0, part.stored[0]);
            vm.assertTrue(isStruck(), "struck");
            vm.revertToState(before);
        }
    }

    function test_sealed_bytes_of_the_right_length_are_no_matter_of_length() public {
        Part memory part = published(goodPart(), 0);
        uint256 size = part.stored[0].length;
        vm.expectRevert(abi.encodeWithSelector(IQuestions.SealedLengthFits.selector, size, size - 16));
        questions.disproveLength(id, N, OWNER, 0, part.stored[0]);
    }

    function test_text_is_compared_where_the_length_is_right() public {
        Part memory part = goodPart();
        part.stored[0] = bytes.concat(part.stored[0], hex"00");
        published(part, 0);
        uint256 size = part.stored[0].length;
        refuseText(
            part, 0, 0, abi.encodeWithSelector(IQuestions.SealedLengthDiffers.selector, size, size - 17)
        );
    }

    // ── the text ──

    function test_one_bit_that_decrypts_otherwise_disproves_the_row() public {
        Part memory part = wrongAt(goodPart(), 0, 16 * 17 + 15, 0x01);
        published(part, 0);
        for (uint256 place = 0; place < part.segments[0].length / 16; place++) {
            if (place == 17) continue;
            refuseText(part, 0, place, abi.encodeWithSelector(IQuestions.NothingDisproved.selector, place));
        }
        vm.expectEmit(address(questions));
        emit IQuestions.FaultFound(id, N, OWNER, IQuestions.Fault.RowDisproved, STRANGER);
        Disproof memory disproof = disproofOf(part, 0, 17);
        vm.prank(STRANGER);
        questions.disproveText(id, N, OWNER, 0, disproof);
        vm.assertTrue(isStruck(), "struck");
        // Who asked has its share, whoever shows it: a copy gains nothing.
        requireStruckBy(2);
        requireGains([int256(0), 0, -10, 0]);
        vm.assertEq(freeOf(STRANGER), 0);
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(seams.questionsHeld(id, N), 0);
    }

    /// The last of the second piece, which is shorter, and the whole tag, which decides nothing.
    function test_every_piece_can_be_shown_and_the_tag_decides_nothing() public {
        Part memory part = goodPart();
        bytes[] memory segments = new bytes[](1);
        segments[0] = batch(id, N, 0, 1, wins(0, 15, 0));
        part = sealedPart(id, N, segments);
        uint256 size = part.segments[0].length;
        vm.assertEq(size, 1024 + 128);
        for (uint256 i = 0; i < 16; i++) {
            part.stored[0][size + i] = bytes1(uint8(i));
        }
        part = wrongAt(part, 0, size - 1, 0x80);
        published(part, 0);
        for (uint256 place = 0; place < size / 16 - 1; place++) {
            refuseText(part, 0, place, abi.encodeWithSelector(IQuestions.NothingDisproved.selector, place));
        }
        questions.disproveText(id, N, OWNER, 0, disproofOf(part, 0, size / 16 - 1));
        vm.assertTrue(isStruck(), "struck");
    }

    function test_what_is_sealed_under_another_segments_key_is_disproved() public {
        Part memory part = goodPart();
        part.stored[0] = sealWith(id, N, part.segmentRoots[1], part.segments[0]);
        published(part, 0);
        questions.disproveText(id, N, OWNER, 0, disproofOf(part, 0, 3));
        vm.assertTrue(isStruck(), "struck");
    }

    function test_what_is_sealed_under_another_blocks_key_is_disproved() public {
        Part memory part = goodPart();
        part.stored[0] = sealWith(id, N + 1, part.segmentRoots[0], part.segments[0]);
        published(part, 0);
        questions.disproveText(id, N, OWNER, 0, disproofOf(part, 0, 3));
        vm.assertTrue(isStruck(), "struck");
    }

    /// One question about the row, whoever asked it, is enough for whoever holds the data.
    function test_whoever_disproves_a_row_frees_everybody_who_asked_about_it() public {
        Part memory part = wrongAt(goodPart(), 1, 0, 0xff);
        doubt(part);
        ask(1, part, 1);
        ask(3, part, 1);
        ask(0, part, 2);
        publish(account(OWNER), part, 1);
        Disproof memory disproof = disproofOf(part, 1, 0);
        vm.prank(operator(3));
        questions.disproveText(id, N, OWNER, 1, disproof);
        requireStruckBy(10);
        requireGains([int256(-10), 0, -10, 0]);
        vm.assertEq(freeOf(operator(3)), 0);
        vm.assertEq(openQuestions(), 1);
        vm.assertEq(seams.questionsHeld(id, N), 1);
    }

    // ── in time ──

    function test_a_row_is_disproved_until_its_time_is_over() public {
        Part memory part = wrongAt(goodPart(), 0, 0, 0xff);
        published(part, 0);
        vm.warp(ASKED_AT + ANSWER);
        refuseText(part, 0, 0, abi.encodeWithSelector(IQuestions.RowTooLate.selector, ASKED_AT + ANSWER));
        vm.expectRevert(abi.encodeWithSelector(IQuestions.RowTooLate.selector, ASKED_AT + ANSWER));
        questions.disproveLength(id, N, OWNER, 0, part.stored[0]);
        vm.warp(ASKED_AT + ANSWER - 1);
        questions.disproveText(id, N, OWNER, 0, disproofOf(part, 0, 0));
        vm.assertTrue(isStruck(), "struck");
    }

    function test_a_row_that_a_friend_had_refuted_is_disproved_by_who_asks_later() public {
        Part memory part = wrongAt(goodPart(), 0, 0, 0xff);
        published(part, 0);
        vm.warp(ASKED_AT + ANSWER);
        conclude(1);
        ask(3, part, 0);
        vm.warp(ASKED_AT + 2 * ANSWER - 1);
        Disproof memory disproof = disproofOf(part, 0, 0);
        vm.prank(account(3));
        questions.disproveText(id, N, OWNER, 0, disproof);
        // The first question was refuted: it has no share.
        requireStruckBy(8);
        requireGains([int256(0), -10, -10, 0]);
    }

    function test_what_is_not_published_cannot_be_disproved() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IQuestions.RowNotPublished.selector, id, N, OWNER, uint32(0))
        );
        questions.disproveLength(id, N, OWNER, 0, part.stored[0]);
        refuseText(
            part, 1, 0, abi.encodeWithSelector(IQuestions.RowNotAsked.selector, id, N, OWNER, uint32(1))
        );
    }

    function test_nothing_is_struck_once_the_block_is_not_open() public {
        Part memory part = wrongAt(goodPart(), 0, 0, 0xff);
        published(part, 0);
        seams.closeBlock(id, N);
        refuseText(part, 0, 0, abi.encodeWithSelector(SeamsMock.MockClosed.selector));
        conclude(1);
        vm.assertEq(lockedOf(account(1)), 0);
    }

    // ── what a disproof is made of ──

    function test_a_good_row_cannot_be_disproved_at_any_place() public {
        Part memory part = published(goodPart(), 1);
        for (uint256 place = 0; place < part.segments[1].length / 16; place++) {
            refuseText(part, 1, place, abi.encodeWithSelector(IQuestions.NothingDisproved.selector, place));
        }
    }

    function test_other_sealed_bytes_disprove_nothing() public {
        Part memory part = published(goodPart(), 0);
        bytes32 digest = sha256(part.stored[0]);
        Disproof memory disproof = disproofOf(part, 0, 0);
        disproof.sealedSegment[0] ^= 0x01;
        bytes memory refusal = abi.encodeWithSelector(
            IQuestions.SealedSegmentRefused.selector, digest, sha256(disproof.sealedSegment)
        );
        vm.expectRevert(refusal);
        questions.disproveText(id, N, OWNER, 0, disproof);
        vm.expectRevert(refusal);
        questions.disproveLength(id, N, OWNER, 0, disproof.sealedSegment);
    }

    function test_only_the_key_of_the_block_disproves() public {
        Part memory part = published(goodPart(), 0);
        Disproof memory disproof = disproofOf(part, 0, 0);
        disproof.blockKey = blockKeyOf(N + 1);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.KeyNotProven.selector, keyLeaves()[N + 1], N));
        questions.disproveText(id, N, OWNER, 0, disproof);
        disproof.keyPath = keyPath(N + 1);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.KeyNotProven.selector, keyLeaves()[N + 1], N));
        questions.disproveText(id, N, OWNER, 0, disproof);
        disproof.blockKey = blockKeyOf(N);
        disproof.keyPath = new bytes32[](1);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.KeyNotProven.selector, keyLeaves()[N], N));
        questions.disproveText(id, N, OWNER, 0, disproof);
    }

    function test_only_published_bytes_are_compared() public {
        Part memory part = published(goodPart(), 0);
        uint256 places = part.segments[0].length / 16;
        refuseText(
            part, 0, places, abi.encodeWithSelector(IQuestions.PlaceOutside.selector, places, places)
        );
        Disproof memory disproof = disproofOf(part, 0, 5);
        disproof.piece[80] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(IQuestions.PieceRefused.selector, 0));
        questions.disproveText(id, N, OWNER, 0, disproof);
        disproof = disproofOf(part, 0, 5);
        disproof.piecePath = new bytes32[](1);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.PieceRefused.selector, 0));
        questions.disproveText(id, N, OWNER, 0, disproof);
    }

    // ── scene ──

    function refuseText(Part memory part, uint32 index, uint256 place, bytes memory refusal) private {
        Disproof memory disproof = disproofOf(part, index, place);
        vm.expectRevert(refusal);
        questions.disproveText(id, N, OWNER, index, disproof);
    }

    /// Participant 1 asked about the row, and a stranger published it at once.
    function published(Part memory part, uint32 index) private returns (Part memory) {
        doubt(part);
        ask(1, part, index);
        publish(STRANGER, part, index);
        return part;
    }

    /// Sealed bytes with other bits at one byte.
    function wrongAt(Part memory part, uint32 index, uint256 place, uint8 bits)
        private
        pure
        returns (Part memory)
    {
        part.stored[index][place] ^= bytes1(bits);
        return part;
    }
}
