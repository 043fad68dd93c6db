// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "../../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../../src/interfaces/IBlockFacts.sol";
import {Forfeit, IBlockSeams} from "../../../src/interfaces/IBlockSeams.sol";
import {BlockWords, Dispute, Quarrel} from "../../../src/lib/BlockWords.sol";
import {BlockScene} from "./BlockScene.sol";

/// Block 1 in dispute, and the words of Adjudicator, Questions and Panel. Counted from begun(): V is 40, own results
/// are taken until 100, parts are questioned until Q at 160; where nothing is open then the window ends at 180.
abstract contract DisputeScene is BlockScene {
    uint256 internal constant Q = 160;
    uint256 internal constant W = 180;
    uint256 internal constant LAST = 240;
    /// Without part 2.
    uint16 internal constant FIRST_TWO = 3;

    function goTo(uint256 seconds_) internal {
        vm.warp(begun() + seconds_);
    }

    function short() internal pure returns (BlockResult memory) {
        return resultOf(3, 1700, FIRST_TWO);
    }

    /// Result 0 of all parts by the payer's binding seat, result 1 without part 2 by the seller itself.
    function differing() internal {
        revealedByOne();
        goTo(40);
        revealOwn(id, N, 1, short());
    }

    /// As many seats as there are results, none binding; all revealed at begun().
    function revealedBySeats(BlockResult[3] memory said) internal {
        postAll(id, N, 3);
        for (uint256 i = 0; i < 3; i++) {
            commit(id, N, i, said[i], false);
        }
        for (uint256 i = 0; i < 3; i++) {
            reveal(id, N, i, said[i]);
        }
    }

    // ── what the three contracts say ──

    function accuse(uint8 result, uint8 participant) internal {
        accuse(id, N, result, participant);
    }

    function refuseAccusation(uint8 result, uint8 participant, bytes memory why) internal {
        refuseAccusation(result, participant, account(participant), why);
    }

    function refuseAccusation(uint8 result, uint8 participant, address sender, bytes memory why) internal {
        vm.expectRevert(why);
        vm.prank(ADJUDICATOR);
        blocks.holdAccusation(id, N, result, participant, sender);
    }

    function freeAccusations(uint8 count) internal {
        vm.prank(ADJUDICATOR);
        blocks.freeAccusations(id, N, count);
    }

    function fell(uint8 result) internal returns (Forfeit[] memory) {
        vm.prank(ADJUDICATOR);
        return blocks.fall(id, N, result);
    }

    function takenBack(uint8 result) internal returns (Forfeit[] memory) {
        vm.prank(ADJUDICATOR);
        return blocks.forfeitTakenBack(id, N, result);
    }

    function ask(uint8 part, uint256 participant) internal {
        vm.prank(QUESTIONS);
        blocks.holdQuestion(id, N, part, account(participant));
    }

    function refuseQuestion(uint8 part, bytes memory why) internal {
        vm.expectRevert(why);
        vm.prank(PANEL);
        blocks.holdQuestion(id, N, part, account(0));
    }

    function freeQuestions(uint8 count) internal {
        vm.prank(QUESTIONS);
        blocks.freeQuestions(id, N, count);
    }

    /// By a question of the payer.
    function strike(uint8 part) internal returns (bool) {
        return strike(part, 1);
    }

    function strike(uint8 part, uint16 provers) internal returns (bool) {
        vm.prank(PANEL);
        return blocks.strikePart(id, N, part, provers);
    }

    function charge(uint8 part, uint96 amount) internal returns (address owner, uint96 charged) {
        vm.prank(PANEL);
        return blocks.chargePart(id, N, part, amount);
    }

    function accept(uint256 who, BlockResult memory result) internal {
        bytes32 hash = hashOf(result);
        vm.prank(account(who));
        blocks.acceptResult(id, N, uint8(who), hash);
    }

    // ── what is kept ──

    function quarrel() internal view returns (Quarrel memory) {
        return BlockWords.quarrelOf(blocks.rawWords(id, N)[BlockWords.QUARREL]);
    }

    function dispute() internal view returns (Dispute memory) {
        return BlockWords.disputeOf(blocks.rawWords(id, N)[BlockWords.DISPUTE]);
    }

    function stakeOf(uint256 index) internal view returns (uint256 staked) {
        (, staked,) = vault.weiOf(validator(index));
    }

    // ── refusals ──

    function tooEarly(uint256 opensAt) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockSeams.AccusationTooEarly.selector, id, N, begun() + opensAt);
    }

    function tooLate(uint256 closesAt) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockSeams.AccusationTooLate.selector, id, N, begun() + closesAt);
    }

    function questionTooLate() internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockSeams.QuestionTooLate.selector, id, N, begun() + Q);
    }

    function notInDoubt(uint8 part) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockSeams.PartNotInDoubt.selector, id, N, part);
    }

    function nothingElse(uint8 participant) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockSeams.NothingElseStoodFor.selector, id, N, participant);
    }

    function unknownResult(uint256 result) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.ResultUnknown.selector, bytes32(result));
    }

    function otherParts(uint16 counted, uint16 given) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.OtherPartsCount.selector, id, N, counted, given);
    }

    function alreadyRevealed(uint8 participant) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.AlreadyRevealed.selector, id, N, participant);
    }

    // ── what is handed over ──

    function requireForfeits(Forfeit[] memory given, Forfeit[] memory expected) internal pure {
        vm.assertEq(abi.encode(given), abi.encode(expected));
    }

    function one(address account_, uint96 amount) internal pure returns (Forfeit[] memory forfeits) {
        forfeits = new Forfeit[](1);
        forfeits[0] = Forfeit(account_, amount);
    }

    function two(Forfeit memory first, Forfeit memory second)
        internal
        pure
        returns (Forfeit[] memory forfeits)
    {
        forfeits = new Forfeit[](2);
        (forfeits[0], forfeits[1]) = (first, second);
    }
}
