// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockSettlement} from "./channel/BlockSettlement.sol";
import {ChannelOpening} from "./channel/ChannelOpening.sol";
import {ChannelStore} from "./channel/ChannelStore.sol";
import {ChannelViews} from "./channel/ChannelViews.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {IValidatorRegistry} from "./interfaces/IValidatorRegistry.sol";

/// Channels from opening to the last coin (IChannelRegistry). Nobody owns it, nothing in it can be changed.
/// The contracts in channel/ do the work: opening, parts and results, settlement, money; ChannelViews
/// answers questions.
contract ChannelRegistry is ChannelOpening, BlockSettlement {
    ChannelViews private immutable views;

    constructor(IParticipantRegistry participantRegistry_, IValidatorRegistry validatorRegistry_)
        ChannelStore(participantRegistry_, validatorRegistry_)
    {
        views = new ChannelViews(participantRegistry_, validatorRegistry_);
    }

    /// Every function of IChannelViews: answered by the code of ChannelViews, which writes nothing, on this
    /// storage.
    fallback() external {
        address target = address(views);
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let isAnswered := delegatecall(gas(), target, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if isAnswered { return(data, returndatasize()) }
            revert(data, returndatasize())
        }
    }

    /// Slashed bonds arrive here; any other wei would belong to nobody.
    receive() external payable {
        if (msg.sender != address(validators)) revert WeiNotExpected(msg.sender);
    }
}
