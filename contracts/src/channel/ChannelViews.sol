// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../interfaces/ChannelTypes.sol";
import {IChannelViews} from "../interfaces/IChannelViews.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../interfaces/IValidatorRegistry.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {StoredTerms} from "../lib/StoredTerms.sol";
import {TypedData} from "../lib/TypedData.sol";
import {BlockStages, BlockState} from "../lib/BlockStages.sol";
import {ChannelStore} from "./ChannelStore.sol";

/// What services read: facts as they are, and what follows from them and the time. The ChannelRegistry makes
/// this contract and lends it its storage (delegatecall): acts and views together exceed the size of one
/// contract.
contract ChannelViews is IChannelViews, ChannelStore {
    constructor(IParticipantRegistry participantRegistry_, IValidatorRegistry validatorRegistry_)
        ChannelStore(participantRegistry_, validatorRegistry_)
    {}

    function channelCount() external view returns (uint256) {
        return openedIds.length;
    }

    function channelIds(uint256 start, uint256 limit) external view returns (bytes32[] memory page) {
        uint256 count = openedIds.length;
        if (start >= count) return page;
        page = new bytes32[](limit < count - start ? limit : count - start);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = openedIds[start + i];
        }
    }

    function isOpen(bytes32 channelId) external view returns (bool) {
        return channels[channelId].terms != address(0) && channels[channelId].closedAt == 0;
    }

    function channel(bytes32 channelId) external view returns (ChannelFacts memory facts) {
        Channel storage one = channels[channelId];
        if (one.terms == address(0)) revert UnknownChannel(channelId);
        (facts.terms, facts.boxes) = StoredTerms.whole(one.terms);
        facts.openedAt = one.openedAt;
        facts.closedAt = one.closedAt;
        facts.blocksEnd = one.blocksEnd;
        facts.blocksOver = one.blocksOver;
        facts.deposit = one.deposit;
        facts.debt = one.debt;
        facts.withdrawalRequested = one.withdrawalRequested;
        facts.withdrawalRequestedAt = one.withdrawalRequestedAt;
        facts.withdrawalNonce = one.withdrawalNonce;
    }

    function blockFacts(bytes32 channelId, uint64 blockNumber)
        external
        view
        returns (BlockFacts memory facts)
    {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        BlockState memory state = found.state;
        uint256 count = found.terms.participants.length;
        facts.parts = partFacts(count, stored, state);
        facts.seats = seatFacts(count, stored, state);
        facts.ownResults = ownResultFacts(count, stored, state);
        facts.acceptances = acceptanceFacts(count, stored, state);
        facts.results = new ResultFacts[](resultCountOf(stored, state));
        for (uint256 i = 0; i < facts.results.length; i++) {
            Result storage one = stored.results[i];
            bytes32[] memory words = wordsOf(one, AmountWords.countFor(count));
            BlockResult memory fields =
                BlockResult(one.settlementRoot, one.impressionCount, words, one.validParts);
            facts.results[i] = ResultFacts(one.outputHash, fields);
        }
        facts.disputedAt = state.disputedAt;
        facts.settledAt = state.settledAt;
    }

    function stage(bytes32 channelId, uint64 blockNumber) external view returns (Stage) {
        return stageAt(channelId, blockNumber, uint64(block.timestamp));
    }

    function stageAt(bytes32 channelId, uint64 blockNumber, uint64 timestamp) public view returns (Stage) {
        (Found memory found,) = blockOf(channelId, blockNumber);
        uint256 blocksEnd = channels[channelId].blocksEnd;
        return BlockStages.stageOf(found.terms, blockNumber, blocksEnd, found.state, timestamp);
    }

    function finalOutputHash(bytes32 channelId, uint64 blockNumber) external view returns (bytes32) {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        if (found.stage != Stage.Final && found.stage != Stage.Settled) {
            revert NotFinal(channelId, blockNumber, found.stage);
        }
        return standingResult(stored, found.state).outputHash;
    }

    /// The deposit, less debts, less a withdrawal requested before the block starts, less what earlier
    /// blocks that are not over owe by the dearest of their revealed results. Of blocks without a result a
    /// contract knows nothing.
    function cover(bytes32 channelId, uint64 blockNumber) external view returns (uint256) {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        uint256 taken = one.debt;
        bool isRequested = one.withdrawalRequestedAt != 0;
        if (isRequested && BlockStages.startOf(terms, blockNumber) > one.withdrawalRequestedAt) {
            taken += one.withdrawalRequested;
        }
        uint256 end = blockNumber < one.blocksEnd ? blockNumber : one.blocksEnd;
        for (uint256 n = one.blocksOver; n < end; n++) {
            Block storage stored = blocks[channelId][n];
            BlockState memory state = stored.state;
            if (state.settledAt == 0) taken += dearest(terms, stored, resultCountOf(stored, state));
        }
        return taken < one.deposit ? one.deposit - taken : 0;
    }

    function balanceOf(address token, address account) external view returns (uint256) {
        return balances[token][account];
    }

    function participantRegistry() external view returns (address) {
        return address(participants);
    }

    function validatorRegistry() external view returns (address) {
        return address(validators);
    }

    function seatBondWei() external pure returns (uint256) {
        return SEAT_BOND;
    }

    function silencePenaltyWei() external pure returns (uint256) {
        return SILENCE_PENALTY;
    }

    function ownResultBondWei() external pure returns (uint256) {
        return OWN_RESULT_BOND;
    }

    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function channelIdOf(ChannelTerms calldata terms) external view returns (bytes32) {
        return _hashTypedDataV4(TypedData.termsHash(terms));
    }

    function batchDigest(bytes calldata header) external view returns (bytes32) {
        (bytes32 hash, bool isStrict) = TypedData.batchHash(header);
        if (!isStrict) revert BatchHeaderRefused(header.length);
        return _hashTypedDataV4(hash);
    }

    function delegationDigest(Delegation calldata delegation) external view returns (bytes32) {
        return _hashTypedDataV4(TypedData.delegationHash(delegation));
    }

    function receiptDigest(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 author,
        uint64 sequence,
        bytes32 recordsRoot,
        uint64 receivedAt
    ) external view returns (bytes32) {
        return _hashTypedDataV4(
            TypedData.receiptHash(channelId, blockNumber, author, sequence, recordsRoot, receivedAt)
        );
    }

    function withdrawalDigest(bytes32 channelId, uint256 amount, uint256 nonce)
        external
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(TypedData.withdrawalHash(channelId, amount, nonce));
    }

    function outputHashOf(bytes32 channelId, uint64 blockNumber, BlockResult calldata result)
        external
        pure
        returns (bytes32)
    {
        return TypedData.outputHash(channelId, blockNumber, result);
    }

    function commitmentOf(bytes32 outputHash, address validator, bytes32 workDigest, bytes32 salt)
        external
        pure
        returns (bytes32)
    {
        return TypedData.commitment(outputHash, validator, workDigest, salt);
    }

    function partFacts(uint256 count, Block storage stored, BlockState memory state)
        private
        view
        returns (PartFacts[] memory list)
    {
        list = new PartFacts[](bitCount(state.posted));
        uint256 next = 0;
        for (uint256 i = 0; i < count; i++) {
            if (!has(state.posted, i)) continue;
            Part storage one = stored.parts[i];
            list[next++] = PartFacts(uint8(i), one.partRoot, one.segmentCount, one.indexHash, one.postedAt);
        }
    }

    function seatFacts(uint256 count, Block storage stored, BlockState memory state)
        private
        view
        returns (SeatFacts[] memory list)
    {
        list = new SeatFacts[](bitCount(state.seats));
        uint256 next = 0;
        for (uint256 i = 0; i < count; i++) {
            if (!has(state.seats, i)) continue;
            Seat storage one = stored.seatOf[i];
            SeatFacts memory facts = list[next++];
            facts.participant = uint8(i);
            facts.validator = one.validator;
            facts.binding = has(state.binding, i);
            facts.nonce = one.nonce;
            facts.commitment = one.commitment;
            facts.committedAt = one.committedAt;
            facts.revealedAt = one.revealedAt;
            if (has(state.revealed, i)) facts.outputHash = stored.results[one.result].outputHash;
        }
    }

    function ownResultFacts(uint256 count, Block storage stored, BlockState memory state)
        private
        view
        returns (OwnResultFacts[] memory list)
    {
        list = new OwnResultFacts[](bitCount(state.own));
        uint256 next = 0;
        for (uint256 i = 0; i < count; i++) {
            if (!has(state.own, i)) continue;
            Own storage one = stored.ownOf[i];
            list[next++] =
                OwnResultFacts(uint8(i), stored.results[one.result].outputHash, one.revealedAt, one.bonded);
        }
    }

    function acceptanceFacts(uint256 count, Block storage stored, BlockState memory state)
        private
        view
        returns (AcceptanceFacts[] memory list)
    {
        list = new AcceptanceFacts[](bitCount(state.accepted));
        uint256 next = 0;
        for (uint256 i = 0; i < count; i++) {
            if (!has(state.accepted, i)) continue;
            list[next++] = AcceptanceFacts(uint8(i), stored.results[acceptedResult(stored, i)].outputHash);
        }
    }

    function dearest(ChannelTerms memory terms, Block storage stored, uint256 resultCount)
        private
        view
        returns (uint256 most)
    {
        uint256 count = terms.participants.length;
        for (uint256 i = 0; i < resultCount; i++) {
            bytes32[] memory words = wordsOf(stored.results[i], AmountWords.countFor(count));
            (, uint256 total) = AmountWords.baseUnits(words, count, terms.tokenPerUnit);
            if (total > most) most = total;
        }
    }
}
