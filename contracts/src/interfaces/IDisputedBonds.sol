// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What Blocks asks of its own code beside it at the end of a block that was in dispute, and nobody else (NotAllowed).
interface IDisputedBonds {
    /// Bonds of parts and of own results come back, but for what was handed over. Of a struck part half of what is left
    /// goes to those whose questions about it were upheld, alike, and the rest is burnt: so its owner gains nothing by
    /// asking first, and who was right as well is not left without. An own result's is burnt where the result fell for
    /// its parts and ignored one, or would have, had all not agreed before; and where it was taken back after it was
    /// accused, once no accusation is open whose release could fetch it.
    function returnDisputed(bytes32 channelId, uint64 blockNumber) external;
}
