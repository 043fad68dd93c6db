// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {BlockResult, Delegation, Stage} from "../interfaces/ChannelTypes.sol";
import {IChannelActs} from "../interfaces/IChannelActs.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {MerklePath} from "../lib/MerklePath.sol";
import {TypedData} from "../lib/TypedData.sol";
import {BlockStages} from "../lib/BlockStages.sol";
import {ChannelStore} from "./ChannelStore.sol";

/// From parts to results: what participants and validators post before a block is final.
abstract contract BlockResults is IChannelActs, ChannelStore {
    function postPart(
        bytes32 channelId,
        uint64 blockNumber,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    ) external {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        uint256 index = senderIndex(channelId, found.terms);
        Part storage part = stored.parts[index];
        if (has(found.state.posted, index)) {
            bool isSame = part.partRoot == partRoot && part.indexHash == indexHash;
            if (isSame && part.segmentCount == segmentCount) return;
            revert PartAlreadyPosted(channelId, blockNumber, uint8(index), part.partRoot);
        }
        if (found.stage != Stage.Collation) revert WrongStage(channelId, blockNumber, found.stage);
        part.partRoot = partRoot;
        part.indexHash = indexHash;
        part.segmentCount = segmentCount;
        part.postedAt = uint40(block.timestamp);
        stored.state.posted = found.state.posted | uint16(1 << index);
        stored.state.lastPostedAt = uint40(block.timestamp);
        emit PartPosted(channelId, blockNumber, uint8(index), partRoot);
    }

    function commitResult(
        Delegation calldata delegation,
        bytes calldata signature,
        bytes32[] calldata keyPath,
        bytes32 commitment
    ) external {
        (Found memory found, Block storage stored) = blockOf(delegation.channelId, delegation.blockNumber);
        uint256 index = delegation.participant;
        if (index >= found.terms.participants.length) revert UnknownParticipant(found.channelId, index);
        if (msg.sender != delegation.validator) {
            revert NotDelegatedValidator(msg.sender, delegation.validator);
        }
        if (has(found.state.seats, index)) {
            address holder = stored.seatOf[index].validator;
            revert SeatTaken(found.channelId, found.blockNumber, uint8(index), holder);
        }
        requireCommitTime(found);
        requireDelegated(found, delegation, signature);
        requireKeyProven(found, delegation.keyCommitment, keyPath);
        validators.lockBond(msg.sender, SEAT_BOND);
        Seat storage seat = stored.seatOf[index];
        seat.commitment = commitment;
        seat.validator = msg.sender;
        seat.nonce = delegation.nonce;
        seat.committedAt = uint32(block.timestamp);
        stored.state.seats = found.state.seats | uint16(1 << index);
        if (delegation.binding) stored.state.binding = found.state.binding | uint16(1 << index);
        emit ResultCommitted(found.channelId, found.blockNumber, uint8(index), msg.sender);
    }

    function revealResult(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 participant,
        BlockResult calldata result,
        bytes32 opening,
        bytes32 workDigest,
        bytes32 salt
    ) external {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        if (!has(found.state.seats, participant)) revert SeatEmpty(channelId, blockNumber, participant);
        if (has(found.state.revealed, participant)) {
            revert AlreadyRevealed(channelId, blockNumber, participant);
        }
        requireRevealTime(found);
        Seat storage seat = stored.seatOf[participant];
        bytes32 hash = TypedData.outputHash(channelId, blockNumber, result);
        bytes32 given = TypedData.commitment(hash, seat.validator, workDigest, salt);
        if (given != seat.commitment) revert CommitmentMismatch(seat.commitment, given);
        checkResult(found, result, opening);
        seat.result = uint8(addResult(found, stored, hash, result));
        seat.revealedAt = uint40(block.timestamp);
        stored.state.revealed = found.state.revealed | uint16(1 << participant);
        emit ResultRevealed(found.channelId, found.blockNumber, participant, hash);
    }

    function revealOwnResult(
        bytes32 channelId,
        uint64 blockNumber,
        BlockResult calldata result,
        bytes32 opening
    ) external payable {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        uint256 index = senderIndex(channelId, found.terms);
        if (has(found.state.own, index)) revert AlreadyRevealed(channelId, blockNumber, uint8(index));
        uint256 bond = ownResultBond(found);
        if (msg.value != bond) revert OwnResultBondWrong(bond, msg.value);
        checkResult(found, result, opening);
        bytes32 hash = TypedData.outputHash(channelId, blockNumber, result);
        Own storage own = stored.ownOf[index];
        own.result = uint8(addResult(found, stored, hash, result));
        own.revealedAt = uint40(block.timestamp);
        own.bonded = bond > 0;
        stored.state.own = found.state.own | uint16(1 << index);
        emit OwnResultRevealed(channelId, blockNumber, uint8(index), hash);
    }

    function acceptResult(bytes32 channelId, uint64 blockNumber, bytes32 outputHash) external {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        uint256 index = senderIndex(channelId, found.terms);
        if (has(found.state.accepted, index)) {
            bytes32 accepted = stored.results[acceptedResult(stored, index)].outputHash;
            if (accepted == outputHash) return;
            revert AlreadyAccepted(channelId, blockNumber, uint8(index), accepted);
        }
        requireContestable(found);
        (uint256 result, bool isKnown) = findResult(found, stored, outputHash);
        if (!isKnown) revert ResultUnknown(outputHash);
        // The first result is byte 0 already; it alone can become unanimous.
        if (result > 0) stored.acceptedResults |= uint128(result << (8 * index));
        stored.state.accepted = found.state.accepted | uint16(1 << index);
        emit ResultAccepted(channelId, blockNumber, uint8(index), outputHash);
    }

    /// [from, until) of the processing period that counts now, and whether it is the extension.
    function processingPeriod(Found memory found)
        private
        view
        returns (uint256 from, uint256 until, bool isExtension)
    {
        uint256 start = BlockStages.processingStart(found.terms, found.blockNumber, found.state);
        from = BlockStages.periodStart(found.terms, start, found.state, block.timestamp);
        until = from + found.terms.processingPeriod;
        isExtension = from > start;
    }

    function requireCommitTime(Found memory found) private view {
        if (found.stage != Stage.Processing) {
            revert WrongStage(found.channelId, found.blockNumber, found.stage);
        }
        (uint256 from,,) = processingPeriod(found);
        uint256 until = from + found.terms.processingPeriod / 2;
        if (block.timestamp >= until) revert WrongTime(found.channelId, found.blockNumber, from, until);
    }

    function requireRevealTime(Found memory found) private view {
        if (found.stage != Stage.Processing && found.stage != Stage.Dispute) {
            revert WrongStage(found.channelId, found.blockNumber, found.stage);
        }
        (uint256 from, uint256 until,) = processingPeriod(found);
        bool haveAllCommitted = found.state.seats == BlockStages.allOf(found.terms);
        if (!haveAllCommitted) from += found.terms.processingPeriod / 2;
        if (block.timestamp >= from && block.timestamp < until) return;
        revert WrongTime(found.channelId, found.blockNumber, from, until);
    }

    /// Wei that an own result is sent with now: nothing in the extension, a bond from the end of processing
    /// to the end of the challenge period.
    function ownResultBond(Found memory found) private view returns (uint256) {
        requireContestable(found);
        (, uint256 until, bool isExtension) = processingPeriod(found);
        uint256 end = until + found.terms.challengePeriod;
        if (block.timestamp < until && isExtension) return 0;
        if (block.timestamp >= until && block.timestamp < end) return OWN_RESULT_BOND;
        revert WrongTime(found.channelId, found.blockNumber, until, end);
    }

    function requireContestable(Found memory found) private pure {
        if (found.stage >= Stage.Processing && found.stage <= Stage.Dispute) return;
        revert WrongStage(found.channelId, found.blockNumber, found.stage);
    }

    function requireDelegated(Found memory found, Delegation calldata delegation, bytes calldata signature)
        private
        view
    {
        if (delegation.notAfter < block.timestamp) revert DelegationExpired(delegation.notAfter);
        address operatorKey = participants.operatorKeyOf(found.terms.participants[delegation.participant]);
        bytes32 digest = _hashTypedDataV4(TypedData.delegationHash(delegation));
        if (SignatureChecker.isValidSignatureNow(operatorKey, digest, signature)) return;
        revert DelegationSignatureRefused(operatorKey);
    }

    function requireKeyProven(Found memory found, bytes32 keyCommitment, bytes32[] calldata keyPath)
        private
        pure
    {
        uint256 count = found.terms.blocksMax;
        (bytes32 root, bool isWhole) = MerklePath.rootOf(keyCommitment, found.blockNumber, count, keyPath);
        if (isWhole && root == found.terms.keysRoot) return;
        revert KeyCommitmentNotProven(keyCommitment, found.blockNumber);
    }

    /// What a contract can see of a result: its sums, the opening of its root, and that the parts it counted
    /// exist.
    function checkResult(Found memory found, BlockResult calldata result, bytes32 opening) private pure {
        uint256 count = found.terms.participants.length;
        uint256 expected = AmountWords.countFor(count);
        if (result.amountWords.length != expected) {
            revert AmountWordsCountWrong(result.amountWords.length, expected);
        }
        (uint256 padding, uint256 entries) = AmountWords.firstPadding(result.amountWords, count);
        if (padding < entries) revert AmountWordsPaddingNotZero(padding);
        (uint256 owes, uint256 earn) = AmountWords.sums(result.amountWords, count);
        // A block without impressions has no tree that could hold an amount.
        if (owes != earn || (owes > 0 && result.impressionCount == 0)) {
            revert AmountSumMismatch(owes, earn);
        }
        bytes32 computed;
        if (result.impressionCount > 0) {
            computed = MerklePath.node(opening, MerklePath.rootOfFew(result.amountWords));
        }
        if (result.settlementRoot != computed) {
            revert SettlementRootMismatch(result.settlementRoot, computed);
        }
        uint16 posted = found.state.posted;
        if (result.validParts & ~posted != 0) revert ValidPartsNotPosted(result.validParts, posted);
    }

    function findResult(Found memory found, Block storage stored, bytes32 hash)
        private
        view
        returns (uint256 index, bool isKnown)
    {
        uint256 count = resultCountOf(stored, found.state);
        while (index < count && stored.results[index].outputHash != hash) index++;
        isKnown = index < count;
    }

    /// Stores a result that nobody revealed before; the second different one opens the dispute.
    function addResult(Found memory found, Block storage stored, bytes32 hash, BlockResult calldata result)
        private
        returns (uint256 index)
    {
        bool isKnown;
        (index, isKnown) = findResult(found, stored, hash);
        if (isKnown) return index;
        Result storage added = stored.results[index];
        added.outputHash = hash;
        added.settlementRoot = result.settlementRoot;
        added.impressionCount = result.impressionCount;
        added.validParts = result.validParts;
        for (uint256 i = 0; i < result.amountWords.length; i++) {
            added.amountWords[i] = result.amountWords[i];
        }
        if (index == 0) {
            stored.state.firstRevealedAt = uint40(block.timestamp);
            return 0;
        }
        stored.resultCount = uint8(index + 1);
        if (index == 1) {
            stored.state.disputedAt = uint40(block.timestamp);
            emit BlockDisputed(found.channelId, found.blockNumber);
        }
    }
}
