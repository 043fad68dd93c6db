// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Forfeit, IBlockSeams} from "../../src/interfaces/IBlockSeams.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";

/// Blocks as disputes see it: a test says what stands in doubt, and looks up what disputes did. Counts what
/// is held, so that nothing is freed twice.
contract SeamsMock is IBlockSeams {
    error MockClosed();

    struct Part {
        bytes27 partDigest;
        address owner;
        uint96 bond;
        bool isStruck;
    }

    IParticipantRegistry private immutable participants;
    mapping(bytes32 channelId => address[]) private accounts;
    mapping(bytes32 channelId => mapping(uint64 blockNumber => bool)) public isOpen;
    mapping(bytes32 channelId => mapping(uint64 blockNumber => uint256)) public questionsHeld;
    mapping(bytes32 channelId => mapping(uint64 blockNumber => mapping(uint8 part => Part))) public partOf;
    /// A bit for each participant whose question about the part was upheld.
    mapping(bytes32 channelId => mapping(uint64 blockNumber => mapping(uint8 part => uint16))) public
        proversOf;

    constructor(IParticipantRegistry participants_) {
        participants = participants_;
    }

    // ── what a test says ──

    function openBlock(bytes32 channelId, uint64 blockNumber, address[] calldata accounts_) external {
        accounts[channelId] = accounts_;
        isOpen[channelId][blockNumber] = true;
    }

    function closeBlock(bytes32 channelId, uint64 blockNumber) external {
        isOpen[channelId][blockNumber] = false;
    }

    /// `bond`: what the owner has locked for it.
    function doubt(bytes32 channelId, uint64 blockNumber, uint8 part, bytes27 partDigest, uint96 bond)
        external
    {
        partOf[channelId][blockNumber][part] = Part(partDigest, accounts[channelId][part], bond, false);
    }

    // ── what disputes do ──

    /// @inheritdoc IBlockSeams
    function holdQuestion(bytes32 channelId, uint64 blockNumber, uint8 part, address sender)
        external
        returns (uint8 participant, address account, bytes27 partDigest)
    {
        if (partOf[channelId][blockNumber][part].isStruck) {
            revert PartNotInDoubt(channelId, blockNumber, part);
        }
        return holdProof(channelId, blockNumber, part, sender);
    }

    /// @inheritdoc IBlockSeams
    function holdProof(bytes32 channelId, uint64 blockNumber, uint8 part, address sender)
        public
        returns (uint8 participant, address account, bytes27 partDigest)
    {
        Part storage one = partOf[channelId][blockNumber][part];
        if (!isOpen[channelId][blockNumber] || one.partDigest == 0) {
            revert PartNotInDoubt(channelId, blockNumber, part);
        }
        address other = participants.operatorAccountOf(sender);
        address[] storage all = accounts[channelId];
        while (all[participant] != sender && all[participant] != other) participant++;
        questionsHeld[channelId][blockNumber]++;
        return (participant, all[participant], one.partDigest);
    }

    /// @inheritdoc IBlockSeams
    function freeQuestions(bytes32 channelId, uint64 blockNumber, uint8 count) external {
        if (isOpen[channelId][blockNumber]) questionsHeld[channelId][blockNumber] -= count;
    }

    /// @inheritdoc IBlockSeams
    function strikePart(bytes32 channelId, uint64 blockNumber, uint8 part, uint16 provers)
        external
        returns (bool isNew)
    {
        if (!isOpen[channelId][blockNumber]) revert MockClosed();
        isNew = !partOf[channelId][blockNumber][part].isStruck;
        partOf[channelId][blockNumber][part].isStruck = true;
        proversOf[channelId][blockNumber][part] |= provers;
    }

    /// @inheritdoc IBlockSeams
    function chargePart(bytes32 channelId, uint64 blockNumber, uint8 part, uint96 amount)
        external
        returns (address account, uint96 charged)
    {
        if (!isOpen[channelId][blockNumber]) revert MockClosed();
        Part storage one = partOf[channelId][blockNumber][part];
        charged = amount < one.bond ? amount : one.bond;
        one.bond -= charged;
        account = one.owner;
    }

    // ── of results, which questions do not touch ──

    /// @inheritdoc IBlockSeams
    function holdAccusation(bytes32, uint64, uint8, uint8, address)
        external
        pure
        returns (bytes32, address, bool)
    {
        revert MockClosed();
    }

    /// @inheritdoc IBlockSeams
    function freeAccusations(bytes32, uint64, uint8) external pure {
        revert MockClosed();
    }

    /// @inheritdoc IBlockSeams
    function fall(bytes32, uint64, uint8) external pure returns (Forfeit[] memory) {
        revert MockClosed();
    }

    /// @inheritdoc IBlockSeams
    function forfeitTakenBack(bytes32, uint64, uint8) external pure returns (Forfeit[] memory) {
        revert MockClosed();
    }
}
