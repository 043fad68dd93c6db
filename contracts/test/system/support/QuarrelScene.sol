// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Adjudicator} from "../../../src/disputes/Adjudicator.sol";
import {IDisputedBlocks} from "../../../src/disputes/IDisputedBlocks.sol";
import {Panel} from "../../../src/disputes/Panel.sol";
import {Questions} from "../../../src/disputes/Questions.sol";
import {IBlockSeams} from "../../../src/interfaces/IBlockSeams.sol";
import {ChannelTerms, Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {BlockState, BlockWords, Dispute, Quarrel} from "../../../src/lib/BlockWords.sol";
import {SealedParts} from "../../support/SealedParts.sol";

/// All contracts, none of them made up, and one block of a channel of four: payer 0, sellers 1 and 2, auditor 3. One of
/// them, the first seller, is honest.
abstract contract QuarrelScene is SealedParts {
    uint256 public constant MEMBERS = 4;
    uint256 public constant HONEST = 1;
    uint64 public constant N = 1;
    uint16 internal constant ALL = 15;
    address internal constant STRANGER = address(0x57a);
    address internal constant BURN = address(0xdEaD);
    uint256 internal constant FUNDED = 1e6;

    /// In seconds, as in the terms.
    struct Periods {
        uint64 duration;
        uint64 grace;
        uint64 collation;
        uint64 processing;
        uint64 challenge;
        uint64 answer;
    }

    /// The block as it stands now, whether or not its parts' decision is written yet. `gone`: a bit for each result.
    struct Now {
        BlockState state;
        Quarrel quarrel;
        Dispute dispute;
        uint256 count;
        uint256 gone;
        bytes32[] hashes;
        uint16[] parts;
        uint40[] revealedAt;
        uint256 stances;
    }

    Adjudicator public adjudicator;
    Questions public questions;
    Panel public panel;
    bytes32 public id;
    Periods public periods;
    uint64 public disputeMax;
    /// What of a rule was broken, in words, by what the rule is about; empty if nothing was.
    mapping(string rule => string) public broken;
    mapping(string act => uint256) public taken;

    function setUp() public virtual override {
        setUpFor(Periods(100, 10, 90, 40, 60, 20));
    }

    function setUpFor(Periods memory periods_) public {
        super.setUp();
        periods = periods_;
        disputeMax = 3 * periods_.challenge + 5 * periods_.processing + 24 * periods_.answer;
        // Where the Vault and Blocks know them.
        etch(
            ADJUDICATOR,
            address(
                new Adjudicator(
                    channels, vault, IDisputedBlocks(address(blocks)), participants, reducerTable
                )
            )
        );
        etch(QUESTIONS, address(new Questions(channels, vault, IBlockSeams(address(blocks)), participants)));
        etch(
            PANEL,
            address(
                new Panel(address(channels), vault, IBlockSeams(address(blocks)), participants, validators)
            )
        );
        (adjudicator, questions, panel) = (Adjudicator(ADJUDICATOR), Questions(QUESTIONS), Panel(PANEL));
        id = open(quarrelTerms());
        fundAll(id, MEMBERS, FUNDED);
    }

    function etch(address at_, address made) private {
        vm.etch(at_, made.code);
    }

    /// The payer's word alone earns a price, the lower one counts, and an audit earns five nano.
    function quarrelTerms() internal view returns (ChannelTerms memory terms) {
        terms = openTerms(MEMBERS);
        terms.reducerParameters = parameters(1, false, 5, new Share[](0));
        terms.blockDuration = periods.duration;
        terms.collectionGrace = periods.grace;
        terms.collationPeriod = periods.collation;
        terms.processingPeriod = periods.processing;
        terms.challengePeriod = periods.challenge;
        terms.answerPeriod = periods.answer;
        terms.disputeMax = disputeMax;
        terms.withdrawalNotice = 2 * periods.duration;
    }

    // ── the block now ──

    function look() internal view returns (Now memory one) {
        uint256[] memory raw = blocks.rawWords(id, N);
        one.state = BlockWords.stateOf(raw[BlockWords.STATE]);
        one.quarrel = BlockWords.quarrelOf(raw[BlockWords.QUARREL]);
        one.dispute = BlockWords.disputeOf(raw[BlockWords.DISPUTE]);
        one.stances = raw[BlockWords.STANCES];
        one.count = BlockWords.resultCountOf(one.state, one.quarrel);
        one.gone = one.quarrel.fallen | one.quarrel.withdrawn;
        (one.hashes, one.parts) = (new bytes32[](one.count), new uint16[](one.count));
        one.revealedAt = new uint40[](one.count);
        for (uint256 i = 0; i < one.count; i++) {
            uint256 word = raw[BlockWords.RESULTS + 2 * i + 1];
            one.hashes[i] = bytes32(raw[BlockWords.RESULTS + 2 * i]);
            one.parts[i] = BlockWords.resultOf(word).validParts;
            one.revealedAt[i] = BlockWords.resultOf(word).revealedAt;
        }
        if (isDecisionDue(one)) decide(one);
    }

    function isDecisionDue(Now memory one) private view returns (bool) {
        if (!one.dispute.differ || one.dispute.decided || one.dispute.questions > 0) return false;
        return one.quarrel.agreed == 0 && one.state.endedAt == 0 && block.timestamp >= decidesAt(one);
    }

    /// As protocol.md 8 has it: what a standing result counts, less what is struck.
    function decide(Now memory one) private pure {
        for (uint256 i = 0; i < one.count; i++) {
            if (!has(one.gone, i)) one.dispute.counted |= one.parts[i];
        }
        one.dispute.counted &= ~one.quarrel.struck;
        one.dispute.decided = true;
        for (uint256 i = 0; i < one.count; i++) {
            if (one.parts[i] != one.dispute.counted) one.gone |= 1 << i;
        }
    }

    function has(uint256 mask, uint256 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }

    function stageNow() public view returns (Stage) {
        return stageOf(id, N);
    }

    function isLive() internal view returns (bool) {
        return stageNow() < Stage.Final;
    }

    // ── times, from the words of protocol.md 8 ──

    function collatesAt() public view returns (uint256) {
        return START + (uint256(N) + 1) * periods.duration + periods.grace;
    }

    /// P.
    function processesAt(Now memory one) internal view returns (uint256) {
        return one.state.posted == ALL ? one.state.lastPostedAt : collatesAt() + periods.collation;
    }

    /// V; of the extension once it has begun without a result.
    function processedAt(Now memory one) internal view returns (uint256 until) {
        until = processesAt(one) + periods.processing;
        uint256 first = one.state.firstRevealedAt;
        if ((first == 0 ? block.timestamp : first) >= until) until += periods.processing;
    }

    function isExtended(Now memory one) internal view returns (bool) {
        return processedAt(one) > processesAt(one) + periods.processing;
    }

    function askedUntil(Now memory one) internal view returns (uint256) {
        return processedAt(one) + 2 * periods.challenge;
    }

    function decidesAt(Now memory one) internal view returns (uint256) {
        return most(askedUntil(one), one.dispute.resolvedAt);
    }

    function windowUntil(Now memory one) internal view returns (uint256) {
        return decidesAt(one) + periods.processing / 2;
    }

    /// challengePeriod after the latest of V, its reveal, the dispute's beginning, and the end of the window.
    function accusableUntil(Now memory one, uint256 result) internal view returns (uint256 from) {
        from = most(most(processedAt(one), one.state.disputedAt), one.revealedAt[result]);
        if (one.dispute.differ) from = most(from, windowUntil(one));
        from += periods.challenge;
    }

    function most(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a : b;
    }

    // ── notes ──

    function did(string memory act) internal {
        taken[act]++;
    }

    /// Every refusal has a name of its own: nothing panics, nothing fails without a word.
    function allow(bytes memory why) internal {
        bytes4 name = bytes4(why);
        bool isNamed = why.length >= 4 && name != bytes4(0x4e487b71) && name != bytes4(0x08c379a0);
        if (!isNamed) broken["refusal"] = "a refusal without a name";
    }
}
