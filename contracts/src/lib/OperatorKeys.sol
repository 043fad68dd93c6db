// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";

/// What an operator key does is done by its account, and what it earns is its account's.
library OperatorKeys {
    /// The account whose operator key this is; the sender itself if it is nobody's.
    function accountOf(IParticipantRegistry participants, address sender)
        internal
        view
        returns (address account)
    {
        account = participants.operatorAccountOf(sender);
        if (account == address(0)) account = sender;
    }
}
