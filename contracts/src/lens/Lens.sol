// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../channels/TermsCode.sol";
import {BlockWords} from "../interfaces/BlockTypes.sol";
import {BlockResult} from "../interfaces/ChannelTypes.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IVault, LineFacts} from "../interfaces/IVault.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {Bonds} from "../lib/Bonds.sol";
import {BlockReading} from "./BlockReading.sol";
import {ChannelFacts, Deployed, ILens} from "./ILens.sol";

/// Puts together what several contracts hold. Nothing depends on it, so it holds no truth of its own.
contract Lens is ILens {
    IChannels private immutable channels;
    IVault private immutable vault;
    IBlocks private immutable blocks;
    address private immutable participantRegistry;
    address private immutable validatorRegistry;
    address private immutable reducerTable;
    address private immutable adjudicator;
    address private immutable questions;
    address private immutable panel;

    constructor(Deployed memory all) {
        channels = IChannels(all.channels);
        vault = IVault(all.vault);
        blocks = IBlocks(all.blocks);
        participantRegistry = all.participantRegistry;
        validatorRegistry = all.validatorRegistry;
        reducerTable = all.reducerTable;
        adjudicator = all.adjudicator;
        questions = all.questions;
        panel = all.panel;
    }

    /// @inheritdoc ILens
    function deployed() external view returns (Deployed memory) {
        return Deployed({
            channels: address(channels),
            vault: address(vault),
            blocks: address(blocks),
            participantRegistry: participantRegistry,
            validatorRegistry: validatorRegistry,
            reducerTable: reducerTable,
            adjudicator: adjudicator,
            questions: questions,
            panel: panel
        });
    }

    /// @inheritdoc ILens
    function channel(bytes32 channelId) external view returns (ChannelFacts memory facts) {
        (facts.openedAt, facts.closedAt, facts.blocksEnd) = channels.standing(channelId);
        if (facts.openedAt == 0) revert UnknownChannel(channelId);
        (facts.terms, facts.boxes) = TermsCode.whole(placeOf(channelId));
        facts.lines = new LineFacts[](facts.terms.participants.length - 1);
        for (uint8 i = 0; i < facts.lines.length; i++) {
            facts.lines[i] = vault.line(channelId, i + 1);
        }
    }

    /// @inheritdoc ILens
    function blockWords(bytes32 channelId, uint64 blockNumber) external view returns (BlockWords memory) {
        uint256 count = TermsCode.hot(placeOf(channelId)).participants.length;
        return BlockReading.read(blocks.rawWords(channelId, blockNumber), count);
    }

    /// @inheritdoc ILens
    function outputHashOf(bytes32 channelId, uint64 blockNumber, BlockResult calldata result)
        external
        pure
        returns (bytes32)
    {
        return BlockTypedData.outputHash(channelId, blockNumber, result);
    }

    /// @inheritdoc ILens
    function commitmentOf(bytes32 outputHash, address validator, bytes32 workDigest, bytes32 salt)
        external
        pure
        returns (bytes32)
    {
        return BlockTypedData.commitment(outputHash, validator, workDigest, salt);
    }

    /// @inheritdoc ILens
    function bonds() external pure returns (uint256[5] memory) {
        return [uint256(Bonds.PART), Bonds.SEAT, Bonds.SILENCE, Bonds.OWN_RESULT, Bonds.STAKE_MIN];
    }

    function placeOf(bytes32 channelId) private view returns (address) {
        return TermsCode.placeOf(address(channels), channelId);
    }
}
