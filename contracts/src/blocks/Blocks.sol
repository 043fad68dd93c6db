// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlockCourse} from "../interfaces/IBlockCourse.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {BlockEnds} from "./BlockEnds.sol";
import {BlockReveals} from "./BlockReveals.sol";
import {BlockStore, Places} from "./BlockStore.sol";
import {Found} from "./FoundBlock.sol";

/// Parts, seats, results and ends of blocks; what IBlockCourse says of each act. What only some blocks go through
/// (IBlockQuarrels and IBlockSeams) is the code of BlockDisputes, run here: both are made with the same places and
/// store nothing but what BlockStore has.
contract Blocks is BlockReveals, BlockEnds {
    address private immutable disputes;

    constructor(Places memory places, address disputes_) BlockStore(places) {
        disputes = disputes_;
    }

    /// An act of IBlockQuarrels or IBlockSeams.
    fallback() external {
        address code = disputes;
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, 0, calldatasize())
            let isDone := delegatecall(gas(), code, at, calldatasize(), 0, 0)
            returndatacopy(at, 0, returndatasize())
            if iszero(isDone) { revert(at, returndatasize()) }
            return(at, returndatasize())
        }
    }

    /// @inheritdoc IBlockCourse
    function settle(bytes32 channelId, uint64 blockNumber, BlockResult[] calldata standing) external {
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        if (found.state.endedAt != 0) revert AlreadyEnded(channelId, blockNumber, found.state.endedAt);
        if (found.stage != Stage.Final) revert NotFinal(channelId, blockNumber, found.stage);
        uint256 stands = standingOf(found);
        requireStanding(found, stored, stands, standing);
        uint256 live = liveBelow(channelId, found.terms, blockNumber);
        endBlock(found, stored);
        bytes32[] memory low = standing[0].amountWords;
        bytes32[] memory high;
        if (standing.length > 1) {
            high = standing[0].amountWords;
            for (uint256 i = 1; i < standing.length; i++) {
                AmountWords.widen(low, high, standing[i].amountWords);
            }
        }
        vault.pay(channelId, blockNumber, live, low, high);
        returnBonds(found, stored, stands);
    }

    /// @inheritdoc IBlockCourse
    function rawWords(bytes32 channelId, uint64 blockNumber) external view returns (uint256[] memory all) {
        uint256[224] storage stored = wordsOf(channelId, blockNumber);
        all = new uint256[](BlockWords.COUNT);
        for (uint256 i = 0; i < BlockWords.COUNT; i++) {
            all[i] = stored[i];
        }
    }

    /// @inheritdoc IBlockCourse
    function stageAt(bytes32 channelId, uint64 blockNumber, uint64 timestamp)
        external
        view
        returns (Stage)
    {
        (Found memory found,) = find(channelId, blockNumber, timestamp);
        return found.stage;
    }

    /// A bit for each result that is paid: the one that all agreed on, or each that did not fall.
    function standingOf(Found memory found) private pure returns (uint256) {
        if (found.quarrel.agreed != 0) return 1 << (found.quarrel.agreed - 1);
        uint256 count = BlockWords.resultCountOf(found.state, found.quarrel);
        return ((1 << count) - 1) & ~goneIn(found);
    }

    function requireStanding(
        Found memory found,
        uint256[224] storage stored,
        uint256 stands,
        BlockResult[] calldata given
    ) private {
        bytes32[] memory hashes = new bytes32[](given.length);
        uint256 used = 0;
        for (uint256 left = stands; left != 0; left &= left - 1) {
            used++;
        }
        if (used != given.length) revert ResultsMismatch(used, given.length);
        used = 0;
        for (uint256 i = 0; stands >> i != 0; i++) {
            if (!has(stands, i)) continue;
            bytes32 expected = hashOf(stored, i);
            bytes32 hash = BlockTypedData.outputHash(found.channelId, found.blockNumber, given[used]);
            if (hash != expected) revert OutputHashMismatch(expected, hash);
            hashes[used++] = hash;
        }
        emit BlockSettled(found.channelId, found.blockNumber, hashes);
    }
}
