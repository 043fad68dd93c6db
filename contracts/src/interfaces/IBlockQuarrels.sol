// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "./ChannelTypes.sol";
import {IBlockFacts} from "./IBlockFacts.sol";

/// What only some blocks go through: what participants say themselves, and the end of what is void.
interface IBlockQuarrels is IBlockFacts {
    /// A participant's own result (account or operator key) without delegation, in the reveal half of the
    /// extension and in the challenge period; locks Bonds.OWN_RESULT of the account's free wei. Once it is decided
    /// which parts count, one for exactly these in the window, also where another fell before: on its bond, unless
    /// that is lost.
    function revealOwnResult(
        bytes32 channelId,
        uint64 blockNumber,
        BlockResult calldata result,
        bytes32 opening
    ) external;

    /// A participant's account, or its own validator (named before the block's start), stands for a revealed
    /// result from now on; takes back another one of its own, whose bond stays until the block is over.
    function acceptResult(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash)
        external;

    /// Anyone, once a block with parts is void: unlocks its bonds; a seat that committed and did not reveal pays
    /// for its silence.
    function releaseVoid(bytes32 channelId, uint64 blockNumber) external;
}
