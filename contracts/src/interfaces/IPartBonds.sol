// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What Blocks asks of its own code beside it at the end of a block whose results count different parts, and nobody
/// else (NotAllowed).
interface IPartBonds {
    /// What is left of the bond of each part comes back. Of a struck one half goes to those whose questions about it
    /// were upheld, alike, and the rest is burnt: so its owner gains nothing by asking first, and who was right as well
    /// is not left without.
    function returnParts(bytes32 channelId, uint64 blockNumber) external;
}
