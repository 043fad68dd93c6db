// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "./ChannelTypes.sol";

/// What a contract can see of a result: its sums, the opening of its root, and that the parts it counted exist.
interface IResultRules {
    error AmountWordsCountWrong(uint256 count, uint256 expected);
    error AmountWordsPaddingNotZero(uint256 participant);
    error AmountSumMismatch(uint256 payerOwes, uint256 payeesEarn);
    error ImpressionsTooMany(uint64 impressionCount, uint256 recordsMax);
    error SettlementRootMismatch(bytes32 settlementRoot, bytes32 computed);
    error ValidPartsNotPosted(uint16 validParts, uint16 countable);

    /// `place`: where the channel's terms are; `countable`: a bit for each posted part that is not struck;
    /// `opening`: x of wire-formats.md 8. Returns the first 25 bytes of keccak256 of the amount words after the cut
    /// to blockMaxNano, entry 0 as zero.
    function check(address place, uint16 countable, BlockResult calldata result, bytes32 opening)
        external
        view
        returns (bytes25 amountsDigest);
}
