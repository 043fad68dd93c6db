// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannelActs} from "./IChannelActs.sol";
import {IChannelViews} from "./IChannelViews.sol";

/// Channels from opening to the last coin: terms, deposits, parts, results, finality and settlement.
/// EIP-712 domain: name "Papyrus", version "1".
interface IChannelRegistry is IChannelActs, IChannelViews {}
