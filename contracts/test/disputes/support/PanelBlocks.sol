// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockState, BlockWords, Seat} from "../../../src/lib/BlockWords.sol";
import {IParticipantRegistry} from "../../../src/registries/IParticipantRegistry.sol";
import {SeamsMock} from "../../support/SeamsMock.sol";

/// Blocks as the Panel sees it: a test says who holds the seats, too.
contract PanelBlocks is SeamsMock {
    mapping(
        bytes32 channelId => mapping(uint64 blockNumber => mapping(uint256 participant => address))
    ) private seats;

    constructor(IParticipantRegistry participants_) SeamsMock(participants_) {}

    function seat(bytes32 channelId, uint64 blockNumber, uint256 participant, address validator) external {
        seats[channelId][blockNumber][participant] = validator;
    }

    /// As Blocks gives them.
    function rawWords(bytes32 channelId, uint64 blockNumber) external view returns (uint256[] memory all) {
        all = new uint256[](BlockWords.COUNT);
        BlockState memory state;
        for (uint256 i = 0; i < 16; i++) {
            address validator = seats[channelId][blockNumber][i];
            // A validator that was displaced before the others committed, as a word that no mask names.
            all[BlockWords.SEATS + i] = BlockWords.packSeat(Seat(validator, 1, 0, false));
            if (validator != address(0)) state.seats |= uint16(1 << i);
        }
        all[BlockWords.STATE] = BlockWords.packState(state);
    }
}
