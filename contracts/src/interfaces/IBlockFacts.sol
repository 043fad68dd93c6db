// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "./ChannelTypes.sol";
import {Delegation} from "./BlockTypes.sol";

/// What happens to a block, and what is refused; of a result itself: IResultRules, of disputes: IBlockSeams.
interface IBlockFacts {
    /// postedAt is the height's timestamp.
    event PartPosted(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    );
    /// replaced: the validator that a higher nonce displaced, zero if none.
    event ResultCommitted(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        Delegation delegation,
        bytes32 commitment,
        address replaced
    );
    event ResultRevealed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        bytes32 outputHash,
        BlockResult result,
        bytes32 workDigest
    );
    event OwnResultRevealed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        bytes32 outputHash,
        BlockResult result
    );
    event ResultAccepted(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed participant, bytes32 outputHash
    );
    event BlockDisputed(bytes32 indexed channelId, uint64 indexed blockNumber);
    event ResultFell(bytes32 indexed channelId, uint64 indexed blockNumber, bytes32 outputHash);
    event PartStruck(bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed participant);
    /// It is decided which parts count, as a bit for each: results for others fell.
    event PartsDecided(bytes32 indexed channelId, uint64 indexed blockNumber, uint16 counted);
    event SeatSilent(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed participant, address validator
    );
    /// outputHashes: of the results that stand, in the order of their first reveal; several are settled at the
    /// lowest common amounts.
    event BlockSettled(bytes32 indexed channelId, uint64 indexed blockNumber, bytes32[] outputHashes);
    event BlockVoid(bytes32 indexed channelId, uint64 indexed blockNumber);

    error UnknownChannel(bytes32 channelId);
    error UnknownBlock(bytes32 channelId, uint64 blockNumber, uint64 blocksEnd);
    error UnknownParticipant(bytes32 channelId, uint256 participant);
    error NotParticipant(bytes32 channelId, address sender);
    error NotAllowed(address sender);
    error WrongStage(bytes32 channelId, uint64 blockNumber, Stage stage);
    /// The stage is right, the half of the period is not: half-open [opensAt, closesAt).
    error WrongTime(bytes32 channelId, uint64 blockNumber, uint256 opensAt, uint256 closesAt);
    error PartAlreadyPosted(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes27 partDigest);
    error SegmentsTooMany(uint32 segmentCount, uint256 segmentsMax);
    error EmptyPartRefused(bytes32 partRoot, bytes32 indexHash);
    error NotDelegatedValidator(address sender, address validator);
    error DelegationExpired(uint64 notAfter);
    error DelegationSignatureRefused(address operatorKey);
    /// The account named this validator as its own not before the block's start, or not at all.
    error ValidatorNotOwn(address account, address validator, uint64 namedAt);
    error KeyCommitmentNotProven(bytes32 keyCommitment, uint64 blockNumber);
    error NonceTooLow(uint64 nonce, uint64 given);
    error FirstRevealDone(bytes32 channelId, uint64 blockNumber, uint64 firstRevealedAt);
    error SeatEmpty(bytes32 channelId, uint64 blockNumber, uint8 participant);
    error AlreadyRevealed(bytes32 channelId, uint64 blockNumber, uint8 participant);
    error CommitmentMismatch(bytes32 commitment, bytes32 given);
    error ResultUnknown(bytes32 outputHash);
    /// The participant stands for this result: its binding seat revealed it, or it accepted it.
    error AlreadyBound(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash);
    /// Which parts count is decided: as a bit for each.
    error OtherPartsCount(bytes32 channelId, uint64 blockNumber, uint16 counted, uint16 given);
    error NotFinal(bytes32 channelId, uint64 blockNumber, Stage stage);
    error AlreadyEnded(bytes32 channelId, uint64 blockNumber, uint64 endedAt);
    error ResultsMismatch(uint256 standing, uint256 given);
    error OutputHashMismatch(bytes32 expected, bytes32 given);
}
