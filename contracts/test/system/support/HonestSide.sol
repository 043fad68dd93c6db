// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState, Turn} from "../../../src/disputes/IAdjudicator.sol";
import {IPanel} from "../../../src/disputes/IPanel.sol";
import {RowWords} from "../../../src/disputes/IQuestions.sol";
import {Delegation} from "../../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {BlockWords} from "../../../src/lib/BlockWords.sol";
import {QuarrelMoves} from "./QuarrelMoves.sol";
import {ToldTree} from "./ToldTree.sol";

/// The one honest member: from its own tree and parts and what the chain shows it makes every move that is due, as
/// docs/explanation/disputes.md has them. Where one that is due is refused, `broken` says so.
abstract contract HonestSide is QuarrelMoves {
    bool internal isHonestAway;
    /// Whether its validator commits, and whether for good.
    bool internal hasHonestSeat = true;
    bool internal isHonestBinding;
    bytes32 private committed;
    uint256 private moves;

    /// Everything that can be done now.
    function play() internal {
        if (isHonestAway) return carryOnAlone();
        for (uint256 i = 0; i < 12; i++) {
            uint256 before = moves;
            playOnce();
            if (moves == before) return;
        }
        broken["honest"] = "moves without an end";
    }

    function playOnce() private {
        Stage stage = stageNow();
        if (stage < Stage.Collation) return;
        if (stage == Stage.Collation) return post();
        if (stage >= Stage.Final) return endAll(stage);
        // Where results differ early the dispute begins before all have revealed.
        if (stage == Stage.Processing || block.timestamp < processedAt(look())) playSeat();
        speak();
        if (stageNow() != Stage.Dispute) return;
        endQuestions();
        playPanels();
        askAboutParts();
        answerForParts();
        accuseLies();
        carryAccusations();
    }

    /// Who holds no data still ends what time has ended.
    function carryOnAlone() private {
        Stage stage = stageNow();
        if (stage >= Stage.Final) return endAll(stage);
        if (stage != Stage.Dispute) return;
        endQuestions();
        playPanels();
        endDue(look());
    }

    function moved(bool isTaken) private {
        if (isTaken) moves++;
    }

    // ── its part, its seat, its word ──

    function post() private {
        if (!has(posted, HONEST)) postPart(HONEST, Fault.None);
    }

    function playSeat() private {
        if (!hasHonestSeat) return;
        Now memory one = look();
        if (committed == 0) return commitSeat(one);
        if (one.state.seats != ALL && block.timestamp < revealsFrom(one)) return;
        if (has(one.state.revealed, HONEST)) return;
        BlockResult memory claim = toldOf[committed].claim;
        try blocks.revealResult(id, N, uint8(HONEST), claim, toldOf[committed].opening, WORK, SALT) {
            did("reveal");
            moves++;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function revealsFrom(Now memory one) private view returns (uint256) {
        return processedAt(one) - (periods.processing - periods.processing / 2);
    }

    function commitSeat(Now memory one) private {
        uint256 until = processesAt(one) + periods.processing / 2;
        if (isExtended(one)) until += periods.processing;
        if (block.timestamp >= until || one.state.firstRevealedAt != 0) return;
        bytes32 hash = truthOf(goodParts());
        if (commitFor(HONEST, hash, isHonestBinding)) {
            committed = hash;
            moves++;
        } else {
            broken["honest"] = "no seat";
        }
    }

    function commitFor(uint256 who, bytes32 hash, bool isBinding) internal returns (bool isTaken) {
        Delegation memory one = delegationOf(id, N, who, isBinding);
        bytes memory signature = delegationSignature(one);
        bytes32 commitment = lens.commitmentOf(hash, one.validator, WORK, SALT);
        bytes32[] memory path = keyPath(N);
        vm.prank(one.validator);
        try blocks.commitResult(one, signature, path, commitment) {
            did("commit");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    /// What the parts that count come to, as far as it knows which do.
    function wanted(Now memory one) internal returns (bytes32) {
        return truthOf(one.dispute.decided ? one.dispute.counted : goodParts());
    }

    /// Whether it stands for a result with this hash that stands.
    function standsFor(Now memory one, bytes32 hash) internal view returns (bool) {
        for (uint256 r = 0; r < one.count; r++) {
            if (one.hashes[r] != hash || has(one.gone, r)) continue;
            if (has(one.state.own, HONEST) && BlockWords.ownIn(one.stances, HONEST) == r) return true;
            return has(one.state.revealed, HONEST) && committed == hash;
        }
        return false;
    }

    /// Reveals the true result where it may, unless its word stands.
    function speak() private {
        Now memory one = look();
        if (one.dispute.decided && one.dispute.counted & ~goodParts() != 0) {
            broken["honest"] = "a bad part counts";
        }
        bytes32 hash = wanted(one);
        (uint256 from, uint256 until) = speaksWithin(one);
        if (block.timestamp < from || block.timestamp >= until || standsFor(one, hash)) return;
        if (reveal(HONEST, hash)) moves++;
        else broken["honest"] = "its word was refused";
    }

    /// In the reveal half of the extension and the challenge period, or, once it is decided which parts count, the window.
    function speaksWithin(Now memory one) internal view returns (uint256 from, uint256 until) {
        if (one.dispute.decided) return (decidesAt(one), windowUntil(one));
        from = processedAt(one);
        until = from + periods.challenge;
        if (isExtended(one)) from -= periods.processing - periods.processing / 2;
    }

    // ── which parts count ──

    function isInDoubt(Now memory one, uint256 part) internal pure returns (bool) {
        bool isCounted = false;
        bool isLeftOut = false;
        for (uint256 r = 0; r < one.count; r++) {
            if (has(one.gone, r)) continue;
            if (has(one.parts[r], part)) isCounted = true;
            else isLeftOut = true;
        }
        return isCounted && isLeftOut && !has(one.quarrel.struck, part);
    }

    function mayAsk(Now memory one) internal view returns (bool) {
        return one.state.disputedAt != 0 && !one.dispute.decided && block.timestamp < askedUntil(one);
    }

    /// A part with a fault that is in doubt and about which it has not asked yet.
    function mustAsk(Now memory one, uint8 part) internal view returns (bool) {
        if (!has(posted, part) || isGood(part) || !mayAsk(one) || !isInDoubt(one, part)) return false;
        if (faultOf[part] == Fault.Withheld) {
            (address asker,,) = panel.standing(id, N, part);
            return asker == address(0);
        }
        (uint16 asked,,,) = questions.questionsOf(id, N, part);
        return !has(asked, HONEST);
    }

    function askAboutParts() private {
        for (uint8 part = 0; part < MEMBERS; part++) {
            if (!mustAsk(look(), part)) continue;
            bool isTaken = faultOf[part] == Fault.Withheld
                ? askPanel(HONEST, part)
                : faultOf[part] == Fault.Disorder ? proveDisorder(HONEST, part) : askRow(HONEST, part, ROW);
            if (!isTaken) broken["honest"] = "its question was refused";
            moved(isTaken);
        }
    }

    /// Whether the row waits for its bytes, or for what disproves them.
    function mustShow(uint8 part, uint32 row) internal view returns (bool) {
        RowWords memory words = rowNow(part, row);
        if (words.until <= block.timestamp) return false;
        if (isGood(part)) return words.publisher == address(0);
        bool isUnsealed = faultOf[part] == Fault.Unsealed && row == ROW && words.publisher != address(0);
        return isUnsealed && isOpenAbout(part, row);
    }

    function isOpenAbout(uint8 part, uint32 row) private view returns (bool) {
        (, uint16 open_,, uint32[16] memory rows) = questions.questionsOf(id, N, part);
        for (uint256 who = 0; who < MEMBERS; who++) {
            if (has(open_, who) && rows[who] == row) return true;
        }
        return false;
    }

    function answerForParts() private {
        for (uint8 part = 0; part < MEMBERS; part++) {
            for (uint32 row = 0; row < 2; row++) {
                if (!has(posted, part) || !mustShow(part, row)) continue;
                bool isTaken = isGood(part) ? publish(part, row) : disprove(part);
                if (!isTaken) broken["honest"] = "its answer for a part was refused";
                moved(isTaken);
            }
        }
    }

    function endQuestions() private {
        bool isOver = !isLive();
        for (uint8 part = 0; part < MEMBERS; part++) {
            (, uint16 open_,, uint32[16] memory rows) = questions.questionsOf(id, N, part);
            for (uint8 who = 0; who < MEMBERS; who++) {
                if (!has(open_, who)) continue;
                if (!isOver && block.timestamp < rowNow(part, rows[who]).until) continue;
                moved(concludeRow(part, who));
                // What else was asked about a struck part is over, too.
                (, open_,,) = questions.questionsOf(id, N, part);
            }
        }
    }

    function playPanels() private {
        for (uint8 part = 0; part < MEMBERS; part++) {
            (IPanel.PanelRound memory told, uint8 round, bool isAsked) = roundOf(part);
            if (!isAsked) continue;
            if (told.drawnAt == 0) {
                moved(drawPanel(part));
                continue;
            }
            if (block.timestamp < told.drawnAt + periods.processing) moved(hear(part, told, round));
            if (block.timestamp >= verdictAt(told, round)) moved(concludePanel(part));
        }
    }

    function verdictAt(IPanel.PanelRound memory told, uint8 round) internal view returns (uint256 time) {
        time = told.drawnAt + periods.processing;
        if (round < 2 && told.held != told.notHeld) time += periods.answer;
    }

    // ── trees ──

    /// A result that says other amounts than the truth about its parts.
    function isLie(bytes32 hash) internal returns (bool) {
        return amountsIn(hash) != amountsIn(truthOf(toldOf[hash].claim.validParts));
    }

    /// One that it has not accused yet, where it has a word of its own to accuse it by.
    function mustAccuse(Now memory one, uint8 result) internal returns (bool) {
        if (has(one.gone, result) || (one.dispute.differ && !one.dispute.decided)) return false;
        if (!isLie(one.hashes[result]) || !standsFor(one, wanted(one))) return false;
        (, AccusationState memory state) = caseOf(result, uint8(HONEST));
        return state.turn == Turn.None;
    }

    function accuseLies() private {
        Now memory one = look();
        for (uint8 r = 0; r < one.count; r++) {
            if (!mustAccuse(one, r)) continue;
            if (accuse(r, one.hashes[r], uint8(HONEST), false)) {
                moves++;
            } else if (block.timestamp < accusableUntil(one, r)) {
                broken["honest"] = "its accusation was refused";
            }
        }
    }

    function carryAccusations() private {
        endDue(look());
        Now memory one = look();
        for (uint256 k = 0; k < accused.length; k++) {
            if (isTrue(one.hashes[accused[k][0]])) answerFor(one, k);
            if (accused[k][1] == HONEST) lead(one, accused[k][0]);
        }
    }

    /// Whoever revealed the result: it holds the data.
    function answerFor(Now memory one, uint256 k) internal {
        (uint8 result, uint8 slot) = (accused[k][0], accused[k][1]);
        (AccusationId memory which, AccusationState memory state) = caseOf(result, slot);
        if (!isAsking(state) || has(one.gone, result) || block.timestamp >= state.deadline) return;
        bool isTaken = answer(which, state, one.hashes[result]);
        if (!isTaken && isTrue(one.hashes[result])) broken["honest"] = "its answer was refused";
        moved(isTaken);
    }

    function isAsking(AccusationState memory state) internal pure returns (bool) {
        return state.turn == Turn.Opening || state.turn == Turn.Placing;
    }

    /// Accusations whose time is over, or whose result is gone.
    function endDue(Now memory one) private {
        for (uint256 k = 0; k < accused.length; k++) {
            (uint8 result, uint8 slot) = (accused[k][0], accused[k][1]);
            (AccusationId memory which, AccusationState memory state) = caseOf(result, slot);
            if (!isOpen(state)) continue;
            bool isGone = has(one.gone, result) || !isLive();
            if (!isGone && block.timestamp < state.deadline) continue;
            moved(endAccusation(which, isGone));
            one = look();
        }
    }

    /// Its own accusation, from the root to what is wrong.
    function lead(Now memory one, uint8 result) private {
        (AccusationId memory which, AccusationState memory state) = caseOf(result, uint8(HONEST));
        if (state.turn != Turn.Accuser || block.timestamp >= state.deadline) return;
        if (!isLive() || has(look().gone, result)) return;
        bytes32 hash = one.hashes[result];
        ToldTree.Leaf[] memory own = leavesIn(truthOf(toldOf[hash].claim.validParts));
        ToldTree.Leaf[] memory other = leavesIn(hash);
        bool isTaken = other.length == 0
            ? show(which, account(HONEST), other, 0, ToldTree.recordIn(own[0].records, 0))
            : state.level > 0
                ? name(which, account(HONEST), other, firstOther(own, other))
                : leadAtLeaf(which, own, other, state.index);
        if (!isTaken) broken["honest"] = "its lead was refused";
        moved(isTaken);
    }

    /// The first that is another, or that stands where the own tree has none, or the last.
    function firstOther(ToldTree.Leaf[] memory own, ToldTree.Leaf[] memory other)
        private
        pure
        returns (uint256 index)
    {
        while (index < own.length && index < other.length && isSame(own[index], other[index])) index++;
        if (index == other.length) index--;
    }

    function isSame(ToldTree.Leaf memory a, ToldTree.Leaf memory b) private pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }

    function leadAtLeaf(
        AccusationId memory which,
        ToldTree.Leaf[] memory own,
        ToldTree.Leaf[] memory other,
        uint256 index
    ) private returns (bool) {
        address sender = account(HONEST);
        if (index >= own.length || other[index].key < own[index].key) return doubt(which, sender, 0);
        bytes memory missing = own[index].records;
        if (other[index].key == own[index].key) {
            if (!isSame(own[index], other[index])) return leadInLeaf(which, own, other, index);
            missing = own[index + 1].records;
        }
        return show(which, sender, other, index, ToldTree.recordIn(missing, 0));
    }

    /// A record of its own that would change what is kept, otherwise one that no part has.
    function leadInLeaf(
        AccusationId memory which,
        ToldTree.Leaf[] memory own,
        ToldTree.Leaf[] memory other,
        uint256 index
    ) private returns (bool) {
        uint8[] memory roles = new uint8[](MEMBERS);
        (roles[0], roles[1], roles[2], roles[3]) = (1, 3, 3, 5);
        for (uint256 i = 0; i < ToldTree.keptIn(own[index]); i++) {
            bytes memory record = ToldTree.recordIn(own[index].records, i);
            if (rtbImpression1.wouldChange(roles, 1e9, other[index].records, record)) {
                return show(which, account(HONEST), other, index, record);
            }
        }
        for (uint8 i = 0; i < ToldTree.keptIn(other[index]); i++) {
            (,, bool isFound) = placeIn(goodParts(), ToldTree.recordIn(other[index].records, i));
            if (!isFound) return doubt(which, account(HONEST), i);
        }
        return false;
    }

    // ── the end ──

    /// Settles or releases the block, and fetches what its end leaves to be fetched.
    function endAll(Stage stage) internal {
        Now memory one = look();
        if (one.state.endedAt == 0 && one.state.posted != 0) settleNow(one, stage);
        endDue(look());
        endQuestions();
        for (uint8 part = 0; part < MEMBERS; part++) {
            (,, bool isAsked) = roundOf(part);
            if (isAsked) moved(releasePanel(part));
        }
    }

    function settleNow(Now memory one, Stage stage) private {
        if (stage == Stage.Void) {
            blocks.releaseVoid(id, N);
            did("void");
        } else {
            blocks.settle(id, N, standingIn(one));
            did("settle");
            if (one.state.disputedAt != 0) did("settled in dispute");
            if (one.quarrel.struck != 0) did("struck");
        }
        moves++;
    }

    function standingIn(Now memory one) internal view returns (BlockResult[] memory standing) {
        standing = new BlockResult[](one.count);
        uint256 used = 0;
        for (uint256 r = 0; r < one.count; r++) {
            bool isPaid = one.quarrel.agreed == 0 ? !has(one.gone, r) : one.quarrel.agreed == r + 1;
            if (isPaid) standing[used++] = toldOf[one.hashes[r]].claim;
        }
        assembly ("memory-safe") {
            mstore(standing, used)
        }
    }
}
