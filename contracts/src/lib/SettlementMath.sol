// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// How a payee's line is shared among blocks, debts and withdrawals, in base units. Pure, so that a prover
/// can show what it promises (test/proofs). TermsRules keeps blockMax below 2^96 and the number of blocks at
/// most 2^20; a line holds less than 2^128: nothing here wraps.
library SettlementMath {
    uint256 internal constant NANO_PER_UNIT = 1e9;

    /// What one block does to one payee: its line loses paid + contested, its debt grows by `lacking`.
    struct Payment {
        uint256 paid;
        uint256 lacking;
        uint256 contested;
    }

    /// Base units of a nano amount, rounded down; tokenPerUnit is below 2^128.
    function units(uint64 nano, uint256 tokenPerUnit) internal pure returns (uint256) {
        return uint256(nano) * tokenPerUnit / NANO_PER_UNIT;
    }

    /// What a line holds beyond blockMax for each of `live` blocks: what is free for others.
    function free(uint256 held, uint256 blockMax, uint256 live) internal pure returns (uint256) {
        return beyond(held, blockMax * live);
    }

    /// Of a block with `live` earlier ones that are not over. `owed` by the least and `most` by the highest
    /// of the results that stand, both already cut to blockMax: what is owed is paid or becomes debt, the
    /// rest up to the most is contested as far as the line reaches.
    function payment(uint256 held, uint256 blockMax, uint256 live, uint256 owed, uint256 most)
        internal
        pure
        returns (Payment memory result)
    {
        uint256 within = free(held, blockMax, live);
        result.paid = least(owed, within);
        result.lacking = owed - result.paid;
        result.contested = least(beyond(most, owed), within - result.paid);
    }

    /// What a block with `live` earlier ones that are not over is sure to pay, up to blockMax.
    function cover(uint256 held, uint256 debt, uint256 requested, uint256 blockMax, uint256 live)
        internal
        pure
        returns (uint256)
    {
        return least(blockMax, beyond(free(held, blockMax, live), debt + requested));
    }

    /// How much of the debt is served now, with `live` started blocks that are not over.
    function servable(uint256 held, uint256 debt, uint256 blockMax, uint256 live)
        internal
        pure
        returns (uint256)
    {
        return least(debt, free(held, blockMax, live));
    }

    /// How much of what is asked the payer may have back, with `live` started blocks that are not over.
    function withdrawable(uint256 held, uint256 debt, uint256 asked, uint256 blockMax, uint256 live)
        internal
        pure
        returns (uint256)
    {
        return least(asked, beyond(free(held, blockMax, live), debt));
    }

    function least(uint256 left, uint256 right) private pure returns (uint256) {
        return left < right ? left : right;
    }

    function beyond(uint256 left, uint256 right) private pure returns (uint256) {
        return left > right ? left - right : 0;
    }
}
