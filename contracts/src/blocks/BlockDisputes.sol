// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "../interfaces/ChannelTypes.sol";
import {IDisputedBlocks} from "../disputes/IDisputedBlocks.sol";
import {Forfeit, IBlockSeams} from "../interfaces/IBlockSeams.sol";
import {IDisputedBonds} from "../interfaces/IDisputedBonds.sol";
import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockWords, Seat} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {BlockQuarrels} from "./BlockQuarrels.sol";
import {BlockStore, Places} from "./BlockStore.sol";
import {Found} from "./FoundBlock.sol";
import {PartDecision} from "./PartDecision.sol";

/// The code that Blocks runs for what only some blocks go through. On its own it holds no block, and nobody calls it.
contract BlockDisputes is BlockQuarrels, IDisputedBlocks, IDisputedBonds {
    constructor(Places memory places) BlockStore(places) {}

    // ── accusations of results ──

    /// @inheritdoc IBlockSeams
    function holdAccusation(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 result,
        uint8 participant,
        address sender
    ) external returns (bytes32 outputHash, address account, bool isValidator) {
        requireFrom(adjudicator);
        (Found memory found, uint256[224] storage stored) = findDisputed(channelId, blockNumber);
        if (participant >= found.terms.participants.length) {
            revert UnknownParticipant(channelId, participant);
        }
        requireAccusable(found, stored, result);
        (account, isValidator) = accuserOf(found, stored, participant, sender);
        uint256 others = isValidator
            ? 1 << BlockWords.seatOf(stored[BlockWords.SEATS + participant]).result
            : stancesOf(found, stored, participant);
        if (others & ~goneIn(found) & ~(1 << uint256(result)) == 0) {
            revert NothingElseStoodFor(channelId, blockNumber, participant);
        }
        outputHash = hashOf(stored, result);
        found.dispute.accusations++;
        saveDispute(found, stored);
        if (has(found.quarrel.accused, result)) return (outputHash, account, isValidator);
        found.quarrel.accused |= uint48(1 << result);
        saveQuarrel(found, stored);
    }

    /// @inheritdoc IBlockSeams
    function freeAccusations(bytes32 channelId, uint64 blockNumber, uint8 count) external {
        requireFrom(adjudicator);
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        found.dispute.accusations -= count;
        WeiMove[] memory moves = new WeiMove[](found.terms.participants.length);
        uint256 used = 0;
        // Of a block that is over nothing else would ever move what nobody can fetch any more.
        if (found.state.endedAt != 0) used = burnUnclaimed(found, moves, 0);
        saveDispute(found, stored);
        if (used > 0) moveWei(found, moves, used);
    }

    /// @inheritdoc IBlockSeams
    function fall(bytes32 channelId, uint64 blockNumber, uint8 result)
        external
        returns (Forfeit[] memory forfeits)
    {
        requireFrom(adjudicator);
        (Found memory found, uint256[224] storage stored) = findDisputed(channelId, blockNumber);
        if (result >= BlockWords.resultCountOf(found.state, found.quarrel)) {
            revert ResultUnknown(bytes32(uint256(result)));
        }
        // Of one that fell before, bonds are where they belong.
        if (has(found.quarrel.fallen, result)) return forfeits;
        found.quarrel.fallen |= uint48(1 << result);
        tellFallen(found, stored, 1 << uint256(result));
        // Nobody agrees on what fell.
        if (found.quarrel.agreed == result + 1) found.quarrel.agreed = 0;
        forfeits = takeBonds(found, stored, result, true);
        saveQuarrel(found, stored);
        saveDispute(found, stored);
    }

    /// @inheritdoc IBlockSeams
    function forfeitTakenBack(bytes32 channelId, uint64 blockNumber, uint8 result)
        external
        returns (Forfeit[] memory forfeits)
    {
        requireFrom(adjudicator);
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        forfeits = takeBonds(found, stored, result, false);
        if (forfeits.length > 0) saveDispute(found, stored);
    }

    // ── questions about parts ──

    /// @inheritdoc IBlockSeams
    function holdQuestion(bytes32 channelId, uint64 blockNumber, uint8 part, address sender)
        external
        returns (uint8 participant, address account, bytes27 partDigest)
    {
        return hold(channelId, blockNumber, part, sender, false);
    }

    /// @inheritdoc IBlockSeams
    function holdProof(bytes32 channelId, uint64 blockNumber, uint8 part, address sender)
        external
        returns (uint8 participant, address account, bytes27 partDigest)
    {
        return hold(channelId, blockNumber, part, sender, true);
    }

    function hold(bytes32 channelId, uint64 blockNumber, uint8 part, address sender, bool isProof)
        private
        returns (uint8 participant, address account, bytes27 partDigest)
    {
        requireStriker();
        (Found memory found, uint256[224] storage stored) = findDisputed(channelId, blockNumber);
        uint256 closesAt = BlockClock.questionEnd(found.terms, PartDecision.processedAt(found));
        if (block.timestamp >= closesAt) revert QuestionTooLate(channelId, blockNumber, closesAt);
        requireInDoubt(found, stored, part, isProof);
        uint256 index = indexOf(found, sender);
        participant = uint8(index);
        account = found.terms.participants[index];
        partDigest = bytes27(bytes32(stored[BlockWords.PARTS + part]));
        // Whether a part was served is asked once for everybody.
        uint256 asking = msg.sender == panel ? 0xffff : 1 << index;
        stored[BlockWords.QUESTIONED] |= asking << (16 * uint256(part));
        found.dispute.questions++;
        saveDispute(found, stored);
    }

    /// @inheritdoc IBlockSeams
    function freeQuestions(bytes32 channelId, uint64 blockNumber, uint8 count) external {
        requireStriker();
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        if (found.stage >= Stage.Final || count == 0) return;
        found.dispute.questions -= count;
        found.dispute.resolvedAt = uint40(block.timestamp);
        saveDispute(found, stored);
    }

    /// @inheritdoc IBlockSeams
    function strikePart(bytes32 channelId, uint64 blockNumber, uint8 part, uint16 provers)
        external
        returns (bool isNew)
    {
        requireStriker();
        (Found memory found, uint256[224] storage stored) = findDisputed(channelId, blockNumber);
        if (!has(found.state.posted, part)) revert UnknownParticipant(channelId, part);
        if (found.dispute.decided) revert PartNotInDoubt(channelId, blockNumber, part);
        stored[BlockWords.PROVERS] |= uint256(provers) << (16 * uint256(part));
        if (has(found.quarrel.struck, part)) return false;
        found.quarrel.struck |= bit(part);
        saveQuarrel(found, stored);
        emit PartStruck(channelId, blockNumber, part);
        return true;
    }

    /// @inheritdoc IBlockSeams
    function chargePart(bytes32 channelId, uint64 blockNumber, uint8 part, uint96 amount)
        external
        returns (address account, uint96 charged)
    {
        requireStriker();
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        if (!has(found.state.posted, part)) revert UnknownParticipant(channelId, part);
        account = found.terms.participants[part];
        if (found.stage >= Stage.Final) return (account, 0);
        uint96 left = partBondOf(stored, part);
        charged = amount < left ? amount : left;
        if (charged > 0) stored[BlockWords.CHARGES + part] += charged;
    }

    /// @inheritdoc IDisputedBonds
    function returnDisputed(bytes32 channelId, uint64 blockNumber) external {
        requireFrom(address(this));
        (Found memory found, uint256[224] storage stored) = find(channelId, blockNumber, block.timestamp);
        uint256 count = found.terms.participants.length;
        WeiMove[] memory moves = new WeiMove[](count * (count + 2));
        if (PartDecision.burnTakenBack(found, stored)) saveQuarrel(found, stored);
        uint256 used = returnOwn(found, stored, moves);
        for (uint256 part = 0; part < count; part++) {
            if (!has(found.state.posted, part)) continue;
            if (has(found.quarrel.struck, part)) {
                used = sharePart(found, stored, part, moves, used);
                continue;
            }
            address owner = found.terms.participants[part];
            uint96 left = partBondOf(stored, part);
            moves[used++] = unlocked(owner, WeiBook.Free, Reason.PartBond, left);
        }
        moveWei(found, moves, used);
    }

    /// @inheritdoc IBlockSeams
    function isOpen(bytes32 channelId, uint64 blockNumber) external view returns (bool) {
        (Found memory found,) = find(channelId, blockNumber, block.timestamp);
        return found.stage < Stage.Final;
    }

    /// @inheritdoc IDisputedBlocks
    function stands(bytes32 channelId, uint64 blockNumber, uint8 result) external view returns (bool) {
        (Found memory found,) = find(channelId, blockNumber, block.timestamp);
        if (found.stage >= Stage.Final) return false;
        return result < BlockWords.resultCountOf(found.state, found.quarrel) && !has(goneIn(found), result);
    }

    /// @inheritdoc IDisputedBlocks
    function revealedAtOf(bytes32 channelId, uint64 blockNumber, uint8 result)
        external
        view
        returns (uint40)
    {
        return BlockWords.resultOf(
            wordsOf(channelId, blockNumber)[BlockWords.RESULTS + 2 * uint256(result) + 1]
        )
        .revealedAt;
    }

    /// @inheritdoc IDisputedBlocks
    function partDigestOf(bytes32 channelId, uint64 blockNumber, uint8 part)
        external
        view
        returns (bytes27)
    {
        (Found memory found, uint256[224] storage stored) = find(channelId, blockNumber, block.timestamp);
        return
            has(found.state.posted, part) ? bytes27(bytes32(stored[BlockWords.PARTS + part])) : bytes27(0);
    }

    // ── who and when ──

    function requireFrom(address one) private view {
        if (msg.sender != one) revert NotAllowed(msg.sender);
    }

    function requireStriker() private view {
        if (msg.sender != questions && msg.sender != panel) revert NotAllowed(msg.sender);
    }

    /// A block in dispute: nothing overrules what all agreed on, or what time has made final.
    function findDisputed(bytes32 channelId, uint64 blockNumber)
        private
        returns (Found memory found, uint256[224] storage stored)
    {
        (found, stored) = findNow(channelId, blockNumber);
        if (found.stage != Stage.Dispute) wrongStage(found);
    }

    function requireAccusable(Found memory found, uint256[224] storage stored, uint8 result) private view {
        uint256 count = BlockWords.resultCountOf(found.state, found.quarrel);
        if (result >= count || has(goneIn(found), result)) revert ResultUnknown(bytes32(uint256(result)));
        uint256 processed = PartDecision.processedAt(found);
        if (found.dispute.differ && !found.dispute.decided) {
            uint256 opensAt = BlockClock.decisionAt(found.terms, found.dispute, processed);
            revert AccusationTooEarly(found.channelId, found.blockNumber, opensAt);
        }
        uint256 revealedAt =
            BlockWords.resultOf(stored[BlockWords.RESULTS + 2 * uint256(result) + 1]).revealedAt;
        uint256 closesAt =
            BlockClock.accusableUntil(found.terms, found.state, found.dispute, processed, revealedAt);
        if (block.timestamp < closesAt) return;
        revert AccusationTooLate(found.channelId, found.blockNumber, closesAt);
    }

    function accuserOf(Found memory found, uint256[224] storage stored, uint256 participant, address sender)
        private
        view
        returns (address account, bool isValidator)
    {
        account = found.terms.participants[participant];
        if (sender == account || participants.operatorAccountOf(sender) == account) {
            return (account, false);
        }
        Seat memory seat = BlockWords.seatOf(stored[BlockWords.SEATS + participant]);
        bool isSeat = has(found.state.revealed, participant) && seat.validator == sender;
        if (!isSeat) revert NotParticipant(found.channelId, sender);
        return (sender, true);
    }

    /// A bit for each result that the participant stands for: by its seat, its own word, or by accepting it.
    function stancesOf(Found memory found, uint256[224] storage stored, uint256 participant)
        private
        view
        returns (uint256 results)
    {
        uint256 stances = stored[BlockWords.STANCES];
        if (has(found.state.accepted, participant)) {
            results |= 1 << BlockWords.acceptedIn(stances, participant);
        }
        if (has(found.state.own & ~found.quarrel.takenBack, participant)) {
            results |= 1 << BlockWords.ownIn(stances, participant);
        }
        if (has(found.state.revealed, participant)) {
            results |= 1 << BlockWords.seatOf(stored[BlockWords.SEATS + participant]).result;
        }
    }

    /// A part that a standing result counts and another leaves out.
    function requireInDoubt(Found memory found, uint256[224] storage stored, uint8 part, bool mayBeStruck)
        private
        view
    {
        bool isCounted = false;
        bool isLeftOut = false;
        uint256 gone = goneIn(found);
        uint256 count = found.quarrel.resultCount;
        for (uint256 i = 0; i < count; i++) {
            if (has(gone, i)) continue;
            if (has(PartDecision.partsOf(stored, i), part)) isCounted = true;
            else isLeftOut = true;
        }
        if (isCounted && isLeftOut && (mayBeStruck || !has(found.quarrel.struck, part))) return;
        revert PartNotInDoubt(found.channelId, found.blockNumber, part);
    }

    // ── what is lost ──

    /// What is left of the bond of a posted part, of a block that is not over.
    function partBondOf(uint256[224] storage stored, uint256 part) private view returns (uint96) {
        return Bonds.PART - uint96(stored[BlockWords.CHARGES + part]);
    }

    /// Of each participant one at most.
    function returnOwn(Found memory found, uint256[224] storage stored, WeiMove[] memory moves)
        private
        returns (uint256 used)
    {
        uint256 own = found.state.own & ~found.dispute.lostOwn;
        for (uint256 i = 0; own >> i != 0; i++) {
            if (!has(own, i)) continue;
            address account = found.terms.participants[i];
            moves[used++] = has(found.quarrel.burntOwn, i)
                ? burnt(account, Bonds.OWN_RESULT)
                : unlocked(account, WeiBook.Free, Reason.OwnResultBond, Bonds.OWN_RESULT);
        }
        if (found.dispute.forfeitable == 0) return used;
        used = burnUnclaimed(found, moves, used);
        saveDispute(found, stored);
    }

    /// Bonds of those who took back what was accused, once no accusation is open whose release could fetch them.
    function burnUnclaimed(Found memory found, WeiMove[] memory moves, uint256 used)
        private
        pure
        returns (uint256)
    {
        if (found.dispute.accusations > 0) return used;
        uint256 unclaimed = found.dispute.forfeitable;
        found.dispute.forfeitable = 0;
        for (uint256 i = 0; unclaimed >> i != 0; i++) {
            if (has(unclaimed, i)) moves[used++] = burnt(found.terms.participants[i], Bonds.OWN_RESULT);
        }
        return used;
    }

    /// What does not divide is burnt too.
    function sharePart(
        Found memory found,
        uint256[224] storage stored,
        uint256 part,
        WeiMove[] memory moves,
        uint256 used
    ) private view returns (uint256) {
        uint256 provers = uint16(stored[BlockWords.PROVERS] >> (16 * part));
        uint96 count = 0;
        for (uint256 rest = provers; rest != 0; rest &= rest - 1) {
            count++;
        }
        address owner = found.terms.participants[part];
        uint96 left = partBondOf(stored, part);
        uint96 share = count == 0 ? 0 : left / 2 / count;
        for (uint256 i = 0; provers >> i != 0; i++) {
            if (!has(provers, i)) continue;
            moves[used] = unlocked(owner, WeiBook.Free, Reason.Prover, share);
            moves[used++].to = found.terms.participants[i];
        }
        moves[used++] = burnt(owner, left - share * count);
        return used;
    }

    /// The bonds of those who posted the result: of all (`isFallen`), or of those alone who took it back after it
    /// was accused. Each is handed over once.
    function takeBonds(Found memory found, uint256[224] storage stored, uint256 result, bool isFallen)
        private
        view
        returns (Forfeit[] memory forfeits)
    {
        uint256 count = found.terms.participants.length;
        uint256 stances = stored[BlockWords.STANCES];
        forfeits = new Forfeit[](2 * count);
        uint256 used = 0;
        uint256 own = found.dispute.forfeitable;
        if (isFallen) own |= found.state.own & ~found.dispute.lostOwn;
        for (uint256 i = 0; i < count; i++) {
            if (has(own, i) && BlockWords.ownIn(stances, i) == result) {
                found.dispute.lostOwn |= bit(i);
                found.dispute.forfeitable &= ~bit(i);
                forfeits[used++] = Forfeit(found.terms.participants[i], Bonds.OWN_RESULT);
            }
            if (!isFallen || !has(found.state.revealed, i)) continue;
            Seat memory seat = BlockWords.seatOf(stored[BlockWords.SEATS + i]);
            if (seat.result != result) continue;
            found.dispute.lostSeats |= bit(i);
            forfeits[used++] = Forfeit(seat.validator, Bonds.SEAT);
        }
        assembly ("memory-safe") {
            mstore(forfeits, used)
        }
    }
}
