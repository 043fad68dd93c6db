// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlockCourse} from "../interfaces/IBlockCourse.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {Reason, WeiBook} from "../interfaces/IVault.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {PartLimits} from "../lib/PartLimits.sol";
import {LiveBlocks} from "../lib/LiveBlocks.sol";
import {BlockStore} from "./BlockStore.sol";
import {Found} from "./FoundBlock.sol";

/// What each participant posts of a block, and which blocks are not over.
abstract contract BlockParts is IBlockCourse, BlockStore {
    using LiveBlocks for LiveBlocks.Live;

    /// indexHash of a part without rows.
    bytes32 private constant NO_BYTES = sha256("");

    /// @inheritdoc IBlockCourse
    function postPart(
        bytes32 channelId,
        uint64 blockNumber,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    ) external {
        (Found memory found, uint256[224] storage stored) = find(channelId, blockNumber, block.timestamp);
        uint256 index = senderIndex(found);
        bytes27 digest = BlockWords.partDigest(partRoot, segmentCount, indexHash);
        if (has(found.state.posted, index)) {
            bytes27 posted = bytes27(bytes32(stored[BlockWords.PARTS + index]));
            if (posted == digest) return;
            revert PartAlreadyPosted(channelId, blockNumber, uint8(index), posted);
        }
        if (found.stage != Stage.Collation) wrongStage(found);
        uint256 segmentsMax = found.terms.participants.length * PartLimits.rowsMax(found.terms);
        if (segmentCount > segmentsMax) revert SegmentsTooMany(segmentCount, segmentsMax);
        if (segmentCount == 0 && (partRoot != 0 || indexHash != NO_BYTES)) {
            revert EmptyPartRefused(partRoot, indexHash);
        }
        if (found.state.posted == 0) liveOf[channelId].begin(blockNumber);
        stored[BlockWords.PARTS + index] = uint256(bytes32(digest)) | uint40(block.number);
        found.state.posted |= bit(index);
        found.state.lastPostedAt = uint40(block.timestamp);
        saveState(found, stored);
        emit PartPosted(channelId, blockNumber, uint8(index), partRoot, segmentCount, indexHash);
        address account = found.terms.participants[index];
        moveOne(found, locked(account, WeiBook.Free, Reason.PartBond, Bonds.PART));
    }

    /// @inheritdoc IBlockCourse
    function liveBefore(bytes32 channelId, uint64 blockNumber) external view returns (uint256) {
        (, ChannelTerms memory terms) = termsOf(channelId);
        (,, uint64 blocksEnd) = IChannels(channels).standing(channelId);
        return liveBelow(channelId, terms, blockNumber < blocksEnd ? blockNumber : blocksEnd);
    }

    /// Blocks below `until` that are neither settled nor void; `until` is at most blocksEnd.
    function liveBelow(bytes32 channelId, ChannelTerms memory terms, uint256 until)
        internal
        view
        returns (uint256)
    {
        LiveBlocks.Live storage live = liveOf[channelId];
        uint256 open = BlockClock.firstOpenAt(terms, block.timestamp);
        if (until <= open) return live.below(until);
        uint256 collated = BlockClock.collatedAt(terms, block.timestamp);
        uint256 over = live.overWithin(open, until < collated ? until : collated);
        return live.below(open) + (until - open) - over;
    }
}
