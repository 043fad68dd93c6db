// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "./ChannelTypes.sol";

/// Every refusal of the ChannelRegistry.
interface IChannelRegistryErrors {
    // ── terms ──
    error ParticipantCountOutOfRange(uint256 count);
    error RoleCountMismatch(uint256 roles, uint256 participants);
    error RoleNotAllowed(uint256 participant, uint8 role);
    error ParticipantRepeated(address account);
    error ParticipantNotRegistered(address account);
    error BlockPolicyNotSupported(uint8 blockPolicy);
    error BlocksMaxOutOfRange(uint64 blocksMax);
    /// `period` is the name of the field in the terms.
    error PeriodOutOfRange(string period, uint64 secondsGiven, uint64 secondsMin, uint64 secondsMax);
    error ReducerUnknown(string reducer);
    /// `field` is the name of the parameter, or "encoding".
    error ReducerParameterRefused(string field, uint256 value);
    error ShareRefused(uint256 participant, uint256 ppm);
    error AuditorMissing();
    error AmountsCouldOverflow(uint256 bound);
    error TokenRefused(address token);
    error TokenPerUnitOutOfRange(uint256 tokenPerUnit);
    error SignatureCountMismatch(uint256 signatures, uint256 participants);
    error SignatureRefused(address signer);
    error BoxCountMismatch(uint256 boxes, uint256 participants);
    error BoxSizeWrong(uint256 box, uint256 bytesGiven);
    error BoxesRefused(bytes32 boxesHash, bytes32 given);
    error ChannelAlreadyOpen(bytes32 channelId);

    // ── channel ──
    error UnknownChannel(bytes32 channelId);
    error UnknownBlock(bytes32 channelId, uint64 blockNumber, uint64 blocksEnd);
    error NotParticipant(bytes32 channelId, address sender);
    error NotPayer(bytes32 channelId, address sender);
    error ChannelAlreadyClosed(bytes32 channelId, uint64 closedAt);
    error AmountZero();
    error DepositTooSmall(bytes32 channelId, uint256 available, uint256 asked);
    error WithdrawalAlreadyRequested(bytes32 channelId, uint256 amount);
    error NothingToWithdraw(bytes32 channelId);
    error BlocksNotOver(bytes32 channelId, uint64 blocksOver, uint64 needed);
    error DebtsFirst(bytes32 channelId, uint256 debt);
    error NonceWrong(uint256 expected, uint256 given);
    error BalanceTooSmall(address token, address account, uint256 balance, uint256 asked);
    error WeiTransferFailed(address to, uint256 amount);
    error WeiNotExpected(address sender);

    // ── block ──
    error WrongStage(bytes32 channelId, uint64 blockNumber, Stage stage);
    /// The stage is right, the half of the period is not: half-open [opensAt, closesAt).
    error WrongTime(bytes32 channelId, uint64 blockNumber, uint256 opensAt, uint256 closesAt);
    error PartAlreadyPosted(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 partRoot);
    error NotDelegatedValidator(address sender, address validator);
    error DelegationExpired(uint64 notAfter);
    error DelegationSignatureRefused(address operatorKey);
    error KeyCommitmentNotProven(bytes32 keyCommitment, uint64 blockNumber);
    error SeatTaken(bytes32 channelId, uint64 blockNumber, uint8 participant, address validator);
    error UnknownParticipant(bytes32 channelId, uint256 participant);
    error SeatEmpty(bytes32 channelId, uint64 blockNumber, uint8 participant);
    error AlreadyRevealed(bytes32 channelId, uint64 blockNumber, uint8 participant);
    error CommitmentMismatch(bytes32 commitment, bytes32 given);
    error AmountWordsCountWrong(uint256 count, uint256 expected);
    error AmountWordsPaddingNotZero(uint256 participant);
    error AmountSumMismatch(uint256 payerOwes, uint256 payeesEarn);
    error SettlementRootMismatch(bytes32 settlementRoot, bytes32 computed);
    error ValidPartsNotPosted(uint16 validParts, uint16 posted);
    error OwnResultBondWrong(uint256 expected, uint256 given);
    error ResultUnknown(bytes32 outputHash);
    error AlreadyAccepted(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash);
    error NotFinal(bytes32 channelId, uint64 blockNumber, Stage stage);
    error AlreadySettled(bytes32 channelId, uint64 blockNumber, uint64 settledAt);
    error OutputHashMismatch(bytes32 finalOutputHash, bytes32 given);
    error BondsAlreadyReleased(bytes32 channelId, uint64 blockNumber);
    error BatchHeaderRefused(uint256 bytesGiven);
}
