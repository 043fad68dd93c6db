// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";

/// The rules that terms obey for a channel to open (wire-formats.md 2), each with its refusal. Beside these the
/// reducer table refuses with ReducerUnknown, and the reducer its own parameters. Whether it is too late to
/// open, signatures and boxes are checked by Channels.
interface ITermsRules {
    error ParticipantCountOutOfRange(uint256 participants);
    error RoleCountMismatch(uint256 roles, uint256 participants);
    error RoleNotAllowed(uint256 participant, uint8 role);
    error ParticipantZero(uint256 participant);
    error ParticipantRepeated(address account);
    error ParticipantNotRegistered(address account);
    error BlockPolicyNotSupported(uint8 blockPolicy);
    error BlocksMaxOutOfRange(uint64 blocksMax);
    /// The end of the last block, in seconds, is not below 2^64.
    error BlocksEndTooLate(uint256 end);
    error PeriodTooShort(string name, uint256 given, uint256 least);
    /// collectionGrace + collationPeriod + 2 × processingPeriod + challengePeriod + disputeMax, in seconds.
    error PeriodsTooLong(uint256 given, uint256 most);
    error TokenRefused(address token);
    error TokenPerUnitOutOfRange(uint256 tokenPerUnit);
    error BlockMaxCountMismatch(uint256 entries, uint256 participants);
    error BlockMaxOfPayer(uint64 blockMaxNano);
    error BlockMaxTooLarge(uint256 participant, uint256 baseUnits);
    error PriceNanoMaxZero();
    error AuthorBytesMaxTooSmall(uint64 given, uint256 least);
    error RecordsTooMany(uint256 recordsMax, uint256 most);
    /// What a block could owe at most, in nano-units, is not below 2^63.
    error AmountsCouldOverflow(uint256 bound);

    /// Returns if all rules hold, refuses by the first that does not.
    function check(ChannelTerms calldata terms) external view;
}
