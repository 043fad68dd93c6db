// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Disproof, IQuestions, RowWords} from "../../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../../src/interfaces/BlockTypes.sol";
import {Questions} from "../../../src/disputes/Questions.sol";
import {Reason, WeiBook, WeiMove} from "../../../src/interfaces/IVault.sol";
import {BlockWords} from "../../../src/lib/BlockWords.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {SealedParts} from "../../support/SealedParts.sol";
import {SeamsMock} from "../../support/SeamsMock.sol";

/// A channel of four in which the part of participant 2 is in doubt; times to answer are 20 seconds.
abstract contract QuestionScene is SealedParts {
    uint64 internal constant N = 1;
    uint8 internal constant OWNER = 2;
    uint256 internal constant ASKED_AT = START + 1_000;
    uint256 internal constant ANSWER = 20;
    address internal constant STRANGER = address(0x57a);

    Questions internal questions;
    SeamsMock internal seams;
    bytes32 internal id;

    function setUp() public virtual override {
        super.setUp();
        id = open(4);
        seams = new SeamsMock(participants);
        // At an address that the Vault lets move wei.
        Questions made = new Questions(channels, vault, seams, participants);
        vm.etch(ADJUDICATOR, address(made).code);
        questions = Questions(ADJUDICATOR);
        seams.openBlock(id, N, openTerms(4).participants);
        vm.warp(ASKED_AT);
    }

    // ── the part in doubt ──

    /// Of payer and seller 1: two batches, then one, then one of the seller.
    function goodPart() internal view returns (Part memory) {
        bytes[] memory segments = new bytes[](3);
        segments[0] = bytes.concat(payerBatch(1), payerBatch(2));
        segments[1] = payerBatch(3);
        segments[2] = batch(id, N, 1, 7, wins(1, 2, 0));
        return sealedPart(id, N, segments);
    }

    function payerBatch(uint64 sequence) internal view returns (bytes memory) {
        return batch(id, N, 0, sequence, wins(0, 2, 10 * sequence));
    }

    /// The owner posted it, one standing result counts it, and another does not.
    function doubt(Part memory part) internal {
        doubtFacts(factsOf(part));
    }

    function doubtFacts(PartFacts memory facts) internal {
        doubtFacts(OWNER, facts);
    }

    function doubtFacts(uint8 part, PartFacts memory facts) internal {
        seams.doubt(id, N, part, digestOf(facts), Bonds.PART);
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(
            account(part), account(part), WeiBook.Free, WeiBook.Locked, Reason.PartBond, Bonds.PART
        );
        vm.prank(ADJUDICATOR);
        vault.moveWei(id, N, moves);
    }

    function digestOf(PartFacts memory facts) internal pure returns (bytes27) {
        return BlockWords.partDigest(facts.partRoot, facts.segmentCount, facts.indexHash);
    }

    function factsRefusal(Part memory part, PartFacts memory given) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IQuestions.PartFactsRefused.selector, digestOf(factsOf(part)), digestOf(given)
        );
    }

    // ── acts ──

    function ask(uint256 participant, Part memory part, uint32 row) internal {
        PartFacts memory facts = factsOf(part);
        vm.prank(account(participant));
        questions.askRow(id, N, OWNER, facts, row);
    }

    function publish(address sender, Part memory part, uint32 row) internal {
        PartFacts memory facts = factsOf(part);
        vm.startPrank(sender);
        questions.publish(id, N, OWNER, facts, openedRow(part, row));
        vm.stopPrank();
    }

    function conclude(uint256 participant) internal {
        questions.conclude(id, N, OWNER, uint8(participant));
    }

    function disproofOf(Part memory part, uint32 row, uint256 place)
        internal
        pure
        returns (Disproof memory)
    {
        bytes memory segment = part.segments[row];
        uint256 piece = place / 64;
        uint256 left = segment.length > piece * 1024 ? segment.length - piece * 1024 : 0;
        bytes32[] memory pieces = hashesOf(segment, 1024);
        return Disproof({
            blockKey: blockKeyOf(N),
            keyPath: keyPath(N),
            sealedSegment: part.stored[row],
            place: place,
            piece: slice(segment, piece * 1024, left < 1024 ? left : 1024),
            piecePath: siblingsOf(pieces, piece)
        });
    }

    // ── books ──

    function freeOf(address who) internal view returns (uint256 free) {
        (free,,) = vault.weiOf(who);
    }

    function lockedOf(address who) internal view returns (uint256 locked) {
        (,, locked) = vault.weiOf(who);
    }

    /// What each of the first participants gained since it had 10 ether, in thousandths of an ether.
    function requireGains(int256[4] memory expected) internal view {
        for (uint256 i = 0; i < 4; i++) {
            int256 gain = (int256(freeOf(account(i))) - 10 ether) / 0.001 ether;
            vm.assertEq(vm.toString(uint256(gain + 1_000)), vm.toString(uint256(expected[i] + 1_000)));
        }
    }

    function rowNow(uint32 index) internal view returns (RowWords memory) {
        return questions.rowOf(id, N, OWNER, index);
    }

    function isStruck() internal view returns (bool struck) {
        (,,, struck) = seams.partOf(id, N, OWNER);
    }

    /// Struck by those participants' questions, a bit for each; what its owner loses lies there until the block is over.
    function requireStruckBy(uint16 provers) internal view {
        vm.assertTrue(isStruck(), "struck");
        vm.assertEq(seams.proversOf(id, N, OWNER), provers, "provers");
        vm.assertGe(lockedOf(account(OWNER)), Bonds.PART, "bond");
    }

    function openQuestions() internal view returns (uint16 open_) {
        (, open_,,) = questions.questionsOf(id, N, OWNER);
    }
}
