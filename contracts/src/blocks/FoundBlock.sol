// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {BlockState, Dispute, Quarrel} from "../lib/BlockWords.sol";

/// One block as an act finds it: read once, handed on as one word.
struct Found {
    bytes32 channelId;
    uint64 blockNumber;
    address place;
    ChannelTerms terms;
    BlockState state;
    Quarrel quarrel;
    Dispute dispute;
    Stage stage;
    /// It has become clear which parts count, and is not written yet.
    bool isNewlyDecided;
}
