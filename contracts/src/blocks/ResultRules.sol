// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IResultRules} from "../interfaces/IResultRules.sol";
import {TermsCode} from "../channels/TermsCode.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {MerklePath} from "../lib/MerklePath.sol";
import {PartLimits} from "../lib/PartLimits.sol";

/// What a contract can see of a result (wire-formats.md 8). Stateless; apart from Blocks for its size.
contract ResultRules is IResultRules {
    /// @inheritdoc IResultRules
    function check(address place, uint16 countable, BlockResult calldata result, bytes32 opening)
        external
        view
        returns (bytes25)
    {
        ChannelTerms memory terms = TermsCode.hot(place);
        uint256 count = terms.participants.length;
        checkAmounts(result, count);
        uint256 recordsMax = PartLimits.recordsMax(terms);
        if (result.impressionCount > recordsMax) {
            revert ImpressionsTooMany(result.impressionCount, recordsMax);
        }
        bytes32 computed;
        if (result.impressionCount > 0) {
            computed = MerklePath.node(opening, MerklePath.rootOfFew(result.amountWords));
        }
        if (result.settlementRoot != computed) {
            revert SettlementRootMismatch(result.settlementRoot, computed);
        }
        if (result.validParts & ~countable != 0) revert ValidPartsNotPosted(result.validParts, countable);
        uint64[] memory maxima = TermsCode.blockMaxOf(place, count);
        return bytes25(keccak256(abi.encodePacked(AmountWords.cut(result.amountWords, maxima))));
    }

    function checkAmounts(BlockResult calldata result, uint256 count) private pure {
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
    }
}
