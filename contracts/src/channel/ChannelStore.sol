// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors} from "../interfaces/IChannelRegistryErrors.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../interfaces/IValidatorRegistry.sol";
import {StoredTerms} from "../lib/StoredTerms.sol";
import {BlockStages, BlockState} from "../lib/BlockStages.sol";

/// What the ChannelRegistry stores, and the look-ups that every act begins with.
abstract contract ChannelStore is IChannelRegistryErrors, EIP712 {
    /// Wei of a validator's bond that a seat locks from its commit until the block is over.
    uint256 internal constant SEAT_BOND = 0.01 ether;
    /// Wei of it that a seat loses which committed and did not reveal.
    uint256 internal constant SILENCE_PENALTY = SEAT_BOND / 10;
    /// Wei that a participant's own result in the challenge period is sent with.
    uint256 internal constant OWN_RESULT_BOND = 0.01 ether;

    struct Channel {
        /// Where the terms are stored (StoredTerms); zero for an unknown channel.
        address terms;
        uint40 openedAt;
        uint40 closedAt;
        /// The word of `debtBlocks` below which no debt is.
        uint16 debtWord;
        uint256 deposit;
        uint256 debt;
        uint256 withdrawalRequested;
        uint40 withdrawalRequestedAt;
        /// Blocks from this number on never start.
        uint24 blocksEnd;
        /// Every block below is known to be settled or void.
        uint24 blocksOver;
        uint64 withdrawalNonce;
        /// A bit for each block that is settled and still owes.
        mapping(uint256 word => uint256 bits) debtBlocks;
    }

    struct Part {
        bytes32 partRoot;
        bytes32 indexHash;
        uint32 segmentCount;
        uint40 postedAt;
    }

    struct Seat {
        bytes32 commitment;
        address validator;
        uint64 nonce;
        /// Unsigned 32-bit seconds last until 2106; they share the slot.
        uint32 committedAt;
        uint40 revealedAt;
        uint8 result;
    }

    struct Own {
        uint40 revealedAt;
        uint8 result;
        bool bonded;
    }

    struct Result {
        bytes32 outputHash;
        bytes32 settlementRoot;
        uint64 impressionCount;
        uint16 validParts;
        /// As many as the participants need; the others stay zero and cost nothing.
        bytes32[4] amountWords;
    }

    struct Block {
        BlockState state;
        /// Number of distinct results once there are two; before, firstRevealedAt tells 0 from 1.
        uint8 resultCount;
        /// Bonds of a void block are unlocked.
        bool released;
        /// Index of the result that each participant accepted, a byte each.
        uint128 acceptedResults;
        /// Base units served of what the block owes, once it is settled and owes still.
        uint256 debtServed;
        mapping(uint256 participant => Part) parts;
        mapping(uint256 participant => Seat) seatOf;
        mapping(uint256 participant => Own) ownOf;
        mapping(uint256 index => Result) results;
    }

    /// One block as an act finds it: read once, handed on as one word.
    struct Found {
        bytes32 channelId;
        uint64 blockNumber;
        ChannelTerms terms;
        BlockState state;
        Stage stage;
    }

    IParticipantRegistry internal immutable participants;
    IValidatorRegistry internal immutable validators;

    mapping(bytes32 channelId => Channel) internal channels;
    mapping(bytes32 channelId => mapping(uint256 blockNumber => Block)) internal blocks;
    bytes32[] internal openedIds;
    /// What each account can withdraw, by token; token 0 is wei.
    mapping(address token => mapping(address account => uint256)) internal balances;

    constructor(IParticipantRegistry participantRegistry_, IValidatorRegistry validatorRegistry_)
        EIP712("Papyrus", "1")
    {
        participants = participantRegistry_;
        validators = validatorRegistry_;
    }

    /// The channel with its numbers and participants (StoredTerms.hot); refuses an unknown one.
    function channelOf(bytes32 channelId)
        internal
        view
        returns (Channel storage one, ChannelTerms memory terms)
    {
        one = channels[channelId];
        if (one.terms == address(0)) revert UnknownChannel(channelId);
        terms = StoredTerms.hot(one.terms);
    }

    /// The same for one of its blocks, with its stage now; refuses a block at or above blocksMax.
    function blockOf(bytes32 channelId, uint64 blockNumber)
        internal
        view
        returns (Found memory found, Block storage stored)
    {
        Channel storage one;
        (one, found.terms) = channelOf(channelId);
        uint64 blocksMax = found.terms.blocksMax;
        if (blockNumber >= blocksMax) revert UnknownBlock(channelId, blockNumber, blocksMax);
        stored = blocks[channelId][blockNumber];
        found.channelId = channelId;
        found.blockNumber = blockNumber;
        found.state = stored.state;
        found.stage =
            BlockStages.stageOf(found.terms, blockNumber, one.blocksEnd, found.state, block.timestamp);
    }

    /// Index of the participant whose account or current operator key sent this.
    function senderIndex(bytes32 channelId, ChannelTerms memory terms)
        internal
        view
        returns (uint256 index)
    {
        uint256 count = terms.participants.length;
        for (index = 0; index < count; index++) {
            if (terms.participants[index] == msg.sender) return index;
        }
        index = participants.indexByOperatorKey(terms.participants, msg.sender);
        if (index >= count) revert NotParticipant(channelId, msg.sender);
    }

    function requireSigned(address account, bytes32 digest, bytes calldata signature) internal view {
        if (!SignatureChecker.isValidSignatureNow(account, digest, signature)) {
            revert SignatureRefused(account);
        }
    }

    function credit(address token, address account, uint256 amount) internal {
        if (amount > 0) balances[token][account] += amount;
    }

    function resultCountOf(Block storage stored, BlockState memory state) internal view returns (uint256) {
        if (state.disputedAt != 0) return stored.resultCount;
        return state.firstRevealedAt == 0 ? 0 : 1;
    }

    /// Of the results standing the one that counts most parts, then the lowest outputHash: the end of a
    /// dispute by time. This is the one place that says which result stands: a verdict of an Adjudicator
    /// belongs here.
    function standingResult(Block storage stored, BlockState memory state)
        internal
        view
        returns (Result storage best)
    {
        best = stored.results[0];
        uint256 count = resultCountOf(stored, state);
        for (uint256 i = 1; i < count; i++) {
            Result storage other = stored.results[i];
            uint256 more = bitCount(other.validParts);
            uint256 most = bitCount(best.validParts);
            if (more > most || (more == most && other.outputHash < best.outputHash)) best = other;
        }
    }

    function acceptedResult(Block storage stored, uint256 index) internal view returns (uint256) {
        return uint8(stored.acceptedResults >> (8 * index));
    }

    function wordsOf(Result storage one, uint256 count) internal view returns (bytes32[] memory words) {
        words = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            words[i] = one.amountWords[i];
        }
    }

    function bitCount(uint256 bits) internal pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            count++;
        }
    }

    function has(uint256 mask, uint256 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }
}
