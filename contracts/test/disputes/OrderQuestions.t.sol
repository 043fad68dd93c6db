// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {HeaderPlace, IQuestions} from "../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {IBlockSeams} from "../../src/interfaces/IBlockSeams.sol";
import {RecordProof} from "../../src/lib/RecordProof.sol";
import {QuestionScene} from "./support/QuestionScene.sol";

/// Disorder and too many rows: two headers with their places, decided at once.
contract OrderQuestionsTest is QuestionScene {
    function test_a_later_row_that_is_not_above_an_earlier_one_strikes_the_part() public {
        Part memory good = goodPart();
        // Rows by what is wrong: another author first, a sequence that goes back, the same row twice.
        uint8[2][3] memory orders = [[2, 0], [1, 0], [1, 1]];
        for (uint256 i = 0; i < orders.length; i++) {
            uint256 before = vm.snapshotState();
            Part memory part = rowsOf(good, orders[i][0], orders[i][1]);
            doubt(part);
            ask(3, part, 0);
            vm.expectEmit(address(questions));
            emit IQuestions.FaultFound(id, N, OWNER, IQuestions.Fault.Disorder, account(1));
            proveDisorder(1, part, headerPlace(part, 0, 0), headerPlace(part, 1, 0));
            requireStruckBy(2);
            // A question about a row is decided by itself.
            requireGains([int256(0), 0, -10, -10]);
            vm.assertEq(seams.questionsHeld(id, N), 1);
            vm.revertToState(before);
        }
    }

    /// Of two batches with one sequence the root decides.
    function test_equal_sequences_are_ordered_by_their_roots() public {
        bytes memory one = batch(id, N, 0, 5, wins(0, 1, 0));
        bytes memory other = batch(id, N, 0, 5, wins(0, 1, 1));
        bool isBelow = rootIn(one) < rootIn(other);
        bytes[] memory segments = new bytes[](2);
        (segments[0], segments[1]) = isBelow ? (one, other) : (other, one);
        Part memory part = sealedPart(id, N, segments);
        doubt(part);
        refuse(
            abi.encodeWithSelector(IQuestions.HeadersInOrder.selector),
            abi.encodeCall(this.proveDisorder, (1, part, headerPlace(part, 0, 0), headerPlace(part, 1, 0)))
        );
        part = rowsOf(part, 1, 0);
        doubt(part);
        proveDisorder(1, part, headerPlace(part, 0, 0), headerPlace(part, 1, 0));
        vm.assertTrue(isStruck(), "struck");
    }

    function test_no_two_headers_of_a_good_part_prove_disorder() public {
        Part memory part = goodPart();
        doubt(part);
        uint32[2][4] memory places = [[uint32(0), 0], [uint32(0), 1], [uint32(1), 0], [uint32(2), 0]];
        for (uint256 i = 0; i < 4; i++) {
            for (uint256 k = 0; k < 4; k++) {
                (uint32 earlier, uint32 later) = (places[i][0], places[k][0]);
                HeaderPlace memory one = headerPlace(part, earlier, places[i][1]);
                HeaderPlace memory other = headerPlace(part, later, places[k][1]);
                refuse(
                    earlier < later
                        ? abi.encodeWithSelector(IQuestions.HeadersInOrder.selector)
                        : abi.encodeWithSelector(IQuestions.RowsTooClose.selector, earlier, later, 1),
                    abi.encodeCall(this.proveDisorder, (1, part, one, other))
                );
            }
        }
        vm.assertEq(seams.questionsHeld(id, N), 0);
    }

    function test_more_rows_of_an_author_than_there_may_be_strike_the_part() public {
        // 2^20 bytes of an author in a part are at most 129 rows.
        Part memory part = manyRows(130, 0);
        doubt(part);
        refuse(
            abi.encodeWithSelector(IQuestions.RowsTooClose.selector, uint32(0), uint32(128), 129),
            abi.encodeCall(
                this.proveTooManyRows, (1, part, headerPlace(part, 0, 0), headerPlace(part, 128, 0))
            )
        );
        vm.expectEmit(address(questions));
        emit IQuestions.FaultFound(id, N, OWNER, IQuestions.Fault.TooManyRows, account(1));
        proveTooManyRows(1, part, headerPlace(part, 0, 0), headerPlace(part, 129, 0));
        requireStruckBy(2);
        requireGains([int256(0), 0, -10, 0]);
        vm.assertEq(seams.questionsHeld(id, N), 0);
    }

    function test_rows_of_two_authors_are_not_too_many_of_one() public {
        Part memory part = manyRows(129, 1);
        doubt(part);
        refuse(
            abi.encodeWithSelector(IQuestions.AuthorsDiffer.selector, uint8(0), uint8(1)),
            abi.encodeCall(
                this.proveTooManyRows, (1, part, headerPlace(part, 0, 0), headerPlace(part, 129, 0))
            )
        );
    }

    function test_headers_are_taken_where_they_stand_alone() public {
        Part memory part = rowsOf(goodPart(), 1, 0);
        doubt(part);
        HeaderPlace memory later = headerPlace(part, 1, 0);

        HeaderPlace memory earlier = headerPlace(part, 0, 0);
        earlier.header[16] ^= 0x01;
        refuse(
            abi.encodeWithSelector(RecordProof.RecordPlaceRefused.selector, "partRoot"),
            abi.encodeCall(this.proveDisorder, (1, part, earlier, later))
        );

        earlier = headerPlace(part, 0, 0);
        earlier.batches++;
        refuse(
            abi.encodeWithSelector(RecordProof.RecordPlaceRefused.selector, "segmentRoot"),
            abi.encodeCall(this.proveDisorder, (1, part, earlier, later))
        );

        earlier = headerPlace(part, 0, 0);
        earlier.header = slice(earlier.header, 0, 191);
        refuse(
            abi.encodeWithSelector(RecordProof.BatchHeaderMalformed.selector, "length"),
            abi.encodeCall(this.proveDisorder, (1, part, earlier, later))
        );

        // Beyond the last row nothing stands.
        later = headerPlace(part, 1, 0);
        later.rowIndex = 2;
        refuse(
            abi.encodeWithSelector(RecordProof.RecordPlaceRefused.selector, "partRoot"),
            abi.encodeCall(this.proveDisorder, (1, part, headerPlace(part, 0, 0), later))
        );
    }

    function test_order_is_proved_of_what_was_posted() public {
        Part memory part = rowsOf(goodPart(), 1, 0);
        doubt(part);
        PartFacts memory facts = factsOf(part);
        facts.indexHash = keccak256("other");
        vm.startPrank(account(1));
        bytes memory refusal = factsRefusal(part, facts);
        HeaderPlace memory earlier = headerPlace(part, 0, 0);
        HeaderPlace memory later = headerPlace(part, 1, 0);
        vm.expectRevert(refusal);
        questions.proveDisorder(id, N, OWNER, facts, earlier, later);
        vm.expectRevert(refusal);
        questions.proveTooManyRows(id, N, OWNER, facts, earlier, later);
    }

    /// The owner's friend, or who copies it, may be faster: whoever shows it too has its share, once each.
    function test_what_is_shown_again_has_its_share_and_nothing_is_asked_any_more() public {
        Part memory part = rowsOf(goodPart(), 1, 0);
        doubt(part);
        for (uint256 i = 0; i < 2; i++) {
            proveDisorder(3, part, headerPlace(part, 0, 0), headerPlace(part, 1, 0));
            requireStruckBy(8);
        }
        proveDisorder(1, part, headerPlace(part, 0, 0), headerPlace(part, 1, 0));
        requireStruckBy(10);
        requireGains([int256(0), 0, -10, 0]);
        vm.assertEq(seams.questionsHeld(id, N), 0);
        PartFacts memory facts = factsOf(part);
        vm.expectRevert(abi.encodeWithSelector(IBlockSeams.PartNotInDoubt.selector, id, N, OWNER));
        vm.prank(account(0));
        questions.askRow(id, N, OWNER, facts, 0);
    }

    // ── scene ──

    /// An act of this contract's own, made up before.
    function refuse(bytes memory refusal, bytes memory act) private {
        (bool isTaken, bytes memory answer) = address(this).call(act);
        vm.assertFalse(isTaken, "taken");
        vm.assertEq(answer, refusal);
    }

    function proveDisorder(
        uint256 sender,
        Part memory part,
        HeaderPlace memory earlier,
        HeaderPlace memory later
    ) public {
        PartFacts memory facts = factsOf(part);
        vm.prank(account(sender));
        questions.proveDisorder(id, N, OWNER, facts, earlier, later);
    }

    function proveTooManyRows(
        uint256 sender,
        Part memory part,
        HeaderPlace memory earlier,
        HeaderPlace memory later
    ) public {
        PartFacts memory facts = factsOf(part);
        vm.prank(account(sender));
        questions.proveTooManyRows(id, N, OWNER, facts, earlier, later);
    }

    /// A part of two of the rows.
    function rowsOf(Part memory part, uint256 first, uint256 second) private view returns (Part memory) {
        bytes[] memory segments = new bytes[](2);
        (segments[0], segments[1]) = (part.segments[first], part.segments[second]);
        return sealedPart(id, N, segments);
    }

    /// So many of the payer, then some of the seller; nobody looks at what is sealed.
    function manyRows(uint256 first, uint256 second) private view returns (Part memory part) {
        uint256 count = first + second;
        part.segments = new bytes[](count);
        part.stored = new bytes[](count);
        part.segmentRoots = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            uint8 author = i < first ? 0 : 1;
            part.segments[i] = batch(id, N, author, uint64(i), wins(author, 1, i));
            part.stored[i] = abi.encode(i);
            part.segmentRoots[i] = rootOf(headerHashes(part.segments[i]));
        }
    }

    function rootIn(bytes memory one) private pure returns (bytes32 root) {
        assembly ("memory-safe") {
            root := mload(add(one, 0x60))
        }
    }
}
